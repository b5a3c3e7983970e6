"""Limits that erasing a member does not reset. Events are counted under keyed hashes of addresses and kept for a day.

A person who erases everything and comes back is a new member, but has the same phone number or WhatsApp id, and so the
same counts. If both addresses are known, events are counted for both, and the larger count is used.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from models import CountedEvent, Identity, IdentityKind, Member
from models.hashes import digest

KEPT_FOR = timedelta(days=1)
LINE = "line: "  # the kind of a chat line's event begins with it; the command or refusal follows
ERASED = "erased"
ADDRESS = "address"  # the purpose of the hashes


def hash_address(session: Session, kind: IdentityKind, value: str) -> str:
    """Return the keyed hash (hex) of one address of a person."""
    return digest(session, ADDRESS, f"{kind.value}:{value}")


def hash_addresses(session: Session, *, phone: str | None, business_id: str | None) -> list[str]:
    """Return the keyed hashes of the addresses from which a message came."""
    told = ((IdentityKind.PHONE, phone), (IdentityKind.BUSINESS, business_id))
    return [hash_address(session, kind, value) for kind, value in told if value is not None]


def hash_member_addresses(session: Session, member: Member) -> list[str]:
    """Return the keyed hashes of all addresses of a member.

    They are looked up once in a session, so that they are still known after the member was erased in this session.
    """
    known: dict[int, list[tuple[IdentityKind, str]]] = session.info.setdefault("addresses", {})
    if member.id not in known:
        query = select(Identity.kind, Identity.value).where(Identity.member_id == member.id)
        known[member.id] = [(kind, value) for kind, value in session.execute(query)]
    return [hash_address(session, kind, value) for kind, value in known[member.id]]


def hash_email(session: Session, source: str, email: str) -> str:
    """Return the keyed hash of the e-mail address of an account at a source; capitals and spaces
    around it do not matter.
    """
    return digest(session, f"{source} account", email.strip().casefold())


def count(session: Session, against: Iterable[str], what: str, at: datetime) -> None:
    """Store that `what` was done at `at`, once for each of these hashes."""
    rows = [{"address_hash": each, "kind": what[:60], "at": at} for each in against]
    if rows:
        session.execute(insert(CountedEvent), rows)


def list_times(session: Session, against: Sequence[str], what: str, since: datetime) -> list[datetime]:
    """Return the times after `since` at which `what` was done, oldest first, for the hash with the most of them."""
    mine = (CountedEvent.address_hash.in_(against), CountedEvent.kind == what, CountedEvent.at > since)
    by_hash: dict[str, list[datetime]] = {}
    for each, at in session.execute(select(CountedEvent.address_hash, CountedEvent.at).where(*mine)):
        by_hash.setdefault(each, []).append(at)
    longest: list[datetime] = max(by_hash.values(), key=len, default=[])
    return sorted(longest)


def count_minutes_until(then: datetime, now: datetime) -> int:
    """Return the minutes from `now` to `then`, rounded up, and at least 1."""
    return max(1, -(-int((then - now).total_seconds()) // 60))


def forget_old(session: Session, now: datetime) -> None:
    """Delete events that are too old for every limit."""
    session.execute(delete(CountedEvent).where(CountedEvent.at < now - KEPT_FOR))
