"""Addresses for calendar apps and feed readers: making, listing, finding and ending them.

An address is a random token, so whoever has it can read what its member may see. It cannot be guessed; of the token
only a hash is stored. What an address shows is made by `services.play.agenda` and `services.digest.digest_items`.

An address ends when the member ends it, says *sign out*, is erased, or leaves the group that it is about. It does not
end by itself, because a calendar app that stops working after some months is of little use.
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session, contains_eager

from models import Feed, FeedKind, Group, Member, Membership
from services.ground import audit
from services.ground.refusals import NoSuchFeed, TooManyFeeds
from services.people.sessions import hash_of

MOST_FEEDS = 20  # addresses of one member at a time
NOTED_EVERY = timedelta(hours=1)  # the precision of the time when an address was last read
KEPT_FOR = timedelta(days=30)  # an ended address answers 410 for so long, afterwards 404
FILES = {FeedKind.CALENDAR: "calendar.ics", FeedKind.DIGESTS: "digests.xml"}


def make_feed(
    session: Session, member: Member, kind: FeedKind, now: datetime, group: Group | None = None
) -> tuple[Feed, str]:
    """Make an address for this member. Returns its row and the path, which is not stored and can be shown only now.

    `group` is needed for digests, and the member must be in it; a calendar shows all groups. Raises `TooManyFeeds`.
    """
    if len(list_feeds(session, member)) >= MOST_FEEDS:
        raise TooManyFeeds(most=MOST_FEEDS)
    token = secrets.token_urlsafe(32)
    row = Feed(member=member, group=group, kind=kind, token_hash=hash_of(token), made_at=now)
    session.add(row)
    session.flush()
    audit.note(session, "feed.made", now, member_id=member.id, group_id=row.group_id, kind=kind.value)
    return row, f"/feeds/{token}/{FILES[kind]}"


def list_feeds(session: Session, member: Member) -> list[Feed]:
    """Return the member's addresses that have not ended, the oldest first."""
    query = select(Feed).outerjoin(Feed.group).options(contains_eager(Feed.group))
    return list(session.scalars(query.where(*_mine(member)).order_by(Feed.made_at, Feed.created_at)))


def find_feed(session: Session, token: str, kind: FeedKind) -> Feed | None:
    """Return the address with this token, with its member and group, even if it has ended; None if there is none."""
    query = select(Feed).where(Feed.token_hash == hash_of(token), Feed.kind == kind)
    query = query.join(Feed.member).outerjoin(Feed.group)
    return session.scalar(query.options(contains_eager(Feed.member), contains_eager(Feed.group)))


def was_made(session: Session, token: str) -> bool:
    """Return whether an address was made with this token, even if it has ended."""
    return session.scalar(select(Feed.id).where(Feed.token_hash == hash_of(token))) is not None


def is_open(session: Session, feed: Feed) -> bool:
    """Return whether the address may be read: it was not ended, and its member is still in its group."""
    if feed.ended_at is not None:
        return False
    if feed.group is None:
        return True
    here = (Membership.group_id == feed.group_id, Membership.member_id == feed.member_id, Membership.left_at.is_(None))
    return feed.group.is_active and session.scalar(select(Membership.id).where(*here)) is not None


def note_read(feed: Feed, content: bytes | str, now: datetime) -> datetime:
    """Note that the address was read, and return since when it has shown this content.

    The time has whole seconds, as in HTTP. If the content changes twice within a second, the second change counts a
    second later, so that no program takes an old copy for the newest one.
    """
    hashed = hash_of(content if isinstance(content, str) else content.decode())
    if feed.content_hash != hashed or feed.changed_at is None:
        second = now.replace(microsecond=0)
        feed.changed_at = second if feed.changed_at is None else max(second, feed.changed_at + timedelta(seconds=1))
        feed.content_hash = hashed
    if feed.last_read_at is None or now - feed.last_read_at >= NOTED_EVERY:
        feed.last_read_at = now
    return feed.changed_at


def find_mine(session: Session, member: Member, feed_id: UUID) -> Feed | None:
    """Return this address of the member if it has not ended; else None."""
    return session.scalar(select(Feed).where(Feed.id == feed_id, *_mine(member)))


def find_numbered(session: Session, member: Member, number: int | None) -> Feed:
    """Return the address with this number in the member's list, or the only one. Raises `NoSuchFeed`."""
    found = list_feeds(session, member)
    if number is None and len(found) == 1:
        return found[0]
    if number is None or not 1 <= number <= len(found):
        raise NoSuchFeed(number=number, count=len(found))
    return found[number - 1]


def end_feed(session: Session, feed: Feed, now: datetime) -> None:
    """End an address at once."""
    feed.ended_at = now
    audit.note(session, "feed.ended", now, member_id=feed.member_id, group_id=feed.group_id)


def end_all(session: Session, member: Member, now: datetime) -> int:
    """End all addresses of the member. Returns how many there were."""
    found = list_feeds(session, member)
    for each in found:
        end_feed(session, each, now)
    return len(found)


def end_of_group(session: Session, membership: Membership, now: datetime) -> None:
    """End the addresses of this member that show only this group. Call it when the member has left the group."""
    about = (Feed.member_id == membership.member_id, Feed.group_id == membership.group_id, Feed.ended_at.is_(None))
    session.execute(update(Feed).where(*about).values(ended_at=now))


def forget_old(session: Session, now: datetime) -> None:
    """Delete addresses that ended more than 30 days ago."""
    session.execute(delete(Feed).where(Feed.ended_at < now - KEPT_FOR))


def _mine(member: Member) -> tuple[ColumnElement[bool], ...]:
    return Feed.member_id == member.id, Feed.ended_at.is_(None)
