"""Kudos between members of a group. They are stored until the reader's next message, below which they are shown."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.orm import Session, joinedload

from messages.officialese import claims_office, telling
from messages.words import clean_name
from models import Kudos, Member, Membership
from services.ground import limits
from services.ground.refusals import EnoughKudos, KudosToOneself, SoundsOfficial
from services.group import roster

MOST_WORDS = 80
MOST_A_DAY = 20
MOST_AT_ONCE = 3
KUDOS = "kudos"
KEPT_FOR = timedelta(days=30)  # if they are not read
READ_KEPT_FOR = timedelta(days=1)


def give(session: Session, membership: Membership, text: str, now: datetime) -> tuple[Kudos, Member]:
    """Give kudos to the member with whose name the text begins; the rest of the text are the words. Returns the kudos
    and that member. Raises a refusal.
    """
    to, words = roster.find_first_among(roster.list_members(session, membership.group), text)
    return give_to(session, membership, to, words, now), to.member


def give_to(session: Session, membership: Membership, to: Membership, words: str, now: datetime) -> Kudos:
    """Give kudos to the member with this membership of the same group. Raises a refusal.

    Kudos of the same giver that still wait are replaced, so that nobody can flood another member's chat.
    """
    if to.id == membership.id:
        raise KudosToOneself
    said = clean_name(words, MOST_WORDS)
    if claims_office(said):
        found, rest = telling(said)
        raise SoundsOfficial(found=found, rest=rest, again=None)
    mine = limits.hash_member_addresses(session, membership.member)
    if len(limits.list_times(session, mine, KUDOS, now - timedelta(days=1))) >= MOST_A_DAY:
        raise EnoughKudos(most=MOST_A_DAY)
    limits.count(session, mine, KUDOS, now)
    pair = (Kudos.from_id == membership.member_id, Kudos.to_id == to.member_id, Kudos.delivered_at.is_(None))
    given = session.scalar(select(Kudos).where(*pair).with_for_update())
    given = given or Kudos(from_id=membership.member_id, to_id=to.member_id, group_id=membership.group_id)
    given.group_id, given.words, given.given_at = membership.group_id, said, now
    session.add(given)
    return given


def list_waiting(session: Session, reader: Member) -> Sequence[Kudos]:
    """Return the kudos to show below the reader's next message, oldest first. Only those count whose giver and reader
    are both still in the group.
    """
    return session.scalars(WAITING, {"reader": reader.id}).all()


def list_waiting_with_givers(session: Session, reader: Member) -> Sequence[Kudos]:
    """Return the same kudos with the members who gave them. One query."""
    return session.scalars(WAITING.options(joinedload(Kudos.giver)), {"reader": reader.id}).all()


def select_over(now: datetime) -> Select[int]:
    """Return a query for the ids of kudos that are old enough to be deleted."""
    return select(Kudos.id).where(or_(Kudos.given_at < now - KEPT_FOR, Kudos.delivered_at < now - READ_KEPT_FOR))


def _waiting() -> Select[Kudos]:
    there, here = (
        select(Membership.id)
        .where(Membership.group_id == Kudos.group_id, Membership.member_id == who, Membership.left_at.is_(None))
        .exists()
        for who in (Kudos.from_id, Kudos.to_id)
    )
    mine = (Kudos.to_id == bindparam("reader"), Kudos.delivered_at.is_(None), there, here)
    return select(Kudos).where(*mine).order_by(Kudos.given_at, Kudos.id).limit(MOST_AT_ONCE)


WAITING = _waiting()  # made once, because every reply uses it
