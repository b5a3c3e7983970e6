"""The roles in a group (owner, admin, member), and removing members."""

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Answer, Ban, Group, JoinRequest, Member, Membership, Role
from services.delivery import waiting
from services.ground import audit
from services.ground.refusals import (
    NoSuchPerson,
    NotBanned,
    NotInThatGroup,
    NotOverThem,
    NotOverYourself,
    RoleAlready,
)
from services.group import comings, groups, openings, privacy
from services.group.roster import find_among, find_member, read_sign
from services.people import bans
from services.people.members import find_membership_in

BECOMES = {"promote": Role.ADMIN, "demote": Role.MEMBER}
ERASED = re.compile(r"erased #?([0-9]{1,15})", re.IGNORECASE)  # the text for a ban of an erased member


def promote(session: Session, mine: Membership, theirs: Membership, now: datetime) -> None:
    """Make a member an admin. Only the owner may do this."""
    _become(session, mine, theirs, now, "promote")


def demote(session: Session, mine: Membership, theirs: Membership, now: datetime) -> None:
    """Make an admin an ordinary member. Only the owner may do this."""
    _become(session, mine, theirs, now, "demote")


def transfer(session: Session, mine: Membership, theirs: Membership, now: datetime) -> None:
    """Make another member the owner. The former owner becomes an admin."""
    require_transfer(session, mine, theirs)
    mine.role = Role.ADMIN
    session.flush()  # a constraint in the database allows only one owner at a time
    theirs.role = Role.OWNER
    session.flush()
    _note(session, "group.transferred", mine, theirs.member_id, now)


def require_transfer(session: Session, mine: Membership, theirs: Membership) -> None:
    """Raise a refusal unless the member may make this person the owner."""
    groups.hold(session, mine, theirs)
    groups.require_owner(session, mine, "transfer")
    _require_other(mine, theirs, "transfer")
    _require_here(session, theirs)


def kick(session: Session, mine: Membership, theirs: Membership, now: datetime) -> None:
    """Remove a member from the group. They can come back with an invite."""
    require_power(session, mine, theirs, "kick")
    _require_here(session, theirs)
    _remove(session, theirs, now)
    _note(session, "group.kicked", mine, theirs.member_id, now)


def ban(session: Session, mine: Membership, theirs: Membership, now: datetime) -> bool:
    """Remove a person from the group, and let no code bring them back. Returns whether they were in it."""
    require_power(session, mine, theirs, "ban")
    was_in = theirs.left_at is None
    if was_in:
        _remove(session, theirs, now)
    bans.put(session, theirs.group_id, theirs.member, now)
    _drop_request(session, theirs, now)
    _note(session, "group.banned", mine, theirs.member_id, now)
    return was_in


def unban(session: Session, mine: Membership, theirs: Membership, now: datetime) -> None:
    """End a person's ban, so that codes work for them again. Raises `NotBanned`."""
    groups.hold(session, mine)
    groups.require_admin(session, mine, "unban")
    if not bans.lift(session, theirs.group_id, theirs.member):
        raise NotBanned(
            wanted=theirs.member.name, others=[each.member.name for each in list_banned(session, mine.group)]
        )
    _note(session, "group.unbanned", mine, theirs.member_id, now)


def unban_erased(session: Session, mine: Membership, ban: Ban, now: datetime) -> None:
    """End the ban of a person who was erased after they were banned."""
    groups.hold(session, mine)
    groups.require_admin(session, mine, "unban")
    session.delete(ban)
    _note(session, "group.unbanned", mine, None, now)


def require_change(session: Session, mine: Membership, theirs: Membership, what: str) -> None:
    """Raise a refusal unless the member may do this to the other one now: "promote", "demote", "transfer", "kick" or
    "ban".
    """
    if what in BECOMES:
        _require_to_become(session, mine, theirs, what)
    elif what == "transfer":
        require_transfer(session, mine, theirs)
    else:
        require_power(session, mine, theirs, what)
        _require_here(session, theirs)


def require_power(session: Session, mine: Membership, theirs: Membership, what: str) -> None:
    """Raise a refusal unless the member may remove this person: admins remove members, the
    owner also removes admins.
    """
    groups.hold(session, mine, theirs)
    groups.require_admin(session, mine, what)
    _require_other(mine, theirs, what)
    is_above = mine.role is Role.OWNER or theirs.role is Role.MEMBER
    if theirs.left_at is None and not is_above:
        raise NotOverThem(person=theirs.member, what=what)


def list_banned(session: Session, group: Group) -> list[Membership]:
    """Return the banned people, newest ban first. Those who were erased since are in `bans.list_of_erased`."""
    query = (
        select(Membership)
        .join(Ban, (Ban.group_id == Membership.group_id) & (Ban.member_id == Membership.member_id))
        .where(Ban.group_id == group.id)
        .order_by(Ban.banned_at.desc(), Ban.id)
    )
    return list(session.scalars(query))


def find_meant(session: Session, member: Member, group: Group, text: str) -> Membership:
    """Find a person by a text: "#17" in any group of the member, else a name in this one. Raises like `find_member`."""
    return find_signed(session, member, text) or find_member(session, group, text)


def find_meant_ever(session: Session, member: Member, group: Group, text: str) -> Membership:
    """The same as `find_meant`, but also finds people who have left; present members come first."""
    if found := find_signed(session, member, text):
        return found
    try:
        return find_member(session, group, text)
    except NoSuchPerson as refusal:
        gone = select(Membership).where(Membership.group_id == group.id, Membership.left_at.is_not(None))
        try:
            return find_among(list(session.scalars(gone)), text)
        except NoSuchPerson:
            raise refusal from None


def find_meant_banned(session: Session, member: Member, group: Group, text: str) -> Membership:
    """Find a banned person by a text. Raises `NotBanned` or `TwoPeopleMatch`."""
    if found := find_signed(session, member, text):
        return found
    try:
        return find_among(list_banned(session, group), text)
    except NoSuchPerson as refusal:
        raise NotBanned(**refusal.facts) from None


def find_meant_erased(session: Session, member: Member, text: str) -> Ban | None:
    """Find the ban of an erased person by a text such as "@erased 5", in any group of the member.

    Returns None for any other text. Raises `NotInThatGroup` or `NotBanned`.
    """
    found = ERASED.fullmatch(text.strip())
    if found is None:
        return None
    ban = session.get(Ban, int(found[1]), with_for_update=True)
    if ban is None or ban.member_id is not None:
        raise NotBanned(wanted=text, others=[])
    if find_membership_in(session, member, ban.group_id) is None:
        raise NotInThatGroup
    return ban


def find_signed(session: Session, member: Member, text: str) -> Membership | None:
    """Find the membership with the number in "#17", in any group of the member, because an old button may be about
    another group than the current one.

    Returns None for a name. Raises `NotInThatGroup`.
    """
    number = read_sign(text)
    if number is None:
        return None
    theirs = session.get(Membership, number)
    if theirs is None or find_membership_in(session, member, theirs.group_id) is None:
        raise NotInThatGroup
    return theirs


def _become(session: Session, mine: Membership, theirs: Membership, now: datetime, what: str) -> None:
    _require_to_become(session, mine, theirs, what)
    theirs.role = BECOMES[what]
    openings.end_openings(session, theirs, now)
    _note(session, f"group.{what}d", mine, theirs.member_id, now)


def _require_to_become(session: Session, mine: Membership, theirs: Membership, what: str) -> None:
    groups.hold(session, mine, theirs)
    groups.require_owner(session, mine, what)
    _require_other(mine, theirs, what)
    _require_here(session, theirs)
    if theirs.role is BECOMES[what]:
        raise RoleAlready(person=theirs.member, role=theirs.role)


def _require_other(mine: Membership, theirs: Membership, what: str) -> None:
    if mine.id == theirs.id:
        raise NotOverYourself(what=what)


def _require_here(session: Session, theirs: Membership) -> None:
    """Raise `NoSuchPerson` if the person has left the group since the button was made."""
    if theirs.left_at is not None:
        here = groups.list_members(session, theirs.group)
        raise NoSuchPerson(wanted=theirs.member.name, others=[each.member.name for each in here])


def _remove(session: Session, theirs: Membership, now: datetime) -> None:
    """End a membership. The person disappears from all boards at once, because boards read the memberships; messages of
    the group that wait for them are ended.
    """
    theirs.left_at = now
    theirs.role = Role.MEMBER
    privacy.follow_change(
        session, theirs, now, {}
    )  # a nameless row that disappears with them would be recognised as theirs
    waiting.withdraw(session, theirs.member_id, theirs.group_id)
    openings.end_openings(session, theirs, now)
    comings.note_left(session, theirs)


def _drop_request(session: Session, theirs: Membership, now: datetime) -> None:
    mine = (JoinRequest.group_id == theirs.group_id, JoinRequest.member_id == theirs.member_id)
    for request in session.scalars(select(JoinRequest).where(*mine, JoinRequest.answer.is_(None))):
        request.answer, request.answered_at = Answer.DROPPED, now


def _note(session: Session, action: str, mine: Membership, person: int | None, now: datetime) -> None:
    told = {} if person is None else {"person": person}
    audit.note(session, action, now, member_id=mine.member_id, group_id=mine.group_id, **told)
