"""Groups: start, rename and describe one, choose the current one, join and leave."""

from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fitness.metrics import SHARED_AT_FIRST
from fitness.schedules import Weekly, write_cron
from messages.lookalikes import looks
from messages.officialese import claims_office, telling
from messages.render import words
from messages.words import clean_name
from models import Answer, Group, JoinRequest, Member, Membership, Role
from services.delivery import waiting
from services.ground import audit, limits, undoable
from services.ground.group_settings import GroupSettings, read_settings
from services.ground.recipients import make_reader
from services.ground.refusals import (
    GroupNameNotUsable,
    GroupNameTaken,
    NoSuchGroup,
    OnlyAdmins,
    OnlyOwner,
    OwnerCannotLeave,
    SoundsOfficial,
    TooManyGroups,
    TooManyNewGroups,
    TwoGroupsMatch,
)
from services.group import comings, digest_times, group_notices, openings, privacy
from services.group.roster import find_member, hold, list_members
from services.people import bans, naming
from services.people.members import list_memberships

# These names can be used from this module too.
__all__ = ["GroupSettings", "find_member", "hold", "list_members", "read_settings"]

MOST_GROUPS = 10
MOST_STARTED, STARTED_WITHIN = 10, timedelta(days=1)
STARTED = "group started"
MOST_DESCRIPTION = 200
CONSENT_VERSION = "2026-11b"
FIRST_SCHEDULE = Weekly(weekday=6, at=time(18, 0))


def start(session: Session, member: Member, name: str, now: datetime) -> Group:
    """Start a group with the member as its owner. Its digest is due on Sundays at 18:00 in the owner's time zone."""
    name = _usable_name(session, member, name)
    require_room(session, member)
    _require_rest(session, member, now)
    group = Group(name=name, timezone=member.timezone)
    session.add(group)
    session.flush()
    add_member(session, group, member, Role.OWNER, now)
    member.current_group_id = group.id
    digest_times.reschedule(session, group, write_cron(FIRST_SCHEDULE), now)
    audit.note(session, "group.started", now, member_id=member.id, group_id=group.id)
    return group


def rename(session: Session, membership: Membership, name: str, now: datetime) -> Group:
    """Rename the group, and return it."""
    require_admin(session, membership, "rename group")
    group = membership.group
    group.name = _usable_name(session, membership.member, name, but=group)
    audit.note(session, "group.renamed", now, member_id=membership.member_id, group_id=group.id)
    return group


def describe(session: Session, membership: Membership, text: str | None, now: datetime) -> Group:
    """Set the group's description, a line of text; None removes it."""
    require_admin(session, membership, "describe")
    group = membership.group
    description = clean_name(text, MOST_DESCRIPTION) if text else ""
    if claims_office(description):
        found, rest = telling(description)
        raise SoundsOfficial(found=found, rest=rest, again="describe")
    group.description = description or None
    audit.note(session, "group.described", now, member_id=membership.member_id, group_id=group.id)
    return group


def leave(session: Session, membership: Membership, now: datetime) -> None:
    """Let the member leave the group; they no longer appear in anything it shows. The group ends when the last one
    leaves. Raises `OwnerCannotLeave`.
    """
    hold(session, membership)
    others = [each for each in list_members(session, membership.group) if each.id != membership.id]
    if membership.role is Role.OWNER and others:
        raise OwnerCannotLeave(group=membership.group, others=[each.member.name for each in others])
    undoable.remember(session, membership.member, "leave", now, membership, left_at=None)
    membership.left_at = now
    waiting.withdraw(session, membership.member_id, membership.group_id, "left")
    privacy.follow_change(session, membership, now, {})
    openings.end_openings(session, membership, now)
    comings.note_left(session, membership)
    if not others:
        close(session, membership.group, now)
    if membership.member.current_group_id == membership.group_id:
        membership.member.current_group_id = None
    audit.note(session, "group.left", now, member_id=membership.member_id, group_id=membership.group_id)


def close(session: Session, group: Group, now: datetime) -> None:
    """End a group without members. People who wait to join it are told, and their requests end."""
    group.is_active = False
    digest_times.reschedule(session, group, None, now)
    bans.forget_bans(session, group)
    waiting = select(JoinRequest).where(JoinRequest.group_id == group.id, JoinRequest.answer.is_(None))
    for request in session.scalars(waiting):
        request.answer, request.answered_at = Answer.DROPPED, now
        group_notices.tell_group_ended(session, request, now)


def count_members(session: Session, group: Group) -> int:
    """Return the number of members of the group."""
    query = select(func.count()).where(Membership.group_id == group.id, Membership.left_at.is_(None))
    return session.scalar(query) or 0


def choose(session: Session, member: Member, wanted: str) -> Group:
    """Make another of the member's groups the current one, by its number in the list or its name. Raises
    `NoSuchGroup` or `TwoGroupsMatch`.
    """
    mine = [each.group for each in list_memberships(session, member)]
    found = _numbered(mine, wanted) or _named(mine, wanted)
    if found is None:
        raise NoSuchGroup(groups=[group.name for group in mine], wanted=clean_name(wanted))
    member.current_group_id = found.id
    return found


def find_named(session: Session, member: Member, wanted: str) -> Group | None:
    """Return the member's group with exactly this name; None if there is none or several."""
    mine = [each.group for each in list_memberships(session, member)]
    found = [group for group in mine if group.name.casefold() == " ".join(wanted.casefold().split())]
    return found[0] if len(found) == 1 else None


def require_admin(session: Session, membership: Membership, what: str) -> None:
    """Raise `OnlyAdmins` unless the member is the owner or an admin. `what` is the command."""
    if membership.role is Role.MEMBER:
        admins = [each.member.name for each in list_members(session, membership.group) if each.role is not Role.MEMBER]
        raise OnlyAdmins(admins=admins, what=what)


def require_owner(session: Session, membership: Membership, what: str) -> None:
    """Raise `OnlyOwner` unless the member is the owner. `what` is the command."""
    if membership.role is not Role.OWNER:
        raise OnlyOwner(inviter=list_members(session, membership.group)[0].member, what=what)


def require_room(session: Session, member: Member) -> None:
    """Raise `TooManyGroups` if the member belongs to as many groups as allowed, requests to join included."""
    waiting = select(func.count()).where(JoinRequest.member_id == member.id, JoinRequest.answer.is_(None))
    if len(list_memberships(session, member)) + (session.scalar(waiting) or 0) >= MOST_GROUPS:
        raise TooManyGroups(most=MOST_GROUPS)


def add_member(session: Session, group: Group, member: Member, role: Role, now: datetime) -> Membership:
    """Add a member to the group, and return the membership. It starts afresh even if they were in the group before."""
    membership = session.scalar(
        select(Membership).where(Membership.group_id == group.id, Membership.member_id == member.id)
    ) or Membership(group_id=group.id, member_id=member.id)
    membership.role = role
    membership.shares = list(SHARED_AT_FIRST)
    membership.hidden = membership.anonymous = False
    membership.muted_until = None
    membership.consented_at = membership.joined_at = now
    membership.consent_version = CONSENT_VERSION
    membership.consent_wording = words("groups/consent_sees", make_reader(member))
    membership.left_at = None
    session.add(membership)
    session.flush()
    naming.tell_apart(session, member, group.id)
    comings.note_joined(session, membership)
    return membership


def _usable_name(session: Session, member: Member, name: str, but: Group | None = None) -> str:
    """Return the name in a safe form. Raises a refusal if it cannot be used, or if another group of the member has it,
    because then the name would not say which group is meant.
    """
    name = clean_name(name)
    if not name:
        raise GroupNameNotUsable
    if claims_office(name):
        found, rest = telling(name)
        raise SoundsOfficial(found=found, rest=rest, again="rename group" if but else "new group")
    others = [each.group for each in list_memberships(session, member) if each.group is not but]
    if any(looks(other.name) & looks(name) for other in others):
        raise GroupNameTaken(name=name)
    return name


def _require_rest(session: Session, member: Member, now: datetime) -> None:
    mine = limits.hash_member_addresses(session, member)
    if len(limits.list_times(session, mine, STARTED, now - STARTED_WITHIN)) >= MOST_STARTED:
        raise TooManyNewGroups(most=MOST_STARTED)
    limits.count(session, mine, STARTED, now)


def _numbered(groups: list[Group], wanted: str) -> Group | None:
    number = int(wanted) if wanted.isascii() and wanted.isdigit() else 0
    return groups[number - 1] if 1 <= number <= len(groups) else None


def _named(groups: list[Group], wanted: str) -> Group | None:
    wanted = wanted.casefold().strip()
    exact = [group for group in groups if group.name.casefold() == wanted]
    near = [group for group in groups if group.name.casefold().startswith(wanted)] if wanted else []
    found = exact or near
    if len(exact) > 1:
        raise TwoGroupsMatch(wanted=exact[0].name, numbers=[groups.index(each) + 1 for each in exact])
    return found[0] if len(found) == 1 else None
