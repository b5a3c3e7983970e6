"""Schedules written as a cron line. The library cronsim applies Debian's rules for the hours that
daylight saving moves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from fitness.dates import Dates
from fitness.impossible import ImpossibleError, Wrong

NOON = time(12)
LONGEST = 40  # characters; the length of its column in the database
LOOKED_AT = 60
SOME_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


class BadCron(ImpossibleError):
    """The line is not a schedule that we support."""


@dataclass(frozen=True)
class Cron:
    """A cron line with five fields: minute, hour, day, month, weekday. Raises `BadCron` for another number of fields,
    or if digests would come more than once a day or less than once a year.
    """

    line: str

    def __post_init__(self) -> None:
        if len(self.line) > LONGEST:
            raise BadCron(Wrong.CRON_TOO_LONG, count=LONGEST)
        if len(self.line.split()) != 5 or not self.line.isascii():  # cronsim would take a sixth for seconds
            raise BadCron(Wrong.NO_CRON)
        try:
            dues = CronSim(self.line, SOME_MONDAY)
            days = [_last_day(next(dues)) for _ in range(LOOKED_AT)]
        except (CronSimError, StopIteration):
            raise BadCron(Wrong.NO_CRON) from None
        apart = [(after - before).days for before, after in pairwise(days)]
        if min(apart) < 1:
            raise BadCron(Wrong.TOO_OFTEN)
        if max(apart) > 366:
            raise BadCron(Wrong.TOO_SELDOM)

    def next_after(self, zone: ZoneInfo, after: datetime) -> datetime:
        """Return the first time, in UTC, at which it is due after `after`. In an hour that is repeated in
        autumn it is due once.
        """
        return next(due for due in self._dues(zone, after) if due > after)

    def days_of(self, zone: ZoneInfo, due: datetime) -> Dates:
        """Return the days since the previous digest. The day of the digest itself is included if it is due at noon or
        later.
        """
        before = next(each for each in self._dues(zone, due, backwards=True) if each < due)
        first, last = _last_day(before.astimezone(zone)) + timedelta(1), _last_day(due.astimezone(zone))
        return Dates(min(first, last), last)

    def _dues(self, zone: ZoneInfo, start: datetime, *, backwards: bool = False) -> Iterator[datetime]:
        # Start three hours further away, because cronsim uses wall-clock time, in which a repeated hour exists only
        # once.
        margin = timedelta(hours=3) if backwards else -timedelta(hours=3)
        found = CronSim(self.line, start.astimezone(zone) + margin, reverse=backwards)
        return (due.astimezone(UTC) for due in found)


def _last_day(due: datetime) -> date:
    return due.date() if due.time() >= NOON else due.date() - timedelta(1)
