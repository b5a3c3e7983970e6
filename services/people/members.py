"""Members: finds them by their addresses, and reads their groups and settings."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers.timezone import time_zones_for_number
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, contains_eager

from models import Group, Identity, IdentityKind, Member, Membership
from services.delivery import opt_outs, waiting
from services.ground import audit
from services.ground.group_settings import GroupSettings, read_settings
from services.ground.refusals import NotInAGroup
from services.people import naming, phone_numbers

UNFINISHED_FOR = timedelta(minutes=15)

# These queries are made once, because nearly every line uses them.
MEMBERSHIPS = (
    select(Membership)
    .join(Membership.group)
    .options(contains_eager(Membership.group))
    .where(Membership.member_id == bindparam("member"), Membership.left_at.is_(None), Group.is_active)
    .order_by(Membership.joined_at, Membership.id)
)
BEHIND = (
    select(Member)
    .join(Identity)
    .where(Identity.kind == bindparam("kind"), Identity.value == bindparam("value"))
    .with_for_update(of=Member, key_share=True)
    .execution_options(populate_existing=True)
)
IDENTITY = select(Identity).where(Identity.kind == bindparam("kind"), Identity.value == bindparam("value"))


def recognise_member(
    session: Session, now: datetime, *, phone: str | None, business_id: str | None, address: str, profile_name: str
) -> tuple[Member, bool]:
    """Find the member with these addresses, or create one. Returns the member, and whether they are new. Locks
    the member's row.
    """
    found = _behind(session, phone, business_id)
    member = found or _newcomer(session, phone, address, profile_name)
    _remember_addresses(session, member, phone, business_id, is_new=found is None)
    member.address = address
    is_new = found is None
    if found is not None and phone_numbers.look_at(session, found, profile_name, now):
        member, is_new = begin_anew(session, found, profile_name, now), True
    # A line that was kept while the database was away may be older than one that was answered before it.
    member.last_inbound_at = max(member.last_inbound_at or now, now)
    member.unreachable_at = None
    return member, is_new


def begin_anew(session: Session, before: Member, profile_name: str, now: datetime) -> Member:
    """Start a new account, because the number belongs to somebody else now. Returns the new member, who learns nothing
    about the earlier one.

    The earlier member gets no more messages, and is erased thirty days later, as after "stop".
    """
    phone = next((each.value for each in before.identities if each.kind is IdentityKind.PHONE), None)
    newcomer = phone_numbers.hand_over(session, before, profile_name, now)
    newcomer.timezone = guess_zone(phone)
    opt_out(session, before, now)
    return newcomer


def find_member(session: Session, who: str) -> Member | None:
    """Return the member with this id, phone number or WhatsApp id, or None. For the operator's commands."""
    if who.isascii() and who.isdigit():
        return session.get(Member, int(who))
    return session.scalar(select(Member).join(Identity).where(Identity.value == who))


def tell_local_time(member: Member, now: datetime) -> datetime:
    """Return the time in the member's time zone."""
    return now.astimezone(ZoneInfo(member.timezone))


def find_current_membership(session: Session, member: Member) -> Membership:
    """Return the member's membership in their current group. Raises `NotInAGroup` if they are in none."""
    mine = list_memberships(session, member)
    if not mine:
        raise NotInAGroup
    current = next((each for each in mine if each.group_id == member.current_group_id), mine[0])
    member.current_group_id = current.group_id
    return current


def read_settings_for(session: Session, member: Member) -> GroupSettings:
    """Return the settings for a member's own figures: those of their current group, or the defaults if
    they are in none.

    So a member's own points are the same as on the board.
    """
    mine = list_memberships(session, member)
    current = next((each for each in mine if each.group_id == member.current_group_id), mine[0] if mine else None)
    return read_settings(current.group) if current else GroupSettings()


def list_memberships(session: Session, member: Member) -> list[Membership]:
    """Return the memberships of all groups that the member belongs to, oldest first."""
    return list(session.scalars(MEMBERSHIPS, {"member": member.id}))


def find_membership_in(session: Session, member: Member, group_id: int) -> Membership | None:
    """Return the member's membership in this group, or None."""
    return next((each for each in list_memberships(session, member) if each.group_id == group_id), None)


def keep_unfinished(member: Member, line: str, now: datetime) -> None:
    """Store a line that lacks something, so that the next line can complete it."""
    member.unfinished = line[:400]
    member.unfinished_until = now + UNFINISHED_FOR


def take_unfinished(member: Member, now: datetime) -> str | None:
    """Return the line that waits to be completed, or None if there is none or it is too old, and remove it."""
    line = member.unfinished if member.unfinished_until and member.unfinished_until > now else None
    member.unfinished = member.unfinished_until = None
    return line


def opt_out(session: Session, member: Member, now: datetime) -> None:
    """Send this member nothing more unasked."""
    opt_outs.note(session, member, now)
    waiting.silence(session, member.id)


def opt_in(session: Session, member: Member, now: datetime) -> bool:
    """Send this member messages again. Returns whether they had opted out."""
    changed = member.opted_out_at is not None
    member.opted_out_at = None
    if changed:
        audit.note(session, "member.opted_in", now, member_id=member.id)
    return changed


def guess_zone(phone: str | None) -> str:
    """Return the time zone of a number's country; UTC if the country is unknown or has several zones far apart."""
    if phone is None:
        return "UTC"
    try:
        zones = time_zones_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return "UTC"
    first = zones[0] if zones else "UTC"
    return "UTC" if first.startswith("Etc/") else str(first)


def _behind(session: Session, phone: str | None, business_id: str | None) -> Member | None:
    """Return the member with one of these addresses, or None. If they belong to two members, the phone number decides,
    because WhatsApp's id changes with the number.
    """
    for kind, value in ((IdentityKind.PHONE, phone), (IdentityKind.BUSINESS, business_id)):
        if value is None:
            continue
        if member := session.scalar(BEHIND, {"kind": kind, "value": value}):
            return member
    return None


def _newcomer(session: Session, phone: str | None, address: str, profile_name: str) -> Member:
    member = Member(name=naming.read_profile_name(profile_name), address=address, timezone=guess_zone(phone))
    member.profile_name = phone_numbers.shorten_profile(profile_name)
    session.add(member)
    session.flush()
    return member


def _remember_addresses(
    session: Session, member: Member, phone: str | None, business_id: str | None, *, is_new: bool
) -> None:
    """Store the addresses for the member. If two first messages of a newcomer arrive at once, the unique constraint
    makes one of them fail.
    """
    given = [(IdentityKind.PHONE, phone), (IdentityKind.BUSINESS, business_id)]
    told = [(kind, value) for kind, value in given if value is not None]
    if len(told) == 1 and not is_new:
        return  # the member was found by it, so it is stored already
    for kind, value in told:
        identity = session.scalar(IDENTITY, {"kind": kind, "value": value})
        if is_new or identity is None:
            session.add(Identity(member_id=member.id, kind=kind, value=value))
        else:
            identity.member_id = member.id
    session.flush()  # so that the constraint fails here, before anything was answered
