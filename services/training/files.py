"""Files that members sent, into the chat or to the API, until they are read: by one worker each, at most three times.

Members take turns: whoever had fewer files read within a day comes first, so that fifty of one hold up nobody's.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Exists, ScalarSelect, exists, func, select
from sqlalchemy.orm import Session, aliased

from models import Member, SentFile
from models.vault import vault
from services.ground import leases, limits
from services.ground.bells import Bell, ring

LEASE = timedelta(minutes=5)
MOST_TRIES = 3
AGAIN_AFTER = timedelta(minutes=1)
DAY = timedelta(days=1)
FILE = "file"  # under this they are counted
PURPOSE = "activity-file"


@dataclass(frozen=True)
class Waiting:
    """A file that a worker has taken: where it is, and the zone of who sent it."""

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
    """How many more files of this member are read within 24 hours, of `most`. Erasing oneself does not raise it."""
    sent = limits.list_times(session, limits.hash_member_addresses(session, member), FILE, now - DAY)
    return max(most - len(sent), 0)


def keep(session: Session, member: Member, url: str, content_type: str, now: datetime) -> None:
    """Let a worker read this file soon."""
    # An address too long for the column is none of the vendor's: cut, it is refused when it is fetched.
    sent = SentFile(member_id=member.id, url=url[:500], content_type=content_type[:100])
    sent.received_at = sent.next_try_at = now
    session.add(sent)
    limits.count(session, limits.hash_member_addresses(session, member), FILE, now)
    ring(session, Bell.GARMIN)


def keep_content(session: Session, member: Member, data: bytes, content_type: str, now: datetime) -> SentFile:
    """Let a worker read soon what came through the API. It is kept, sealed, until then."""
    sent = SentFile(member_id=member.id, url="", content_type=content_type[:100], received_at=now, next_try_at=now)
    session.add(sent)
    session.flush()
    sent.content = vault(session).seal_bytes(PURPOSE, sent.id, data)
    limits.count(session, limits.hash_member_addresses(session, member), FILE, now)
    ring(session, Bell.GARMIN)
    return sent


def open_content(session: Session, file_id: int) -> bytes | None:
    """What is in a file that came through the API; None for one that the vendor keeps. Raises `UnknownKey`."""
    sealed = session.scalar(select(SentFile.content).where(SentFile.id == file_id))
    return None if sealed is None else vault(session).open_bytes(PURPOSE, file_id, sealed)


def take(session: Session, now: datetime) -> Waiting | None:
    """Lease a file: of the members whose files wait the one whose turn it is, and the one that has waited longest.

    That counts as a try: one that kills its reader is not read for ever.
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
    """How often a file of the same member was taken within a day."""
    other = aliased(SentFile)
    mine = (other.member_id == SentFile.member_id, other.received_at > now - DAY)
    return select(func.coalesce(func.sum(other.tries), 0)).where(*mine).correlate(SentFile).scalar_subquery()


def note_done(session: Session, waiting: Waiting, now: datetime, problem: str | None = None) -> bool:
    """All is done, or nothing can be. False when another worker had done it before."""
    sent = session.get_one(SentFile, waiting.file_id, with_for_update=True)
    if sent.done_at is not None:
        return False
    sent.done_at, sent.problem = now, problem
    sent.url = sent.content = sent.leased_until = None
    return True


def put_off(session: Session, waiting: Waiting, now: datetime, problem: str) -> None:
    """Try again in a while."""
    sent = session.get_one(SentFile, waiting.file_id, with_for_update=True)
    sent.next_try_at, sent.leased_until, sent.problem = now + AGAIN_AFTER, None, problem


def give_back(session: Session, waiting: Waiting, now: datetime) -> None:
    """Let another worker read it at once: this one has to stop, which counts as no try."""
    sent = session.get(SentFile, waiting.file_id, with_for_update=True)
    if sent is not None and sent.done_at is None:
        sent.tries, sent.next_try_at, sent.leased_until = max(sent.tries - 1, 0), now, None
        ring(session, Bell.GARMIN)


def has_waiting_file(now: datetime) -> Exists:
    """The condition that a file is to be read."""
    return exists().where(SentFile.done_at.is_(None), SentFile.next_try_at <= now)
