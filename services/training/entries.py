"""What members put right in their own list: leaving activities out, taking them in again, logging one by hand."""

import secrets
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fitness.sports import Sport
from models import Activity, Member
from providers.recordings import CHAT, Recording
from services.ground import audit, undoable
from services.ground.refusals import EntryNotUsable, NoSuchActivity
from services.people import choices
from services.training import records
from services.training.rows import row_of

LISTED, MOST_BACK = 5, 50
# The type of each sport as one names it: what was logged earns points as a session of that type.
TYPES = {
    Sport.RUN: "running",
    Sport.RIDE: "cycling",
    Sport.SWIM: "lap_swimming",
    Sport.WALK: "walking",
    Sport.HIKE: "hiking",
    Sport.STRENGTH: "strength_training",
    Sport.YOGA: "yoga",
    Sport.ROW: "rowing",
    Sport.PADDLE: "kayaking",
    Sport.SKI: "resort_skiing",
    Sport.RACKET: "tennis",
    Sport.TEAM: "soccer",
    Sport.CARDIO: "indoor_cardio",
    Sport.MULTI: "multi_sport",
}
LONGEST = 24 * 3600.0  # seconds
FARTHEST = 1_000_000.0  # metres
OLDEST = timedelta(days=30)


def newest(session: Session, member: Member, *, excluded: bool = False, most: int = LISTED) -> list[Activity]:
    """The member's newest activities, those that count or those that they left out."""
    query = (
        select(Activity)
        .where(Activity.member_id == member.id, Activity.deleted_at.is_(None), Activity.twin_of.is_(None))
        .where(Activity.excluded_at.is_not(None) if excluded else Activity.excluded_at.is_(None))
        .order_by(Activity.start_utc.desc(), Activity.id.desc())
        .limit(most)
    )
    return list(session.scalars(query))


def exclude(session: Session, member: Member, number: int, now: datetime) -> Activity:
    """Leave the n-th newest activity out of everything, also of the member's own sums. Raises `NoSuchActivity`."""
    return _mark(session, member, number, now, excluded=True)


def include(session: Session, member: Member, number: int, now: datetime) -> Activity:
    """Let the n-th newest of those that were left out count again. Raises `NoSuchActivity`."""
    return _mark(session, member, number, now, excluded=False)


def log(
    session: Session, member: Member, sport: Sport, seconds: float, metres: float | None, day: date, now: datetime
) -> Activity:
    """Keep a session that no watch has seen. Groups count it in part, as they have chosen. Raises `EntryNotUsable`."""
    today = now.astimezone(ZoneInfo(member.timezone)).date()
    _require_possible(seconds, metres, today - day)
    zone = ZoneInfo(member.timezone)
    start = now if day == today else datetime.combine(day, time(12), zone).astimezone(UTC)
    recording = Recording(
        source=CHAT,
        id=-secrets.randbits(48) - 1,
        type_key=TYPES.get(sport, "other"),
        start=start,
        offset=start.astimezone(zone).utcoffset(),
        seconds=seconds,
        metres=metres,
        manual=True,
    )
    activity = row_of(recording, member.id)
    session.add(activity)
    records.refresh(session, member.id)
    undoable.remember(session, member, "log", now, activity, deleted_at=now)
    audit.note(session, "activity.logged", now, member_id=member.id, activity=activity.id)
    return activity


def include_private(session: Session, member: Member, now: datetime, *, on: bool) -> None:
    """Count activities that are private at Garmin, or leave them out."""
    choices.change(session, member, "private", now, includes_private=on)
    records.refresh(session, member.id)


def private_left_out(session: Session, member: Member) -> int:
    """How many of the member's activities do not count because they are private at Garmin."""
    if member.includes_private:
        return 0
    mine = (Activity.member_id == member.id, Activity.deleted_at.is_(None), Activity.twin_of.is_(None))
    return session.scalar(select(func.count()).where(*mine, Activity.private)) or 0


def count_without_account(session: Session, member: Member) -> int:
    """How many activities we keep of the member that belong to no connected account."""
    mine = (Activity.member_id == member.id, Activity.account_id.is_(None))
    return session.scalar(select(func.count()).where(*mine)) or 0


def _mark(session: Session, member: Member, number: int, now: datetime, *, excluded: bool) -> Activity:
    among = newest(session, member, excluded=not excluded, most=min(max(number, 1), MOST_BACK))
    if not 1 <= number <= len(among):
        raise NoSuchActivity(excluded=not excluded)
    activity = among[number - 1]
    kind = "exclude" if excluded else "include"
    undoable.remember(session, member, kind, now, activity, excluded_at=activity.excluded_at)
    activity.excluded_at = now if excluded else None
    records.refresh(session, member.id)
    audit.note(session, f"activity.{kind}d", now, member_id=member.id, activity=activity.id)
    return activity


def _require_possible(seconds: float, metres: float | None, ago: timedelta) -> None:
    if not 60 <= seconds <= LONGEST:
        raise EntryNotUsable(problem="time")
    if metres is not None and not 0 < metres <= FARTHEST:
        raise EntryNotUsable(problem="distance")
    if not timedelta(0) <= ago <= OLDEST:
        raise EntryNotUsable(problem="day")
