"""What the others in a group may see. Boards, digests and pictures read people only through here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Group, Member, Membership
from services import audit

# In the order in which they are told. The name is shared by whoever is not hidden.
FIELDS = ("sports", "time", "distance", "count", "points", "elevation", "steps", "calories", "titles")
SHARED_AT_FIRST = ("sports", "time", "distance", "count", "points")


@dataclass(frozen=True)
class Shown:
    """A member whom the group may see, and what of them."""

    member: Member
    fields: frozenset[str]


def sharing(session: Session, group: Group, field: str) -> dict[int, Member]:
    """The members, by id, of whom the group may see this field, with their name.

    Not who has left, hides, or does not share it. Whatever is said in a group about people, be it a row, a sum, a
    count or a mean, is made of these and of nobody else: then nobody else can be worked out from it.
    """
    return {key: each.member for key, each in shown(session, group, [field]).items()}


def shown(session: Session, group: Group, fields: Iterable[str] = ()) -> dict[int, Shown]:
    """The members of whom the group may see all these fields, and what else it may see of them. One query."""
    wanted = _known(fields)
    query = (
        select(Member, Membership.shares)
        .join(Membership, Membership.member_id == Member.id)
        .where(Membership.group_id == group.id, Membership.left_at.is_(None), ~Membership.hidden)
    )
    people = (Shown(member, frozenset(shares)) for member, shares in session.execute(query))
    return {each.member.id: each for each in people if each.fields.issuperset(wanted)}


def share(session: Session, membership: Membership, field: str, now: datetime, *, on: bool) -> bool:
    """Let the group see a field of this member, or no longer. Tells whether that changed anything."""
    (field,) = _known([field])
    before = list(membership.shares)
    membership.shares = [each for each in FIELDS if (on if each == field else each in before)]
    _note(session, membership, "privacy.shared" if on else "privacy.unshared", now, field=field)
    return membership.shares != before


def hide(session: Session, membership: Membership, now: datetime) -> bool:
    """Appear in nothing that the group is told, and count in none of its totals. Tells whether that is new."""
    changed, membership.hidden = not membership.hidden, True
    _note(session, membership, "privacy.hidden", now)
    return changed


def unhide(session: Session, membership: Membership, now: datetime) -> bool:
    """Appear again. Tells whether that is new."""
    changed, membership.hidden = membership.hidden, False
    _note(session, membership, "privacy.shown", now)
    return changed


def _known(fields: Iterable[str]) -> list[str]:
    wanted = [str(field) for field in fields]
    if unknown := set(wanted).difference(FIELDS):
        raise ValueError(f"no such field: {', '.join(sorted(unknown))}")
    return wanted


def _note(session: Session, membership: Membership, action: str, now: datetime, **detail: str) -> None:
    audit.note(session, action, now, member_id=membership.member_id, group_id=membership.group_id, **detail)
