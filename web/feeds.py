"""/feeds/<token>/…: what calendar apps and feed readers fetch. There is no sign-in: the address is the secret.

An address shows what its member may see at that moment. Nothing but the time of reading is stored.
"""

import hashlib
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, request
from limits import RateLimitItemPerHour
from limits.errors import StorageError
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy.orm import Session

from jobs.work import transaction
from messages.render import words
from models import Feed, FeedKind
from services.digest import digest_items
from services.ground.recipients import make_reader
from services.people import feeds
from services.play import agenda
from web.calendar_file import write_calendar
from web.counters import make_counters
from web.digest_file import write_digests
from world import World

MOST_AN_HOUR = 60  # requests for one address; apps ask a few times a day
LIMIT = RateLimitItemPerHour(MOST_AN_HOUR, 1, "feed")
MINUTES = 60

Write = Callable[[World, Session, Feed], bytes]


def make_feed_pages(world: World) -> Blueprint:
    """Return the two kinds of addresses."""
    routes = Blueprint("feeds", __name__, url_prefix="/feeds")
    limiter = FixedWindowRateLimiter(make_counters(world, "feeds"))

    @routes.get("/<token>/calendar.ics")
    def calendar(token: str) -> Response:
        return _answer(world, limiter, FeedKind.CALENDAR, token, _write_calendar, "text/calendar")

    @routes.get("/<token>/digests.xml")
    def digests(token: str) -> Response:
        return _answer(world, limiter, FeedKind.DIGESTS, token, _write_digests, "application/rss+xml")

    return routes


def _answer(
    world: World, limiter: FixedWindowRateLimiter, kind: FeedKind, token: str, write: Write, mimetype: str
) -> Response:
    """Return the file, or 304 if the program has it already, 410 if the address was ended, 404 if there is none."""
    with transaction(world) as session:
        feed = feeds.find_feed(session, token, kind)
        if feed is None:
            abort(404)
        if not feeds.is_open(session, feed):
            abort(410)
        if feed.member.doubted_at is not None:  # it is not known whose number it is: the chat asks
            abort(403)
        if not _may_read(limiter, feed):
            return _slow_down()
        content = write(world, session, feed)
        changed_at = feeds.note_read(feed, content, world.now())
    answer = Response(content, mimetype=mimetype)
    answer.headers.set("Content-Disposition", "inline", filename=feeds.FILES[kind])
    answer.cache_control.private = answer.cache_control.no_cache = (
        True  # kept by the program, but asked about each time
    )
    answer.set_etag(hashlib.sha256(content).hexdigest()[:32])
    answer.last_modified = changed_at
    answer.make_conditional(request.environ)
    return answer


def _write_calendar(world: World, session: Session, feed: Feed) -> bytes:
    entries = agenda.list_entries(session, feed.member, world.now())
    return write_calendar(entries, words("feeds/calendar_name", make_reader(feed.member)), _host(world))


def _write_digests(world: World, session: Session, feed: Feed) -> bytes:
    reader, group = make_reader(feed.member), feed.group
    if group is None:
        abort(404)
    items = digest_items.list_items(session, group, reader)
    return write_digests(items, group.name, world.settings.base_url, _host(world), reader).encode()


def _host(world: World) -> str:
    return urlsplit(world.settings.base_url).hostname or "localhost"


def _may_read(limiter: FixedWindowRateLimiter, feed: Feed) -> bool:
    """Count a request. While Redis is away, all are answered."""
    try:
        return limiter.hit(LIMIT, str(feed.id))
    except StorageError:
        return True


def _slow_down() -> Response:
    return Response(status=429, headers={"Retry-After": str(MINUTES * 60)})
