"""What a group sees of the member, and whether they get its digest."""

from datetime import timedelta
from typing import Any

from api.declaring.call import Call
from api.declaring.endpoints import endpoint
from api.schemas.groups import SharingBody, SharingSchema
from fitness.metrics import FIELDS
from models import Membership, Scope
from services.digest import digests
from services.ground import undoable
from services.group import privacy


@endpoint("GET", "/groups/<id:group_id>/sharing", scope=Scope.PROFILE_READ, gives=SharingSchema)
def get_sharing(call: Call, group_id: int) -> Any:
    """Return what this group sees of you, field by field."""
    return _told(call.place(group_id))


@endpoint(
    "PATCH",
    "/groups/<id:group_id>/sharing",
    scope=Scope.PROFILE_WRITE,
    body=SharingBody,
    gives=SharingSchema,
    guarded_by=get_sharing,
)
def change_sharing(call: Call, body: dict[str, Any], group_id: int) -> Any:
    """Change what this group sees of you, from now on."""
    session, now, mine = call.session, call.now, call.place(group_id)
    if "fields_shared" in body:
        _share(call, mine, body["fields_shared"])
    if "hidden" in body and body["hidden"] != mine.hidden:
        kind = "hide" if body["hidden"] else "unhide"
        undoable.remember(session, call.member, kind, now, mine, hidden=mine.hidden)
        privacy.hide(session, mine, now, on=body["hidden"])
    if "anonymous" in body and body["anonymous"] != mine.anonymous:
        undoable.remember(session, call.member, "anonymous", now, mine, anonymous=mine.anonymous)
        privacy.be_anonymous(session, mine, now, on=body["anonymous"])
    if "muted_weeks" in body:
        digests.mute_digests(mine, now + timedelta(weeks=body["muted_weeks"]) if body["muted_weeks"] else None)
    session.flush()
    return _told(mine)


def _share(call: Call, mine: Membership, wanted: list[str]) -> None:
    undoable.remember(call.session, call.member, "share", call.now, mine, shares=list(mine.shares))
    for field in FIELDS:
        if (field in wanted) != (field in mine.shares):
            privacy.share(call.session, mine, field, call.now, on=field in wanted)


def _told(mine: Membership) -> dict[str, Any]:
    return {
        "fields_shared": [each for each in FIELDS if each in mine.shares],
        "hidden": mine.hidden,
        "anonymous": mine.anonymous,
        "muted_until": mine.muted_until,
    }
