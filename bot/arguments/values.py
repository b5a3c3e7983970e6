"""The kinds of values that a command may be told: names, numbers, amounts and times."""

from dataclasses import dataclass
from datetime import time


class Rest(str):
    """Whatever is left, as it was typed."""

    __slots__ = ()


class Called(str):
    """A name at the end of the line, after "called" or "named"."""

    __slots__ = ()


class Code(str):
    """An invite code: six letters and digits."""

    __slots__ = ()


class LinkCode(str):
    """The code that the link page shows: six consonants."""

    __slots__ = ()


class Who(str):
    """Somebody in a group: "#17" as buttons say it, or a name as it was typed."""

    __slots__ = ()


class Place(str):
    """One's own place in a group, "#17": buttons say it, since by the time of the tap one may talk about another."""

    __slots__ = ()


class Days(int):
    """A number of days."""


class Uses(int):
    """For how many people something is."""


class Percent(int):
    """A whole number, perhaps with a percent sign."""


class Weekday(int):
    """A day of the week; Monday is 0."""


class Zone(str):
    """A time zone, found by its name or its city."""

    __slots__ = ()


class Weeks(int):
    """A number of weeks."""


class Friend(str):
    """Somebody, as `Person`, where a name is told beside what stands well alone: after "@", or plainly a name."""

    __slots__ = ()


class Person(str):
    """Somebody in the group, as their name was typed, without the "@"; `services.group.roster` says who that is.

    A name may be of several words, so this takes all words that nothing else wanted, from the "@" on where there is
    one. Where more may follow the name (a reason, a few kind words), `naming.find_first` cuts it off.
    """

    __slots__ = ()


class Length(int):
    """A length of time, in seconds: "45 min", "1h30", "1:05:00"."""


class Distance(float):
    """A distance, in metres: "8.1 km", "5k", "3 miles"."""


class Number(float):
    """A number, whole or not."""


@dataclass(frozen=True)
class Amount:
    """How much of what: metres of "distance", seconds of "time", or so many "points", "count" or "steps"."""

    kind: str
    size: float


@dataclass(frozen=True)
class Hours:
    """From one time of day until another, perhaps over midnight: "21:30-07:30", "10pm to 7am"."""

    start: time
    end: time


class Field(str):
    """Something that a member may share with a group: one of `fitness.metrics.FIELDS`, or a metric made of these."""

    __slots__ = ()
