"""Finds members of a group by a text that somebody typed."""

import re
from collections.abc import Sequence
from typing import Protocol

from rapidfuzz import fuzz
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from messages.words import clean_name, folded
from models import Group, Member, Membership, Role
from services.ground.refusals import NoSuchPerson, TwoPeopleMatch
from services.people.naming import drop_number

LIKE_ENOUGH = 85
LONGEST_NAME = 5


class Listed(Protocol):
    """A person in a list: a member of a group, or a person who waits to join."""

    @property
    def id(self) -> int:
        """The number by which "#17" means them."""

    @property
    def member(self) -> Member:
        """The member."""


def list_members(session: Session, group: Group) -> list[Membership]:
    """Return the members of the group: the owner first, then in the order in which they joined."""
    query = (
        select(Membership)
        .where(Membership.group_id == group.id, Membership.left_at.is_(None))
        .order_by(Membership.role != Role.OWNER, Membership.joined_at, Membership.id)
    )
    return list(session.scalars(query))


def list_first_members(session: Session, group: Group, most: int) -> list[Membership]:
    """Return so many members of the group: those who run it first, then in the order in which they joined.

    One query, which reads their names too.
    """
    query = (
        select(Membership)
        .where(Membership.group_id == group.id, Membership.left_at.is_(None))
        .order_by(Membership.role != Role.OWNER, Membership.role != Role.ADMIN, Membership.joined_at, Membership.id)
        .options(joinedload(Membership.member))
    )
    return list(session.scalars(query.limit(most)))


def hold(session: Session, *memberships: Membership) -> None:
    """Lock the group until the end of the transaction, so that nobody else changes its memberships, and read these
    memberships again.

    Two people who act on each other at the same time (one leaves while the other makes them the owner) thus take turns.
    """
    session.flush()
    session.execute(select(Group.id).where(Group.id == memberships[0].group_id).with_for_update(key_share=True))
    for each in memberships:
        session.refresh(each, ["role", "left_at"])


def select_organisers(group: Group) -> Select[int]:
    """Return a query for the ids of the members who run the group."""
    runs_it = (Membership.group_id == group.id, Membership.left_at.is_(None), Membership.role != Role.MEMBER)
    return select(Membership.member_id).where(*runs_it)


def find_member(session: Session, group: Group, text: str) -> Membership:
    """Find a member of the group by a text: "#17" (a membership's id), a name, its unique beginning, or a name
    with a typo.

    Raises `NoSuchPerson` or `TwoPeopleMatch`.
    """
    return find_among(list_members(session, group), text)


def find_among[Someone: Listed](people: Sequence[Someone], text: str) -> Someone:
    """Find one of these people by a text. Raises `NoSuchPerson` or `TwoPeopleMatch`."""
    wanted = _comparable(text)
    found = _fitting(people, wanted)
    if not found:
        raise NoSuchPerson(wanted=clean_name(text), others=[each.member.name for each in people])
    if len(found) > 1:
        raise TwoPeopleMatch(wanted=clean_name(text), people=found)
    return found[0]


def find_first_among[Someone: Listed](people: Sequence[Someone], text: str) -> tuple[Someone, str]:
    """Find the person with whose name a text begins, the longest name first. Returns the person and the rest of the
    text: "Ben, great run!".

    Raises like `find_among`, about the first word.
    """
    words = text.split()
    for length in range(min(len(words), LONGEST_NAME), 0, -1):
        found = _fitting(people, _comparable(" ".join(words[:length])))
        if len(found) == 1:
            return found[0], " ".join(words[length:])
    return find_among(people, words[0] if words else ""), ""


def read_sign(text: str) -> int | None:
    """Return the number in "#17", or None. Buttons use it for people, because a name may change before a tap."""
    found = re.fullmatch(r"#([0-9]{1,15})", text.strip())
    return int(found[1]) if found else None


def is_exactly(membership: Membership, text: str) -> bool:
    """Return whether the text is this person's number or whole name. Acts that cannot be undone require this."""
    return _comparable(text) in {f"#{membership.id}", _comparable(membership.member.name)}


def _fitting[Someone: Listed](people: Sequence[Someone], wanted: str) -> list[Someone]:
    return (
        _signed(people, wanted)
        or _named(people, wanted)
        or _begun(people, wanted)
        or _by_another_name(people, wanted)
        or _nearly(people, wanted)
    )


def _comparable(text: str) -> str:
    return " ".join(folded(text).split()).removeprefix("@").strip("?!.,:;")


def _signed[Someone: Listed](people: Sequence[Someone], wanted: str) -> list[Someone]:
    return [each for each in people if each.id == read_sign(wanted)]


def _named[Someone: Listed](people: Sequence[Someone], wanted: str) -> list[Someone]:
    """Return the people with this whole name. A number behind the name, as in "Ben (2)", may be left out."""
    return [
        each for each in people if wanted in {_comparable(each.member.name), _comparable(drop_number(each.member.name))}
    ]


def _begun[Someone: Listed](people: Sequence[Someone], wanted: str) -> list[Someone]:
    return [each for each in people if wanted and _comparable(each.member.name).startswith(wanted)]


def _by_another_name[Someone: Listed](people: Sequence[Someone], wanted: str) -> list[Someone]:
    """Return the people of whose name this is a whole word: a surname, a nickname."""
    return [each for each in people if wanted in _comparable(each.member.name).split()]


def _nearly[Someone: Listed](people: Sequence[Someone], wanted: str) -> list[Someone]:
    """Return the people whose whole name or first name is nearly this one."""
    likeness = {each.id: _likeness(wanted, _comparable(each.member.name)) for each in people}
    best = max(likeness.values(), default=0.0)
    return [each for each in people if best >= LIKE_ENOUGH and likeness[each.id] == best]


def _likeness(wanted: str, name: str) -> float:
    first = name.split(" ", 1)[0]
    return max(fuzz.ratio(wanted, name), fuzz.ratio(wanted, first)) if wanted else 0.0
