"""Addresses for calendar apps and feed readers."""

from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from messages.message import Message
from messages.render import Offer
from models import FeedKind, Group
from services.people import feeds as addresses


@command(
    "calendar",
    aliases=("my calendar", "ics", "ical", "calendar feed", "subscribe calendar"),
    help="Get an address for your calendar app: challenges, goals and digests",
    allowed=Allowed.ANYONE,
    examples=("calendar",),
)
def calendar(turn: Turn) -> Message:
    """Make an address for a calendar app. It is shown only now."""
    return turn.say("feeds/calendar", url=_make(turn, FeedKind.CALENDAR), buttons=[_list()])


@command(
    "rss",
    aliases=("digest feed", "feed reader", "rss feed", "news feed"),
    help="Get an address for a feed reader: your group's digests",
    allowed=Allowed.MEMBERS,
    examples=("rss",),
)
def rss(turn: Turn) -> Message:
    """Make an address for a feed reader. It is shown only now."""
    url = _make(turn, FeedKind.DIGESTS, turn.group)
    return turn.say("feeds/digests", url=url, group=turn.group, buttons=[_list()])


@command(
    "feeds",
    aliases=("my feeds", "feed list", "my addresses"),
    help="See your addresses for calendars and feed readers",
    allowed=Allowed.ANYONE,
    examples=("feeds",),
)
def feeds(turn: Turn) -> Message:
    """List the member's addresses with numbers. The addresses themselves are not stored."""
    found = addresses.list_feeds(turn.session, turn.member)
    buttons = [] if found else [commands["calendar"].button("calendar")]
    return turn.say("feeds/list", feeds=found, buttons=buttons)


@command(
    "end feed",
    aliases=("feed end", "revoke feed", "delete feed", "remove feed", "end calendar"),
    help="End an address for a calendar or a feed reader",
    allowed=Allowed.ANYONE,
    examples=("end feed 1", "end feed"),
)
def end_feed(turn: Turn, number: int | None = None) -> Message:
    """End the address with this number, or the only one."""
    found = addresses.find_numbered(turn.session, turn.member, number)
    addresses.end_feed(turn.session, found, turn.now)
    return turn.say("feeds/ended", feed=found, buttons=[_list()])


def _make(turn: Turn, kind: FeedKind, group: Group | None = None) -> str:
    _, path = addresses.make_feed(turn.session, turn.member, kind, turn.now, group)
    return turn.world.settings.base_url + path


def _list() -> Offer:
    return Offer("my_addresses", "feeds")
