"""Being away: streaks stand still, and averages do not fall."""

from typing import Any

from api.declaring.call import Call
from api.declaring.endpoints import endpoint
from api.declaring.problems import refuse
from api.schemas.away import AbsenceBody, AbsenceSchema
from models import Absence, Scope
from services.group import away


@endpoint("GET", "/me/absence", scope=Scope.PROFILE_READ, gives=AbsenceSchema)
def get_absence(call: Call) -> Any:
    """Return your present or next absence."""
    return _told(away.find_current(call.session, call.member, call.today()) or refuse("not-found"))


@endpoint(
    "PUT", "/me/absence", scope=Scope.PROFILE_WRITE, body=AbsenceBody, gives=AbsenceSchema, guarded_by=get_absence
)
def begin_absence(call: Call, body: dict[str, Any]) -> Any:
    """Be away from one day to another, or until further notice. If you are away already, this changes the end."""
    today = call.today()
    since, until = body["since"] or today, body["until"]
    if until is not None and until < since:
        refuse("not-valid", errors=[{"pointer": "json:/until", "detail": "It is before `since`."}])
    away.begin_absence(call.session, call.member, since, until, today, call.now)
    return _told(away.show_absence(call.session, call.member, today, wanted=body["shown"]))


@endpoint("DELETE", "/me/absence", scope=Scope.PROFILE_WRITE, status=204, guarded_by=get_absence)
def end_absence(call: Call) -> None:
    """Say that you are back, so that today counts again."""
    away.end_absence(call.session, call.member, call.today(), call.now)


def _told(absence: Absence) -> dict[str, Any]:
    return {"since": absence.starts, "until": absence.ends, "shown": absence.shown}
