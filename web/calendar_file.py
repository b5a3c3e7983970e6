"""Writes a member's calendar as a file that calendar apps can subscribe to (iCalendar, RFC 5545)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from icalendar import Calendar, Event, Timezone

from services.play.agenda import AgendaEntry

MADE_BY = "-//Gruppetto//Calendar 1//EN"
READ_EVERY = timedelta(hours=6)  # what we ask apps to do; most have a rhythm of their own
LASTS = timedelta(minutes=15)  # a digest; an event without any length is not shown by some apps
DAY = timedelta(days=1)


def write_calendar(entries: Sequence[AgendaEntry], name: str, host: str) -> bytes:
    """Return the file. `host` makes the names of events (UID) unique in the world.

    There is no METHOD, so DTSTAMP is the time at which an event was last changed, and the file stays the same as long
    as nothing changes. Time zones are described in the file.
    """
    made = Calendar()
    made.add("prodid", MADE_BY)
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("name", name)
    made.add("x-wr-calname", name)
    made.add("refresh-interval", READ_EVERY, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT6H")
    for each in entries:
        made.add_component(_write_event(each, host))
    years = [each.starts.year for each in entries]
    for zone in sorted(made.get_missing_tzids()):
        made.add_component(_describe_zone(zone, min(years) - 1, max(years) + 1))
    written: bytes = made.to_ical()
    return written


def _write_event(entry: AgendaEntry, host: str) -> Event:
    event = Event()
    event.add("uid", f"{entry.uid}@{host}")
    event.add("summary", entry.title)
    event.add("description", entry.description)
    event.add("dtstart", entry.starts)
    event.add("dtend", _find_end(entry.ends))
    event.add("dtstamp", entry.changed_at.replace(microsecond=0))
    event.add("created", entry.made_at.replace(microsecond=0))
    event.add("last-modified", entry.changed_at.replace(microsecond=0))
    event.add("sequence", entry.revision)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT")  # it does not make anybody busy
    return event


@lru_cache(maxsize=64)
def _describe_zone(name: str, first: int, last: int) -> Timezone:
    """Return when the clocks of a time zone change in these years."""
    return Timezone.from_tzid(name, first_date=date(first, 1, 1), last_date=date(last + 1, 1, 1))


def _find_end(ends: date) -> date:
    """Return DTEND, which is not included any more: the day after the last one, or the end of a digest."""
    return ends + LASTS if isinstance(ends, datetime) else ends + DAY
