"""Sends a group's digest at once, because somebody who runs the group wants that."""

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from fitness.dates import Dates
from fitness.schedules import find_due_period, find_next_due, read_cron
from models import DigestRun, Group, Membership, RunStatus
from services.digest import digests
from services.ground import audit
from services.ground.bells import Bell, ring, ring_at
from services.ground.refusals import DigestSentAlready
from services.group import groups


def find_days_so_far(group: Group, now: datetime) -> Dates:
    """Return the days that a digest sent now is about: those of the next digest, up to today."""
    dates, today = digests.find_coming_days(group, now), now.astimezone(ZoneInfo(group.timezone)).date()
    return Dates(dates.start, min(dates.end, today))


def send_digest_now(session: Session, place: Membership, now: datetime) -> DigestRun:
    """Have the digest of the days so far made and sent to everybody in the group who gets digests. Returns its run.

    The next digest still comes at its time, unless it would be about exactly the same days: these are sent once.
    Raises `OnlyAdmins`, and `DigestSentAlready` if there is a digest of these days: so at most one is sent a day.
    """
    groups.require_admin(session, place, "digest to all")
    group = session.get_one(Group, place.group_id, with_for_update=True)
    dates = find_days_so_far(group, now)
    row = {"group_id": group.id, "period_start": dates.start, "period_end": dates.end, "due_at": now}
    row["status"] = RunStatus.PENDING
    made: DigestRun | None = session.scalar(insert(DigestRun).values(row).on_conflict_do_nothing().returning(DigestRun))
    if made is None:
        raise DigestSentAlready(group=group, dates=dates)
    _leave_out_same(session, group, dates, now)
    audit.note(session, "group.digest_sent", now, member_id=place.member_id, group_id=group.id)
    ring(session, Bell.DIGESTS)
    return made


def _leave_out_same(session: Session, group: Group, dates: Dates, now: datetime) -> None:
    """Set the date of the next digest after the one that would be about the same days."""
    if group.digest_schedule is None or group.next_digest_at is None:
        return
    schedule, due = read_cron(group.digest_schedule), group.next_digest_at
    if find_due_period(schedule, group.timezone, due) == dates:
        group.next_digest_at = find_next_due(schedule, group.timezone, max(due, now))
        ring_at(session, group.id, group.next_digest_at)
