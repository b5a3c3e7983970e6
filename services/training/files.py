"""Files that members sent in the chat or to the API, until they are read: by one worker at a time, at most three times.

Members take turns: the file of the member who had the fewest files read within a day comes first, so one member's fifty
files do not delay the others.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Exists, ScalarSelect, exists, func, select
from sqlalchemy.orm import Session, aliased

from models import Member, SentFile
from models.vault import vault
from services.ground import audit, leases, limits
from services.ground.bells import Bell, ring

LEASE = timedelta(minutes=5)
MOST_TRIES = 3
AGAIN_AFTER = timedelta(minutes=1)
DAY = timedelta(days=1)
FILE = "file"  # the name under which files are counted
PURPOSE = "activity-file"


@dataclass(frozen=True)
class Waiting:
    """A file that a worker has taken: its address, and the time zone of its sender."""

    file_id: int
    member_id: int
    url: str = field(repr=False)
    content_type: str
    zone: ZoneInfo
    tries: int

    @property
    def is_last_try(self) -> bool:
        return self.tries >= MOST_TRIES


def count_left_today(session: Session, member: Member, most: int, now: datetime) -> int:
    """Return how many more of this member's files may be sent within 24 hours, of `most`. Erasing
    oneself does not raise it.
    """
    sent = limits.list_times(session, limits.hash_member_addresses(session, member), FILE, now - DAY)
    return max(most - len(sent), 0)


def keep(session: Session, member: Member, url: str, content_type: str, now: datetime) -> None:
    """Store the address of a file in the chat, so that a worker reads it soon."""
    # The vendor's addresses always fit the column. A longer one is cut, and is then refused when it is fetched.
    sent = SentFile(member_id=member.id, url=url[:500], content_type=content_type[:100])
    sent.received_at = sent.next_try_at = now
    session.add(sent)
    audit.note(session, "file.sent", now, member_id=member.id)
    limits.count(session, limits.hash_member_addresses(session, member), FILE, now)
    ring(session, Bell.GARMIN)


def keep_content(session: Session, member: Member, data: bytes, content_type: str, now: datetime) -> SentFile:
    """Store a file that came through the API, sealed, so that a worker reads it soon."""
    sent = SentFile(member_id=member.id, url="", content_type=content_type[:100], received_at=now, next_try_at=now)
    session.add(sent)
    session.flush()
    sent.content = vault(session).seal_bytes(PURPOSE, sent.id, data)
    audit.note(session, "file.sent", now, member_id=member.id, file=sent.id)
    limits.count(session, limits.hash_member_addresses(session, member), FILE, now)
    ring(session, Bell.GARMIN)
    return sent


def open_content(session: Session, file_id: int) -> bytes | None:
    """Return the content of a file that came through the API; None for one that the vendor
    keeps. Raises `UnknownKey`.
    """
    sealed = session.scalar(select(SentFile.content).where(SentFile.id == file_id))
    return None if sealed is None else vault(session).open_bytes(PURPOSE, file_id, sealed)


def take(session: Session, now: datetime) -> Waiting | None:
    """Lease a file: first of the member whose turn it is, then the one that has waited longest. None if none waits.

    Taking it counts as a try, so that a file that crashes its worker is not read for ever.
    """
    query = (
        select(SentFile)
        .where(SentFile.done_at.is_(None), SentFile.next_try_at <= now, leases.is_free(SentFile.leased_until))
        .order_by(_tries_of_sender(now), SentFile.next_try_at, SentFile.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=SentFile)
    )
    sent = session.scalar(query)
    if sent is None:
        return None
    sent.tries += 1
    sent.leased_until = leases.end_lease_in(session, LEASE)
    zone = ZoneInfo(sent.member.timezone)
    return Waiting(sent.id, sent.member_id, sent.url or "", sent.content_type, zone, sent.tries)


def _tries_of_sender(now: datetime) -> ScalarSelect[int]:
    """Return how often files of the same member were taken within a day."""
    other = aliased(SentFile)
    mine = (other.member_id == SentFile.member_id, other.received_at > now - DAY)
    return select(func.coalesce(func.sum(other.tries), 0)).where(*mine).correlate(SentFile).scalar_subquery()


def note_done(session: Session, waiting: Waiting, now: datetime, problem: str | None = None) -> bool:
    """Mark the file as done, with the problem if it could not be read. Returns False if
    another worker already did so.
    """
    sent = session.get_one(SentFile, waiting.file_id, with_for_update=True)
    if sent.done_at is not None:
        return False
    sent.done_at, sent.problem = now, problem
    sent.url = sent.content = sent.leased_until = None
    return True


def put_off(session: Session, waiting: Waiting, now: datetime, problem: str) -> None:
    """Try the file again after `AGAIN_AFTER`."""
    sent = session.get_one(SentFile, waiting.file_id, with_for_update=True)
    sent.next_try_at, sent.leased_until, sent.problem = now + AGAIN_AFTER, None, problem


def give_back(session: Session, waiting: Waiting, now: datetime) -> None:
    """Let another worker read the file at once, because this one has to stop. It does not count as a try."""
    sent = session.get(SentFile, waiting.file_id, with_for_update=True)
    if sent is not None and sent.done_at is None:
        sent.tries, sent.next_try_at, sent.leased_until = max(sent.tries - 1, 0), now, None
        ring(session, Bell.GARMIN)


def has_waiting_file(now: datetime) -> Exists:
    """Return the condition that a file waits to be read."""
    return exists().where(SentFile.done_at.is_(None), SentFile.next_try_at <= now)
