"""What the other members of a group may see. Boards, digests and pictures read members only through this module.

docs/decisions/0008-hidden-and-anonymous.md explains the rules.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.orm import Session

from fitness.metrics import FIELDS
from messages.render import Reader, words
from models import Group, Member, Membership
from services.delivery import waiting
from services.ground import audit

# With fewer nameless rows it would be too easy to find out whose each one is.
FEWEST_ANONYMOUS = 3


class VisibleMember(NamedTuple):
    """A member as the others see them. Rows without a name have an id below zero."""

    id: int
    name: str


class SharedWithGroup(NamedTuple):
    """A member whom the group may see, and the fields that it may see. Days before `seen_from` may not be shown with
    the member's name.
    """

    member: VisibleMember
    fields: frozenset[str]
    seen_from: date | None = None

    def may_be_named_on(self, day: date) -> bool:
        """Return whether their figures of this day may be shown with their name. They may not if
        they were in a nameless row.
        """
        return self.seen_from is None or self.seen_from <= day


def find_sharing(session: Session, group: Group, field: str, since: date | None = None) -> dict[int, VisibleMember]:
    """Return the members, by id, of whom the group may see this field together with their name.

    Members who have left, hide, are anonymous, or do not share the field are left out. If `since` is given as the first
    day of what is shown, members who were anonymous on or after that day are left out too. Everything that a group is
    told about its members (a row, a sum, a count, a mean) must be computed from these members only. Boards are the only
    exception: there, anonymous members may have rows without a name (`find_on_board`). Who needs several fields at
    once calls `find_shown`, which follows the same rules.
    """
    return {key: each.member for key, each in find_shown(session, group, [field], since).items()}


def find_shown(
    session: Session, group: Group, fields: Iterable[str] = (), since: date | None = None
) -> dict[int, SharedWithGroup]:
    """Return the members whom the group may see by name with all these fields, and what else it may see of them."""
    named, _ = _visible(session, group, fields)
    return _since(named, since)


def find_on_board(
    session: Session, group: Group, fields: Iterable[str], since: date
) -> tuple[dict[int, SharedWithGroup], dict[int, SharedWithGroup]]:
    """Return two dicts of members by id who may be on a board whose first day is `since`: those with their names, as in
    `find_shown`, and the anonymous ones.

    There are no anonymous ones if one of them could be told from the others: if they are too few, or if a member became
    anonymous or ended it since then.
    """
    named, anonymous = _visible(session, group, fields)
    return _since(named, since), _veiled(session, group, anonymous, since)


def list_named_weeks[Week: date](
    shown: Mapping[int, SharedWithGroup], weeks: Mapping[int, Mapping[Week, float]]
) -> dict[int, Mapping[Week, float]]:
    """Return these members' weeks, by their first days, without weeks in which they were in a nameless row."""
    return {
        key: {week: value for week, value in mine.items() if shown[key].may_be_named_on(week)}
        for key, mine in weeks.items()
    }


def make_nameless(number: int) -> VisibleMember:
    """Return a placeholder for the member of a nameless row. It is not in the database; its id is below zero."""
    return VisibleMember(-number, words("words/somebody", Reader()))


def share(session: Session, membership: Membership, field: str, now: datetime, *, on: bool) -> bool:
    """Choose whether the group may see a field of this member. Returns whether that changed anything."""
    (field,) = _known([field])
    before = list(membership.shares)
    membership.shares = [each for each in FIELDS if (on if each == field else each in before)]
    follow_change(session, membership, now, {"shares": before})
    _note(session, membership, "privacy.shared" if on else "privacy.unshared", now, field=field)
    return membership.shares != before


def hide(session: Session, membership: Membership, now: datetime, *, on: bool = True) -> bool:
    """Hide the member: they appear in nothing that the group sees, and count in no total. With `on=False`, show them
    again. Returns whether that changed anything.
    """
    before, membership.hidden = membership.hidden, on
    follow_change(session, membership, now, {"hidden": before})
    _note(session, membership, "privacy.hidden" if on else "privacy.unhidden", now)
    return before != on


def be_anonymous(session: Session, membership: Membership, now: datetime, *, on: bool) -> bool:
    """Show the member on boards without a name, from tomorrow; with `on=False`, with the name again. Returns whether
    that changed anything.
    """
    before, membership.anonymous = membership.anonymous, on
    if before != on:
        follow_change(session, membership, now, {"anonymous": before})
    _note(session, membership, "privacy.anonymous" if on else "privacy.named", now)
    return before != on


def are_enough(session: Session, group: Group) -> bool:
    """Return whether there are enough anonymous members for nameless rows."""
    query = select(func.count()).where(Membership.anonymous, *_belonging(group))
    return (session.scalar(query) or 0) >= FEWEST_ANONYMOUS


def follow_change(session: Session, membership: Membership, now: datetime, before: Mapping[str, object]) -> None:
    """Handle a change of what the group may see of this member; `before` holds the old values.

    If an anonymous member is concerned, nameless rows start again tomorrow: otherwise two boards of the same days, one
    from before and one from after, would show which row has gone or come. Digests that were not sent are made again.
    """
    waiting.have_digests_made_anew(session, membership.group_id)
    if membership.anonymous or before.get("anonymous"):
        today = now.astimezone(ZoneInfo(membership.group.timezone)).date()
        membership.seen_from = max(membership.seen_from or today, today + timedelta(days=1))
        session.flush()


def _visible(
    session: Session, group: Group, fields: Iterable[str]
) -> tuple[list[SharedWithGroup], list[SharedWithGroup]]:
    """Return who shares these fields with their name, and who without it. It reads columns and not objects, because
    there may be a thousand members.
    """
    wanted = frozenset(_known(fields))
    columns = (Member.id, Member.name, cast(Membership.shares, Text), Membership.seen_from, Membership.anonymous)
    query = select(*columns).join(Membership, Membership.member_id == Member.id).where(*_belonging(group))
    found: tuple[list[SharedWithGroup], list[SharedWithGroup]] = [], []
    for key, name, stored, seen_from, anonymous in session.execute(query):
        shares = _fields(stored)
        if shares >= wanted:
            found[anonymous].append(SharedWithGroup(VisibleMember(key, name), shares, seen_from))
    return found


def _since(found: Iterable[SharedWithGroup], since: date | None) -> dict[int, SharedWithGroup]:
    return {each.member.id: each for each in found if since is None or each.may_be_named_on(since)}


def _veiled(
    session: Session, group: Group, found: Sequence[SharedWithGroup], since: date
) -> dict[int, SharedWithGroup]:
    if len(found) < FEWEST_ANONYMOUS:
        return {}
    last = session.scalar(select(func.max(Membership.seen_from)).where(Membership.group_id == group.id))
    return {} if last is not None and last > since else {each.member.id: each for each in found}


@lru_cache(maxsize=512)
def _fields(shares: str) -> frozenset[str]:
    """Return the fields in this JSON list. The result is cached, because most members share the same fields."""
    return frozenset(json.loads(shares))


def _belonging(group: Group) -> tuple[ColumnElement[bool], ...]:
    return Membership.group_id == group.id, Membership.left_at.is_(None), ~Membership.hidden


def _known(fields: Iterable[str]) -> list[str]:
    wanted = [str(field) for field in fields]
    if unknown := set(wanted).difference(FIELDS):
        raise ValueError(f"no such field: {', '.join(sorted(unknown))}")
    return wanted


def _note(session: Session, membership: Membership, action: str, now: datetime, **detail: str) -> None:
    audit.note(session, action, now, member_id=membership.member_id, group_id=membership.group_id, **detail)
