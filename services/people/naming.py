"""Decides what a person may be called, so that nobody in their groups can be confused with them.

docs/decisions/0020-names-that-deceive.md explains the rules.
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

NOBODYS = "friend"  # for members without a name that may be shown
NUMBERED = re.compile(r"\s*\(\d{1,4}\)$")
ROOM_FOR_NUMBER = 7


def read_profile_name(text: str) -> str:
    """Return the name on a WhatsApp profile in a form that others may see; "friend" if it must not be shown."""
    name = clean_name(text)
    return NOBODYS if not name or is_nameless(name) or speaks_officially(name) else name


def check_name(session: Session, member: Member, text: str, most: int) -> str:
    """Return the name that a member wants, in a safe form. Raises `NameNotUsable`,
    `SoundsOfficial` or `NameLikeAnother`.
    """
    name = clean_name(text, most)
    if not name or is_nameless(name):
        raise NameNotUsable
    if speaks_officially(name):
        found, rest = telling(name)
        raise SoundsOfficial(found=found, rest=rest, again="name")
    for group_id in list_groups_of_name(session, member):
        _hold(session, group_id)
        if _is_taken(name, _others(session, [group_id], member)):
            raise NameLikeAnother(name=name, group=session.get(Group, group_id))
    return name


def is_unnamed(member: Member) -> bool:
    """Return whether the member has no name that may be shown, because the profile has none or a deceptive one."""
    return drop_number(member.name) == NOBODYS


def is_nameless(name: str) -> bool:
    """Return whether a name looks like the text for members without a name on a board."""
    somebody = tuple(looks(words("words/somebody", Reader())))
    return any(look.startswith(somebody) for look in looks(name))


def drop_number(name: str) -> str:
    """Return a name without its number: "Ben" for "Ben (2)"."""
    return NUMBERED.sub("", name)


def shorten_name(name: str, most: int) -> str:
    """Return a name cut to at most `most` UTF-16 units, for example for a button. A number such as "(2)" stays."""
    number = found[0] if (found := NUMBERED.search(name)) else ""
    return cut(drop_number(name), most - len(number)) + number


def tell_apart(session: Session, member: Member, group_id: int, earlier_than: Membership | None = None) -> bool:
    """Add a number to the member's name if somebody in the group has the same name, or one that looks like it. Returns
    whether that was needed.

    The member keeps the number in all groups until they choose another name. With `earlier_than`, the member's own
    membership, only members who joined the group earlier count.
    """
    _hold(session, group_id)
    if not _is_taken(member.name, _others(session, [group_id], member, earlier_than)):
        return False
    # A number that is free in this group may be used in another group of the member.
    others = _others(session, [group_id, *list_groups_of_name(session, member)], member)
    base = read_profile_name(cut(drop_number(member.name), MOST - ROOM_FOR_NUMBER))  # what is cut may become an address
    numbered = (f"{base} ({number})" for number in count(2))
    member.name = next(name for name in numbered if not _is_taken(name, others))
    return True


def tell_apart_everywhere(session: Session, member: Member) -> None:
    """Call `tell_apart` for each group that the member belongs to or waits for, after a name or
    membership was restored.
    """
    for group_id in list_groups_of_name(session, member):
        tell_apart(session, member, group_id)


def list_groups_of_name(session: Session, member: Member) -> list[int]:
    """Return the ids of the groups that see a member's name: those they belong to, and those they wait to join.

    They are in the order in which groups are locked.
    """
    belongs = select(Membership.group_id).where(Membership.member_id == member.id, Membership.left_at.is_(None))
    waits = select(JoinRequest.group_id).where(JoinRequest.member_id == member.id, JoinRequest.answer.is_(None))
    return sorted(session.scalars(belongs.union(waits)))


def list_memberships_to_hold(session: Session, member: Member) -> list[Membership]:
    """Return the member's memberships, in the order in which groups are locked."""
    here = (Membership.member_id == member.id, Membership.left_at.is_(None))
    return list(session.scalars(select(Membership).where(*here).order_by(Membership.group_id)))


def _hold(session: Session, group_id: int) -> None:
    """Lock the group, so that two people who join or choose the same name at the same time wait for each other."""
    session.flush()
    session.execute(select(Group.id).where(Group.id == group_id).with_for_update(key_share=True))


def _others(
    session: Session, groups: Sequence[int], member: Member, earlier_than: Membership | None = None
) -> set[frozenset[str]]:
    """Return what the names of the others look like: of members of the groups, and of people who wait to join.

    With `earlier_than`, only members who joined before it count.
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
