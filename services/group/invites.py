"""Invite codes, with which people join a group: make, list and revoke them. Only their keyed hashes are stored."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Group, Invite, Member, Membership
from models.hashes import digest
from services.ground import audit, limits
from services.ground.refusals import (
    AlreadyInGroup,
    Banned,
    CodeNotActive,
    GroupHasEnded,
    InviteNotUsable,
    NotInAGroup,
    TooManyGuesses,
)
from services.group import groups
from services.people import bans
from services.people.members import list_memberships

CODE_SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without I, L, O, 0, 1, because codes are read aloud and typed by hand
CODE_LENGTH = 6
DAYS, MOST_DAYS = 30, 90
USES, MOST_USES = 50, 500
MOST_GUESSES, GUESSES_WITHIN = 5, timedelta(minutes=15)


@dataclass(frozen=True)
class Invitation:
    """A new code. It can be shown only now, because only its hash is stored."""

    code: str
    expires_at: datetime
    uses: int
    group: Group


def make_invite(
    session: Session,
    membership: Membership,
    now: datetime,
    *,
    days: int = DAYS,
    uses: int = USES,
    what: str = "invite",
) -> Invitation:
    """Make a new code for the group, valid for so many days and people. Earlier codes stay valid.

    It locks the group, so that no code is made while `openings` ends this member's codes.
    """
    groups.hold(session, membership)
    session.refresh(membership.group, ["settings"])
    if membership.left_at is not None:
        raise NotInAGroup
    if not groups.read_settings(membership.group).members_invite:
        groups.require_admin(session, membership, what)
    if not (1 <= days <= MOST_DAYS and 1 <= uses <= MOST_USES):
        raise InviteNotUsable(most_days=MOST_DAYS, most_uses=MOST_USES)
    code = "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH))
    made = Invite(
        group_id=membership.group_id,
        made_by_id=membership.member_id,
        code_hash=digest(session, "invite", code),
        expires_at=now + timedelta(days=days),
        most_uses=uses,
    )
    session.add(made)
    _note(session, "group.invited", membership, now, days=days, uses=uses)
    return Invitation(code, made.expires_at, uses, membership.group)


def list_active(session: Session, group: Group, now: datetime) -> list[Invite]:
    """Return the invites that are still valid; the one that ends first comes first."""
    good = (Invite.revoked_at.is_(None), Invite.expires_at > now, Invite.uses < Invite.most_uses)
    query = select(Invite).where(Invite.group_id == group.id, *good).order_by(Invite.expires_at, Invite.id)
    return list(session.scalars(query))


def revoke(session: Session, membership: Membership, now: datetime) -> int:
    """Revoke all codes of the group. Returns how many were valid."""
    groups.require_admin(session, membership, "revoke invites")
    groups.hold(session, membership)
    found = list_active(session, membership.group, now)
    for each in found:
        each.revoked_at = now
    _note(session, "group.invites_revoked", membership, now, count=len(found))
    return len(found)


def lock_invite(session: Session, member: Member, code: str, now: datetime) -> Invite:
    """Return the invite with this code; it and its group are locked.

    Raises `CodeNotActive`, `AlreadyInGroup`, `Banned`, `GroupHasEnded` or `TooManyGuesses`.
    """
    _require_patience(session, member, now)
    code_hash = digest(session, "invite", code.upper())
    group_id = session.scalar(select(Invite.group_id).where(Invite.code_hash == code_hash))
    if group_id is None:
        raise CodeNotActive
    group = session.scalars(select(Group).where(Group.id == group_id).with_for_update(key_share=True)).one()
    invite = session.scalars(select(Invite).where(Invite.code_hash == code_hash).with_for_update()).one()
    if any(mine.group_id == group_id for mine in list_memberships(session, member)):
        raise AlreadyInGroup(group=group)
    require_welcome(session, member, group)
    if not group.is_active:
        raise GroupHasEnded(group=group)
    if not _is_active(invite, now):
        raise CodeNotActive
    return invite


def require_welcome(session: Session, member: Member, group: Group) -> None:
    """Raise `Banned` if the member is banned from the group."""
    if bans.is_banned(session, group.id, member):
        raise Banned(group=group)


def _require_patience(session: Session, member: Member, now: datetime) -> None:
    """Raise `TooManyGuesses` after five wrong codes in a quarter of an hour, because codes are short
    and could be guessed.
    """
    guessed = limits.LINE + CodeNotActive.template()
    wrong = limits.list_times(session, limits.hash_member_addresses(session, member), guessed, now - GUESSES_WITHIN)
    if len(wrong) >= MOST_GUESSES:
        raise TooManyGuesses(minutes=limits.count_minutes_until(min(wrong) + GUESSES_WITHIN, now))


def _is_active(invite: Invite, now: datetime) -> bool:
    return invite.revoked_at is None and invite.expires_at > now and invite.uses < invite.most_uses


def _note(session: Session, action: str, membership: Membership, now: datetime, **detail: int) -> None:
    audit.note(session, action, now, member_id=membership.member_id, group_id=membership.group_id, **detail)
