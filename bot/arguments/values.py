"""The types of arguments: names, numbers, amounts and times."""

from dataclasses import dataclass
from datetime import time


class Rest(str):
    """The rest of the line, as it was typed."""

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


class MemberWanted(str):
    """A person in a group: "#17" as buttons write it, or a name as it was typed."""

    __slots__ = ()


class OwnMembership(str):
    """The member's own membership, "#17". Buttons contain it, because at the time of a tap another group may be
    the current one.
    """

    __slots__ = ()


class Days(int):
    """A number of days."""


class Uses(int):
    """A number of people."""


class AccountSign(str):
    """One of the member's accounts at the sources, "#17". Buttons contain it."""

    __slots__ = ()


class Percent(int):
    """A whole number, perhaps with a percent sign."""


class Weekday(int):
    """A day of the week; Monday is 0."""


class Zone(str):
    """A time zone, found by its name or its city."""

    __slots__ = ()


class Weeks(int):
    """A number of weeks."""


class MarkedPerson(str):
    """A person, like `Person`, for commands that are complete without a name: the name must follow "@", or be
    certainly a name.
    """

    __slots__ = ()


class Person(str):
    """A person in the group, by the name as it was typed, without the "@". `services.group.roster` finds who it is.

    A name may have several words, so this takes all words that no other argument took, from the "@" on if there is one.
    If more may follow the name (a reason, or the words of kudos), `services.group.roster.find_first_among` cuts it off.
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
    """An amount with its kind: metres of "distance", seconds of "time", or a number of "points", "count" or "steps"."""

    kind: str
    size: float


@dataclass(frozen=True)
class Hours:
    """The time between two times of day, which may include midnight: "21:30-07:30", "10pm to 7am"."""

    start: time
    end: time


class Field(str):
    """Something that a member may share with a group: one of `fitness.metrics.FIELDS`, or a metric
    that is computed from these.
    """

    __slots__ = ()
