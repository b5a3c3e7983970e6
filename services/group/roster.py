"""Finding a person of a group by what somebody typed."""

import re
from collections.abc import Sequence
from typing import Protocol

from rapidfuzz import fuzz
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from messages.words import clean_name, folded
from models import Group, Member, Membership, Role
from services.ground.refusals import NoSuchPerson, TwoPeopleMatch
from services.people.naming import unnumbered

LIKE_ENOUGH = 85
LONGEST_NAME = 5


class Listed(Protocol):
    """Somebody in a list: a member of a group, or who waits to be one."""

    @property
    def id(self) -> int:
        """By which "#17" means them."""

    @property
    def member(self) -> Member:
        """Who it is."""


def members(session: Session, group: Group) -> list[Membership]:
    """Who belongs to the group: owner first, then as they joined."""
    query = (
        select(Membership)
        .where(Membership.group_id == group.id, Membership.left_at.is_(None))
        .order_by(Membership.role != Role.OWNER, Membership.joined_at, Membership.id)
    )
    return list(session.scalars(query))


def hold(session: Session, *memberships: Membership) -> None:
    """Let nobody else change who belongs to this group until the end of the turn; read these places again.

    Two people who act on each other at the same moment (she leaves while he hands the group to her) take turns.
    """
    session.flush()
    session.execute(select(Group.id).where(Group.id == memberships[0].group_id).with_for_update(key_share=True))
    for each in memberships:
        session.refresh(each, ["role", "left_at"])


def organisers(group: Group) -> Select[int]:
    """The query for the ids of the members who run the group."""
    runs_it = (Membership.group_id == group.id, Membership.left_at.is_(None), Membership.role != Role.MEMBER)
    return select(Membership.member_id).where(*runs_it)


def find_member(session: Session, group: Group, text: str) -> Membership:
    """Whom the text means in the group: "#17" (a membership's id), a name, its unique beginning, or a slip of it.

    Raises `NoSuchPerson` or `TwoPeopleMatch`.
    """
    return found_among(members(session, group), text)


def found_among[Someone: Listed](people: Sequence[Someone], text: str) -> Someone:
    """Whom the text means among these."""
    wanted = _comparable(text)
    found = _fitting(people, wanted)
    if not found:
        raise NoSuchPerson(wanted=clean_name(text), others=[each.member.name for each in people])
    if len(found) > 1:
        raise TwoPeopleMatch(wanted=clean_name(text), people=found)
    return found[0]


def first_among[Someone: Listed](people: Sequence[Someone], text: str) -> tuple[Someone, str]:
    """Whom a text begins with, the longest name first, and what follows the name: "Ben, great run!".

    Raises as `found_among` does, about the first word.
    """
    words = text.split()
    for length in range(min(len(words), LONGEST_NAME), 0, -1):
        found = _fitting(people, _comparable(" ".join(words[:length])))
        if len(found) == 1:
            return found[0], " ".join(words[length:])
    return found_among(people, words[0] if words else ""), ""


def sign(text: str) -> int | None:
    """The number in "#17": how buttons speak of somebody, whatever their name is by the time they are tapped."""
    found = re.fullmatch(r"#([0-9]{1,15})", text.strip())
    return int(found[1]) if found else None


def is_exactly(membership: Membership, text: str) -> bool:
    """Whether the text is this person's sign or whole name: what destroys something wants no less."""
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
    return [each for each in people if each.id == sign(wanted)]


def _named[Someone: Listed](people: Sequence[Someone], wanted: str) -> list[Someone]:
    """By the whole name. Where several share it but for the number behind it, each of them may be meant."""
    return [
        each for each in people if wanted in {_comparable(each.member.name), _comparable(unnumbered(each.member.name))}
    ]


def _begun[Someone: Listed](people: Sequence[Someone], wanted: str) -> list[Someone]:
    return [each for each in people if wanted and _comparable(each.member.name).startswith(wanted)]


def _by_another_name[Someone: Listed](people: Sequence[Someone], wanted: str) -> list[Someone]:
    """By a whole word of the name: a surname, a nickname."""
    return [each for each in people if wanted in _comparable(each.member.name).split()]


def _nearly[Someone: Listed](people: Sequence[Someone], wanted: str) -> list[Someone]:
    """A slip of the finger, in the whole name or in the first one."""
    likeness = {each.id: _likeness(wanted, _comparable(each.member.name)) for each in people}
    best = max(likeness.values(), default=0.0)
    return [each for each in people if best >= LIKE_ENOUGH and likeness[each.id] == best]


def _likeness(wanted: str, name: str) -> float:
    first = name.split(" ", 1)[0]
    return max(fuzz.ratio(wanted, name), fuzz.ratio(wanted, first)) if wanted else 0.0
