"""Limits that outlive a member: what is counted is kept under keyed hashes of addresses, for a day.

Whoever erases everything and comes back is a new member with the same phone number or the same WhatsApp id, and finds
the counts as they were. Where both addresses are known, both are counted against, and the larger count holds.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from models import CountedEvent, Identity, IdentityKind, Member
from models.hashes import digest

KEPT_FOR = timedelta(days=1)
LINE = "line: "  # begins the kind of every line's event; what the line was comes after it
ERASED = "erased"
ADDRESS = "address"  # the purpose of the hashes


def hash_of(session: Session, kind: IdentityKind, value: str) -> str:
    """The keyed hash (hex) of one address of a person."""
    return digest(session, ADDRESS, f"{kind.value}:{value}")


def hashes_of(session: Session, *, phone: str | None, business_id: str | None) -> list[str]:
    """The keyed hashes of the addresses that a message came from."""
    told = ((IdentityKind.PHONE, phone), (IdentityKind.BUSINESS, business_id))
    return [hash_of(session, kind, value) for kind, value in told if value is not None]


def addresses(session: Session, member: Member) -> list[str]:
    """The keyed hashes of all addresses of a member.

    They are looked up once in a session: a member who was erased in it still has the addresses they had before.
    """
    known: dict[int, list[tuple[IdentityKind, str]]] = session.info.setdefault("addresses", {})
    if member.id not in known:
        query = select(Identity.kind, Identity.value).where(Identity.member_id == member.id)
        known[member.id] = [(kind, value) for kind, value in session.execute(query)]
    return [hash_of(session, kind, value) for kind, value in known[member.id]]


def of_email(session: Session, source: str, email: str) -> str:
    """The keyed hash of the e-mail address of an account at a source; capitals and spaces around it do not matter."""
    return digest(session, f"{source} account", email.strip().casefold())


def count(session: Session, against: Iterable[str], what: str, at: datetime) -> None:
    """Note that this was done at that time, against each of these hashes."""
    rows = [{"address_hash": each, "kind": what[:60], "at": at} for each in against]
    if rows:
        session.execute(insert(CountedEvent), rows)


def times(session: Session, against: Sequence[str], what: str, since: datetime) -> list[datetime]:
    """When this was done since then, oldest first: of the one of these hashes against which most was counted."""
    mine = (CountedEvent.address_hash.in_(against), CountedEvent.kind == what, CountedEvent.at > since)
    by_hash: dict[str, list[datetime]] = {}
    for each, at in session.execute(select(CountedEvent.address_hash, CountedEvent.at).where(*mine)):
        by_hash.setdefault(each, []).append(at)
    longest: list[datetime] = max(by_hash.values(), key=len, default=[])
    return sorted(longest)


def minutes_until(then: datetime, now: datetime) -> int:
    """How many minutes to wait until then, rounded up; one at least."""
    return max(1, -(-int((then - now).total_seconds()) // 60))


def forget_old(session: Session, now: datetime) -> None:
    """Delete what no limit counts any more."""
    session.execute(delete(CountedEvent).where(CountedEvent.at < now - KEPT_FOR))
