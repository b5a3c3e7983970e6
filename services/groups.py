"""Groups: starting one, inviting, joining, leaving."""

import secrets
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fitness.schedules import Weekly, cron
from messages.words import clean_name
from models import Group, Invite, Member, Membership, Role
from models.vault import vault
from services import audit, digests, mailbox, privacy
from services.members import memberships
from services.refusals import (
    AlreadyInGroup,
    CodeNotActive,
    GroupNameNotUsable,
    NoSuchGroup,
    OnlyAdmins,
    OwnerCannotLeave,
    TooManyGroups,
    TooManyGuesses,
)
from services.roster import find_member, members
from services.settings import Settings, settings_of

# Also known by these names; whom `standings` or `digests` may import live in files of their own.
__all__ = ["Settings", "find_member", "members", "settings_of"]

CODE_SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # no I, L, O, 0, 1: they are read aloud and typed by hand
CODE_LENGTH = 6
INVITE_FOR = timedelta(days=30)
MOST_GROUPS = 10
MOST_GUESSES, GUESSES_WITHIN = 5, timedelta(minutes=15)
CONSENT_VERSION = "2026-11"
FIRST_SCHEDULE = Weekly(weekday=6, at=time(18, 0))


@dataclass(frozen=True)
class Invitation:
    """A code to hand on. It can be shown only now: we keep its hash."""

    code: str
    expires_at: datetime
    group: Group


def start(session: Session, member: Member, name: str, now: datetime) -> Group:
    """Start a group and belong to it as its owner. Its digest is due on Sundays at 18:00 in the owner's zone."""
    name = clean_name(name)
    if not name:
        raise GroupNameNotUsable
    if len(memberships(session, member)) >= MOST_GROUPS:
        raise TooManyGroups(most=MOST_GROUPS)
    group = Group(name=name, timezone=member.timezone)
    session.add(group)
    session.flush()
    _belong(session, group, member, Role.OWNER, now)
    digests.reschedule(session, group, cron(FIRST_SCHEDULE), now)
    audit.note(session, "group.started", now, member_id=member.id, group_id=group.id)
    return group


def invite(session: Session, membership: Membership, now: datetime) -> Invitation:
    """Make a new code for the group. Codes made earlier stay good until they expire."""
    require_admin(session, membership, "invite people")
    code = "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH))
    expires_at = now + INVITE_FOR
    session.add(
        Invite(
            group_id=membership.group_id,
            made_by_id=membership.member_id,
            code_hash=vault(session).digest("invite", code),
            expires_at=expires_at,
        )
    )
    audit.note(session, "group.invited", now, member_id=membership.member_id, group_id=membership.group_id)
    return Invitation(code, expires_at, membership.group)


def invited_to(session: Session, member: Member, code: str, now: datetime) -> Invite:
    """The invite behind a code, its row locked. Raises `CodeNotActive`, `AlreadyInGroup` or `TooManyGuesses`."""
    _require_patience(session, member, now)
    code_hash = vault(session).digest("invite", code.upper())
    invite = session.scalar(select(Invite).where(Invite.code_hash == code_hash).with_for_update())
    if invite is None or not _is_active(invite, now):
        raise CodeNotActive
    if any(mine.group_id == invite.group_id for mine in memberships(session, member)):
        raise AlreadyInGroup(group=invite.group)
    return invite


def join(session: Session, member: Member, code: str, now: datetime) -> Membership:
    """Use a code: the member belongs to the group, and has agreed to what the others see."""
    invite = invited_to(session, member, code, now)
    if len(memberships(session, member)) >= MOST_GROUPS:
        raise TooManyGroups(most=MOST_GROUPS)
    invite.uses += 1
    membership = _belong(session, invite.group, member, Role.MEMBER, now)
    audit.note(session, "group.joined", now, member_id=member.id, group_id=invite.group_id, consent=CONSENT_VERSION)
    return membership


def leave(session: Session, membership: Membership, now: datetime) -> None:
    """Belong to the group no more, and appear in nothing it says from now on. The last one out closes it."""
    others = [each for each in members(session, membership.group) if each.id != membership.id]
    if membership.role is Role.OWNER and others:
        raise OwnerCannotLeave(group=membership.group, others=[each.member.name for each in others])
    membership.left_at = now
    if not others:
        membership.group.is_active = False
        digests.reschedule(session, membership.group, None, now)
    if membership.member.current_group_id == membership.group_id:
        membership.member.current_group_id = None
    audit.note(session, "group.left", now, member_id=membership.member_id, group_id=membership.group_id)


def size(session: Session, group: Group) -> int:
    """How many belong to the group."""
    query = select(func.count()).where(Membership.group_id == group.id, Membership.left_at.is_(None))
    return session.scalar(query) or 0


def choose(session: Session, member: Member, wanted: str) -> Group:
    """Talk about another of one's groups, by its number in the list or its name."""
    mine = [each.group for each in memberships(session, member)]
    found = _numbered(mine, wanted) or _named(mine, wanted)
    if found is None:
        raise NoSuchGroup(groups=[group.name for group in mine], wanted=clean_name(wanted))
    member.current_group_id = found.id
    return found


def require_admin(session: Session, membership: Membership, what: str) -> None:
    """Refuse to whoever is neither owner nor admin."""
    if membership.role is Role.MEMBER:
        admins = [each.member.name for each in members(session, membership.group) if each.role is not Role.MEMBER]
        raise OnlyAdmins(admins=admins, what=what)


def _require_patience(session: Session, member: Member, now: datetime) -> None:
    """Codes are short: whoever guesses wrong five times in a quarter of an hour has to wait."""
    wrong = mailbox.refused_since(session, member.id, CodeNotActive.template(), now - GUESSES_WITHIN)
    if len(wrong) >= MOST_GUESSES:
        left = min(wrong) + GUESSES_WITHIN - now
        raise TooManyGuesses(minutes=max(1, -(-int(left.total_seconds()) // 60)))


def _belong(session: Session, group: Group, member: Member, role: Role, now: datetime) -> Membership:
    membership = session.scalar(
        select(Membership).where(Membership.group_id == group.id, Membership.member_id == member.id)
    ) or Membership(group_id=group.id, member_id=member.id)
    membership.role = role
    membership.shares = list(privacy.SHARED_AT_FIRST)
    membership.hidden = False
    membership.muted_until = None
    membership.consented_at = membership.joined_at = now
    membership.consent_version = CONSENT_VERSION
    membership.left_at = None
    session.add(membership)
    session.flush()
    member.current_group_id = group.id
    return membership


def _is_active(invite: Invite, now: datetime) -> bool:
    in_time = invite.revoked_at is None and invite.expires_at > now
    return in_time and invite.uses < invite.most_uses and invite.group.is_active


def _numbered(groups: list[Group], wanted: str) -> Group | None:
    number = int(wanted) if wanted.isascii() and wanted.isdigit() else 0
    return groups[number - 1] if 1 <= number <= len(groups) else None


def _named(groups: list[Group], wanted: str) -> Group | None:
    wanted = wanted.casefold().strip()
    exact = [group for group in groups if group.name.casefold() == wanted]
    near = [group for group in groups if group.name.casefold().startswith(wanted)] if wanted else []
    found = exact or near
    return found[0] if len(found) == 1 or exact else None
