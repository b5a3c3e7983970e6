"""What a group sees of the member, and whether they get its digest."""

from datetime import timedelta
from typing import Any

from api.declaring.call import Call
from api.declaring.endpoints import endpoint
from api.schemas.groups import SharingBody, SharingSchema
from fitness.metrics import FIELDS
from models import Membership, Scope
from services.digest import digests
from services.group import sharing


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
        sharing.choose_shares(session, mine, body["fields_shared"], now)
    if "hidden" in body:
        sharing.choose_hidden(session, mine, now, on=body["hidden"])
    if "anonymous" in body:
        sharing.choose_anonymous(session, mine, now, on=body["anonymous"])
    if "muted_weeks" in body:
        digests.mute_digests(mine, now + timedelta(weeks=body["muted_weeks"]) if body["muted_weeks"] else None)
    session.flush()
    return _told(mine)


def _told(mine: Membership) -> dict[str, Any]:
    return {
        "fields_shared": [each for each in FIELDS if each in mine.shares],
        "hidden": mine.hidden,
        "anonymous": mine.anonymous,
        "muted_until": mine.muted_until,
    }
