"""What a person may be called: wherever the name comes from, and so that nobody in their groups is taken for them.

docs/decisions/0020-names-that-deceive.md tells why it is as it is.
"""

import re
from collections.abc import Sequence
from itertools import count

from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import Session

from messages.lookalikes import looks
from messages.officialese import speaks_officially, telling
from messages.render import Reader, words
from messages.words import MOST, clean_name, cut
from models import Group, JoinRequest, Member, Membership
from services.ground.refusals import NameLikeAnother, NameNotUsable, SoundsOfficial

NOBODYS = "friend"  # who has no name that may be shown
NUMBERED = re.compile(r"\s*\(\d{1,4}\)$")
ROOM_FOR_NUMBER = 7


def from_profile(text: str) -> str:
    """The name on somebody's WhatsApp profile, as the others may see it; "friend" where they may not."""
    name = clean_name(text)
    return NOBODYS if not name or is_nameless(name) or speaks_officially(name) else name


def chosen(session: Session, member: Member, text: str, most: int) -> str:
    """The name that a member wants, made safe. Raises `NameNotUsable`, `SoundsOfficial` or `NameLikeAnother`."""
    name = clean_name(text, most)
    if not name or is_nameless(name):
        raise NameNotUsable
    if speaks_officially(name):
        found, rest = telling(name)
        raise SoundsOfficial(found=found, rest=rest, again="name")
    for group_id in everywhere(session, member):
        _hold(session, group_id)
        if _is_taken(name, _others(session, [group_id], member)):
            raise NameLikeAnother(name=name, group=session.get(Group, group_id))
    return name


def is_unnamed(member: Member) -> bool:
    """Whether the member has no name yet that may be shown: the profile has none, or one that deceives."""
    return unnumbered(member.name) == NOBODYS


def is_nameless(name: str) -> bool:
    """Whether a name would be taken for a nameless row of a board."""
    somebody = tuple(looks(words("words/somebody", Reader())))
    return any(look.startswith(somebody) for look in looks(name))


def unnumbered(name: str) -> str:
    """A name without the number that tells it apart: "Ben (2)" is a Ben."""
    return NUMBERED.sub("", name)


def shortened(name: str, most: int) -> str:
    """A name in so many units at most, as on a button. The number that tells it apart stays."""
    number = found[0] if (found := NUMBERED.search(name)) else ""
    return cut(unnumbered(name), most - len(number)) + number


def tell_apart(session: Session, member: Member, group_id: int, earlier_than: Membership | None = None) -> bool:
    """Put a number behind the name of whoever comes into a group where somebody has it, or one that looks like it.

    Tells whether that was needed. They are called so in all their groups, until they choose another name. With
    `earlier_than`, the member's own place, only those count who joined the group before.
    """
    _hold(session, group_id)
    if not _is_taken(member.name, _others(session, [group_id], member, earlier_than)):
        return False
    # A number that is free here may be somebody's in another group.
    others = _others(session, [group_id, *everywhere(session, member)], member)
    base = from_profile(cut(unnumbered(member.name), MOST - ROOM_FOR_NUMBER))  # what is cut may become an address
    numbered = (f"{base} ({number})" for number in count(2))
    member.name = next(name for name in numbered if not _is_taken(name, others))
    return True


def tell_apart_everywhere(session: Session, member: Member) -> None:
    """As `tell_apart`, in each group that the member belongs to or waits for: after a name or a place came back."""
    for group_id in everywhere(session, member):
        tell_apart(session, member, group_id)


def everywhere(session: Session, member: Member) -> list[int]:
    """The ids of the groups where a member's name is read: where they belong, and where they wait to be let in.

    In the order in which groups are held.
    """
    belongs = select(Membership.group_id).where(Membership.member_id == member.id, Membership.left_at.is_(None))
    waits = select(JoinRequest.group_id).where(JoinRequest.member_id == member.id, JoinRequest.answer.is_(None))
    return sorted(session.scalars(belongs.union(waits)))


def places(session: Session, member: Member) -> list[Membership]:
    """Where a member belongs, in the order in which groups are held."""
    here = (Membership.member_id == member.id, Membership.left_at.is_(None))
    return list(session.scalars(select(Membership).where(*here).order_by(Membership.group_id)))


def _hold(session: Session, group_id: int) -> None:
    """Two who come with one name, or choose one, at the same moment take turns."""
    session.flush()
    session.execute(select(Group.id).where(Group.id == group_id).with_for_update(key_share=True))


def _others(
    session: Session, groups: Sequence[int], member: Member, earlier_than: Membership | None = None
) -> set[frozenset[str]]:
    """How the others' names look: of those who belong to the groups, and of those who wait to.

    With `earlier_than` only of those who joined before.
    """
    belong = select(Membership.member_id).where(Membership.group_id.in_(groups), Membership.left_at.is_(None))
    wait = select(JoinRequest.member_id).where(JoinRequest.group_id.in_(groups), JoinRequest.answer.is_(None))
    who = or_(Member.id.in_(belong), Member.id.in_(wait))
    if earlier_than is not None:
        joined = tuple_(Membership.joined_at, Membership.id) < tuple_(earlier_than.joined_at, earlier_than.id)
        who = Member.id.in_(belong.where(joined))
    return {looks(name) for name in session.scalars(select(Member.name).where(who, Member.id != member.id))}


def _is_taken(name: str, others: set[frozenset[str]]) -> bool:
    mine = looks(name)
    return any(mine & other for other in others)
