"""How members correct their own list: leaving activities out, including them again, and logging one by hand."""

import secrets
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fitness.sports import Sport
from models import Activity, Member
from providers.recordings import CHAT, Recording
from services.ground import audit, undoable
from services.ground.refusals import EntryNotUsable, NoSuchActivity, NotByHand
from services.people import choices, webhook_messages
from services.training import records
from services.training.from_recordings import make_row, take_over

LISTED, MOST_BACK = 5, 50
# The activity type for each sport: what is logged by hand earns points as an activity of that type.
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


def list_newest(session: Session, member: Member, *, excluded: bool = False, most: int = LISTED) -> list[Activity]:
    """Return the member's newest activities: those that count, or with `excluded` those that the member left out."""
    query = (
        select(Activity)
        .where(Activity.member_id == member.id, Activity.deleted_at.is_(None), Activity.twin_of.is_(None))
        .where(Activity.excluded_at.is_not(None) if excluded else Activity.excluded_at.is_(None))
        .order_by(Activity.start_utc.desc(), Activity.id.desc())
        .limit(most)
    )
    return list(session.scalars(query))


def exclude(session: Session, member: Member, number: int, now: datetime) -> Activity:
    """Leave the n-th newest activity out of all figures, also of the member's own. Raises `NoSuchActivity`."""
    return _mark(session, member, number, now, excluded=True)


def include(session: Session, member: Member, number: int, now: datetime) -> Activity:
    """Let the n-th newest excluded activity count again. Raises `NoSuchActivity`."""
    return _mark(session, member, number, now, excluded=False)


def log(
    session: Session, member: Member, sport: Sport, seconds: float, metres: float | None, day: date, now: datetime
) -> Activity:
    """Store an activity that no device recorded. Each group chooses how much of its points count.
    Raises `EntryNotUsable`.
    """
    today = now.astimezone(ZoneInfo(member.timezone)).date()
    _require_possible(seconds, metres, today - day)
    start = _start_of(member, day, today, now)
    activity = make_row(
        Recording(
            source=CHAT,
            id=-secrets.randbits(48) - 1,
            type_key=TYPES.get(sport, "other"),
            start=start,
            offset=_offset_of(member, start),
            seconds=seconds,
            metres=metres,
            manual=True,
        ),
        member.id,
    )
    session.add(activity)
    records.refresh(session, member.id)
    undoable.remember(session, member, "log", now, activity, deleted_at=now)
    webhook_messages.note_activities(session, member.id, created=[activity])
    audit.note(session, "activity.logged", now, member_id=member.id, activity=activity.id)
    return activity


def include_private(session: Session, member: Member, now: datetime, *, on: bool) -> None:
    """Count activities that are private at Garmin, or leave them out."""
    choices.change_choices(session, member, "private", now, includes_private=on)
    records.refresh(session, member.id)


def count_private_left_out(session: Session, member: Member) -> int:
    """Return how many of the member's activities do not count because they are private at Garmin."""
    if member.includes_private:
        return 0
    mine = (Activity.member_id == member.id, Activity.deleted_at.is_(None), Activity.twin_of.is_(None))
    return session.scalar(select(func.count()).where(*mine, Activity.private)) or 0


def count_without_account(session: Session, member: Member) -> int:
    """Return how many stored activities of the member belong to no connected account."""
    mine = (Activity.member_id == member.id, Activity.account_id.is_(None))
    return session.scalar(select(func.count()).where(*mine)) or 0


def mark(session: Session, member: Member, activity: Activity, now: datetime, *, excluded: bool) -> bool:
    """Leave this activity of the member's out of all figures, or let it count again.
    Returns whether that is a change.
    """
    if (activity.excluded_at is not None) == excluded:
        return False
    kind = "exclude" if excluded else "include"
    undoable.remember(session, member, kind, now, activity, excluded_at=activity.excluded_at)
    activity.excluded_at = now if excluded else None
    records.refresh(session, member.id)
    webhook_messages.note_activities(session, member.id, corrected=[activity])
    audit.note(session, f"activity.{kind}d", now, member_id=member.id, activity=activity.id)
    return True


def edit(
    session: Session,
    member: Member,
    activity: Activity,
    now: datetime,
    *,
    sport: Sport,
    seconds: float,
    metres: float | None,
    day: date,
) -> None:
    """Change an activity that was logged by hand. Raises `NotByHand` for one that a device
    recorded, and `EntryNotUsable`.
    """
    _require_by_hand(activity)
    today = now.astimezone(ZoneInfo(member.timezone)).date()
    _require_possible(seconds, metres, timedelta(0) if day == activity.local_date else today - day)
    is_same_day, is_same_sport = day == activity.local_date, sport.value == activity.sport
    start = activity.start_utc if is_same_day else _start_of(member, day, today, now)
    changed = Recording(
        source=CHAT,
        id=activity.external_id,
        type_key=activity.type if is_same_sport else TYPES.get(sport, "other"),
        start=start,
        offset=timedelta(seconds=activity.utc_offset) if is_same_day else _offset_of(member, start),
        seconds=seconds,
        metres=metres,
        manual=True,
    )
    take_over(activity, make_row(changed, member.id))
    undoable.forget(session, member.id, "log")
    records.refresh(session, member.id)
    webhook_messages.note_activities(session, member.id, corrected=[activity])
    audit.note(session, "activity.edited", now, member_id=member.id, activity=activity.id)


def remove(session: Session, member: Member, activity: Activity, now: datetime) -> None:
    """Delete an activity that was logged by hand. Raises `NotByHand` for one that a device
    recorded: exclude that instead.
    """
    _require_by_hand(activity)
    undoable.forget(session, member.id, "log")
    activity.deleted_at = now
    records.refresh(session, member.id)
    webhook_messages.note_activities(session, member.id, deleted=[activity])
    audit.note(session, "activity.removed", now, member_id=member.id, activity=activity.id)


def _require_by_hand(activity: Activity) -> None:
    if activity.source != CHAT:
        raise NotByHand


def _start_of(member: Member, day: date, today: date, now: datetime) -> datetime:
    """Return when an activity logged by hand began: at noon where the member lives, or now if the day is today."""
    return now if day == today else datetime.combine(day, time(12), ZoneInfo(member.timezone)).astimezone(UTC)


def _offset_of(member: Member, start: datetime) -> timedelta | None:
    return start.astimezone(ZoneInfo(member.timezone)).utcoffset()


def _mark(session: Session, member: Member, number: int, now: datetime, *, excluded: bool) -> Activity:
    among = list_newest(session, member, excluded=not excluded, most=min(max(number, 1), MOST_BACK))
    if not 1 <= number <= len(among):
        raise NoSuchActivity(excluded=not excluded)
    activity = among[number - 1]
    mark(session, member, activity, now, excluded=excluded)
    return activity


def _require_possible(seconds: float, metres: float | None, ago: timedelta) -> None:
    if not 60 <= seconds <= LONGEST:
        raise EntryNotUsable(problem="time")
    if metres is not None and not 0 < metres <= FARTHEST:
        raise EntryNotUsable(problem="distance")
    if not timedelta(0) <= ago <= OLDEST:
        raise EntryNotUsable(problem="day")
