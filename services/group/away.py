"""Absences: a holiday, an injury, an illness. During an absence streaks do not end, and averages do not fall.

A week counts as away if one of its days does: a member who falls ill on Thursday is away for that week.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from fitness.periods import Dates
from messages.words import folded
from models import Absence, Member
from services.ground import audit
from services.ground.refusals import AwayNotUsable, NotAway
from services.group.privacy import VisibleMember

AFTERWARDS = timedelta(days=28)  # an absence may be entered so long after it began
AHEAD = timedelta(days=366)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class AwayShown:
    """A member who is away and lets the group see it. `until` is None if they do not know yet when they come back."""

    member: VisibleMember
    until: date | None


def list_days_away(session: Session, member_ids: Collection[int], dates: Dates) -> dict[int, list[Dates]]:
    """Return the days on which each of these members is away within `dates`. Members who are never away are left out.
    Use it for many weeks at once.
    """
    query = select(Absence).where(*_overlapping(member_ids, dates)).order_by(Absence.starts)
    found: dict[int, list[Dates]] = {}
    for each in session.scalars(query):
        ends = dates.end if each.ends is None else min(each.ends, dates.end)
        found.setdefault(each.member_id, []).append(Dates(max(each.starts, dates.start), ends))
    return found


def list_shown(session: Session, people: Mapping[int, VisibleMember], day: date) -> Sequence[AwayShown]:
    """Return who is away on this day and lets the group see it, ordered by name. `people` are the members whom the
    group may see.
    """
    query = select(Absence).where(*_overlapping(list(people), Dates(day, day)), Absence.shown)
    found = {each.member_id: AwayShown(people[each.member_id], each.ends) for each in session.scalars(query)}
    return sorted(found.values(), key=lambda each: (folded(each.member.name), each.member.id))


def find_current(session: Session, member: Member, today: date) -> Absence | None:
    """Return the member's present or next absence, or None."""
    query = (
        select(Absence)
        .where(Absence.member_id == member.id, or_(Absence.ends.is_(None), Absence.ends >= today))
        .order_by(Absence.starts)
        .limit(1)
    )
    return session.scalar(query)


def begin_absence(
    session: Session, member: Member, starts: date, ends: date | None, today: date, now: datetime
) -> Absence:
    """Store that the member is away in these days. If they are away already, this changes the end; past days stay.
    Raises `AwayNotUsable` if the days are too far away.
    """
    if not today - AFTERWARDS <= starts <= today + AHEAD or (ends and not today <= ends <= today + AHEAD):
        raise AwayNotUsable(earliest=today - AFTERWARDS, latest=today + AHEAD)
    absence = find_current(session, member, today) or Absence(member_id=member.id, starts=starts)
    has_begun = absence.id is not None and absence.starts <= today
    absence.starts = min(absence.starts, starts) if has_begun else starts
    absence.ends = ends
    session.add(absence)
    session.flush()
    audit.note(session, "member.away", now, member_id=member.id)
    return absence


def show_absence(session: Session, member: Member, today: date, *, wanted: bool) -> Absence:
    """Choose whether the groups may see that the member is away. Raises `NotAway`."""
    absence = find_current(session, member, today)
    if absence is None:
        raise NotAway
    absence.shown = wanted
    return absence


def end_absence(session: Session, member: Member, today: date, now: datetime) -> None:
    """End the member's absence, so that today counts again. Raises `NotAway`."""
    absence = find_current(session, member, today)
    if absence is None:
        raise NotAway
    if absence.starts >= today:
        session.delete(absence)
    else:
        absence.ends = today - DAY
    audit.note(session, "member.back", now, member_id=member.id)


def _overlapping(member_ids: Collection[int], dates: Dates) -> tuple[ColumnElement[bool], ...]:
    return (
        Absence.member_id.in_(member_ids),
        Absence.starts <= dates.end,
        or_(Absence.ends.is_(None), Absence.ends >= dates.start),
    )
