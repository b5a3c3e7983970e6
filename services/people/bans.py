"""Bans: they apply to every address of the person who was banned, also after the member was erased.

A ban names its member as long as the member exists. When a member is banned, is erased, or loses their number to
somebody new, the keyed hashes of their addresses are stored with the ban. A person who comes from one of these
addresses is banned.

This includes people who say that they are the new holder of the number: they cannot be told from the banned person, the
ban is about one group only, and an admin of that group can lift it.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import Ban, BanAddress, Group, Member
from services.ground import limits


def put(session: Session, group_id: int, member: Member, now: datetime) -> None:
    """Ban a member from a group. A second ban of the same member changes nothing."""
    if not is_banned(session, group_id, member):
        session.add(Ban(group_id=group_id, member_id=member.id, banned_at=now))
        session.flush()
    follow(session, member)


def is_banned(session: Session, group_id: int, member: Member) -> bool:
    """Return whether this member, or a person with one of their addresses, is banned from the group."""
    query = select(Ban.id).where(
        Ban.group_id == group_id, _meets(limits.hash_member_addresses(session, member), member.id)
    )
    return session.scalar(query.limit(1)) is not None


def follow(session: Session, member: Member) -> None:
    """Extend every ban that applies to this member to all addresses that they have now."""
    addresses = limits.hash_member_addresses(session, member)
    bans = session.scalars(select(Ban.id).where(_meets(addresses, member.id))).all()
    rows = [{"ban_id": ban, "address_hash": address} for ban in bans for address in addresses]
    if rows:
        session.execute(insert(BanAddress).values(rows).on_conflict_do_nothing())


def lift(session: Session, group_id: int, member: Member) -> bool:
    """End each ban of the group that applies to this member. Returns False if there was none."""
    query = select(Ban).where(
        Ban.group_id == group_id, _meets(limits.hash_member_addresses(session, member), member.id)
    )
    found = session.scalars(query.with_for_update()).all()
    for ban in found:
        session.delete(ban)
    return bool(found)


def list_of_erased(session: Session, group: Group) -> list[Ban]:
    """Return the bans of people who were erased since, newest first. They differ only by a number and a date."""
    query = select(Ban).where(Ban.group_id == group.id, Ban.member_id.is_(None))
    return list(session.scalars(query.order_by(Ban.banned_at.desc(), Ban.id.desc())))


def forget_bans(session: Session, group: Group) -> None:
    """Delete all bans of a group that has ended."""
    session.execute(delete(Ban).where(Ban.group_id == group.id))


def _meets(addresses: Sequence[str], member_id: int) -> ColumnElement[bool]:
    by_address = exists().where(BanAddress.ban_id == Ban.id, BanAddress.address_hash.in_(addresses))
    return or_(Ban.member_id == member_id, by_address)
