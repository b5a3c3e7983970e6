"""What a command may be told: each kind finds its words anywhere in the line, and leaves the rest to the others."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import time
from enum import Enum, StrEnum
from inspect import Parameter
from types import NoneType, UnionType
from typing import Any, get_args, get_origin
from zoneinfo import available_timezones

from bot.lines import EDGES, POLITE, Word
from bot.rhythms import Rhythm, find_rhythm
from fitness.amounts import find_amount, find_distance, find_length, find_number
from fitness.challenges import Contest
from fitness.metrics import Metric
from fitness.periods import Period, find_period
from fitness.routes import Route, find_route
from fitness.schedules import find_clock, find_weekday
from fitness.spans import Span, find_span
from fitness.sports import Sport
from fitness.vocabulary import NUMBERS
from models import Units

Found = tuple[Any, Sequence[int]]
Reader = Callable[[Sequence[Word]], Found | None]


class Rest(str):
    """Whatever is left, as it was typed."""

    __slots__ = ()


class Called(str):
    """A name at the end of the line, after "called" or "named"."""

    __slots__ = ()


class Code(str):
    """An invite code: six letters and digits."""

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


class Setting(StrEnum):
    """What a group may choose; each is the name of one of `services.settings.Settings`."""

    RANKING = "ranking"
    CHEER_BELOW = "cheer_below"
    MANUAL_PERCENT = "manual_percent"
    WEEK_START = "week_start"
    APPROVAL = "approval"
    MEMBERS_INVITE = "members_invite"
    MEMBERS_CHALLENGE = "members_challenge"


class Sure(StrEnum):
    """Agreement to what cannot be taken back: it comes last, so that nobody's name is taken for it."""

    YES = "yes"


class Weekday(int):
    """A day of the week; Monday is 0."""


class Zone(str):
    """A time zone, found by its name or its city."""

    __slots__ = ()


class Weeks(int):
    """A number of weeks."""


class Newest(StrEnum):
    """The newest there is, or the one that is to come."""

    LAST = "last"
    THIS = "this"


class Telling(StrEnum):
    """How a digest is told."""

    TABLE = "table"
    STORY = "story"


class Yes(StrEnum):
    """Agreement."""

    YES = "yes"


class Off(StrEnum):
    """Switching something off."""

    OFF = "off"


class Switch(StrEnum):
    """On or off."""

    ON = "on"
    OFF = "off"


class Picture(StrEnum):
    """What a picture is of."""

    WEEK = "week"
    TREND = "trend"
    SPORT = "sport"


class Light(StrEnum):
    """How a picture is lit."""

    LIGHT = "light"
    DARK = "dark"


class Whose(StrEnum):
    """One's own, or the group's."""

    MINE = "mine"
    GROUP = "group"


class Person(str):
    """Somebody in the group, as their name was typed, without the "@"; `services.naming` says who that is.

    A name may be of several words, so this takes all words that nothing else wanted, from the "@" on where there is
    one. Where more may follow the name (a reason, a few kind words), `naming.find_first` cuts it off.
    """

    __slots__ = ()


class Each(StrEnum):
    """Told as an average: for each week, month, day or session."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    SESSION = "session"


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
    """Something that a member may share with a group: one of `services.privacy.FIELDS`."""

    __slots__ = ()


class Choose(StrEnum):
    """To choose first what the others see."""

    CHOOSE = "privacy"


class KeepOrErase(StrEnum):
    """What becomes of activities when their account is disconnected."""

    KEEP = "keep"
    ERASE = "erase"


class Included(StrEnum):
    """Whether activities that are private at Garmin count."""

    INCLUDE = "include"
    EXCLUDE = "exclude"


FIELDS = {
    "sports": "sports sport types",
    "time": "time duration hours",
    "distance": "distance km kilometres miles",
    "count": "count sessions number",
    "points": "points score",
    "elevation": "elevation climb ascent",
    "steps": "steps",
    "calories": "calories kcal",
    "titles": "titles title names",
}
YES = {"yes", "y", "ok", "okay", "sure", "agree", "agreed", "yep", "yeah", "ja", "oui", "si", "👍"}
PLAINLY_YES = {"yes", "y", "ok", "okay", "yep", "yeah"}
SETTINGS = {
    "ranking": Setting.RANKING, "rankings": Setting.RANKING, "medals": Setting.RANKING, "places": Setting.RANKING,
    "cheer": Setting.CHEER_BELOW, "cheering": Setting.CHEER_BELOW,
    "manual": Setting.MANUAL_PERCENT, "hand": Setting.MANUAL_PERCENT,
    "week": Setting.WEEK_START, "weeks": Setting.WEEK_START,
    "approval": Setting.APPROVAL, "approvals": Setting.APPROVAL, "approve": Setting.APPROVAL,
    "invite": Setting.MEMBERS_INVITE, "invites": Setting.MEMBERS_INVITE, "inviting": Setting.MEMBERS_INVITE,
    "challenge": Setting.MEMBERS_CHALLENGE, "challenges": Setting.MEMBERS_CHALLENGE,
}  # fmt: skip
AROUND_SETTINGS = {
    "below", "under", "entries", "entered", "percent", "count", "counts", "start", "starts", "begins", "members",
    "everybody", "everyone", "may", "can", "new", "mode",
}  # fmt: skip
OFF = {"off", "never", "stop", "none", "no"}
EACH = {"daily": Each.DAY, "weekly": Each.WEEK, "monthly": Each.MONTH}
ON = {"on", "enable", "enabled", "start", "show"}
PICTURES = (
    ({"week", "days", "today"}, Picture.WEEK),
    ({"trend", "trends", "weeks", "history", "progress"}, Picture.TREND),
    ({"sport", "sports", "mix", "split"}, Picture.SPORT),
)
WEEKS_IN = {"week": 1, "fortnight": 2, "month": 4, "year": 52}
SESSIONS = {
    "one", "session", "activity", "workout", "training", "run", "ride", "swim", "walk", "hike", "jog", "entry",
}  # fmt: skip
POSSESSIVE = re.compile(r"['’]s$", re.IGNORECASE)
CODE = re.compile(r"[A-HJKMNP-Z2-9]{6}")


@dataclass(frozen=True)
class Argument:
    """One thing that a command may or must be told, taken from its handler's signature."""

    name: str
    kind: type
    required: bool

    @classmethod
    def from_parameter(cls, parameter: Parameter) -> "Argument":
        """Read a handler's parameter. `X | None = None` is an optional X."""
        kind = parameter.annotation
        if get_origin(kind) is UnionType:
            kind = next(each for each in get_args(kind) if each is not NoneType)
        return cls(parameter.name, kind, parameter.default is Parameter.empty)

    def find(self, words: Sequence[Word]) -> Found | None:
        """The value, and the places of the words that said it."""
        return READERS[self.kind](words)

    @property
    def usage(self) -> str:
        """How help writes it."""
        return USAGE[self.kind]


def _keys(words: Sequence[Word]) -> list[str]:
    """As they are compared, "week's" as "week"."""
    return [POSSESSIVE.sub("", word.key) for word in words]


def _period(words: Sequence[Word]) -> Found | None:
    found = find_period(_keys(words))
    return None if found is None else (found[0], found[1])


def _span(words: Sequence[Word]) -> Found | None:
    return find_span(_keys(words))


def _one_of(kind: type[Enum]) -> Reader:
    choices = {spoken: choice for choice in kind for spoken in (choice.value, *choice.words)}  # type: ignore[attr-defined]

    def read(words: Sequence[Word]) -> Found | None:
        return next(((choices[word.key], [i]) for i, word in enumerate(words) if word.key in choices), None)

    return read


def _among(*choices: Any) -> Reader:
    """Words and what they mean, in turn."""
    meanings = {key: value for keys, value in zip(choices[::2], choices[1::2], strict=True) for key in keys}

    def read(words: Sequence[Word]) -> Found | None:
        return next(((meanings[word.key], [i]) for i, word in enumerate(words) if word.key in meanings), None)

    return read


def _clock(words: Sequence[Word]) -> Found | None:
    found = find_clock([word.key for word in words])
    return None if found is None else (found[0], found[1])


def _weekday(words: Sequence[Word]) -> Found | None:
    found = find_weekday([word.key for word in words])
    return None if found is None else (Weekday(found[0]), found[1])


def _zone(words: Sequence[Word]) -> Found | None:
    """Find "Europe/London", "london" or "new york": the longest run of words that is a zone or its city."""
    for length in (3, 2, 1):
        for i in range(len(words) - length + 1):
            zone = ZONES.get("_".join(word.key for word in words[i : i + length]))
            if zone:
                return Zone(zone), range(i, i + length)
    return None


def _called(words: Sequence[Word]) -> Found | None:
    for i, word in enumerate(words):
        if word.key in {"called", "named"} and i + 1 < len(words):
            # "ok" after it agrees to the rest of the line, and is no part of the name
            end = len(words) - (words[-1].key in YES and len(words) > i + 2)
            return Called(" ".join(each.raw for each in words[i + 1 : end])), range(i, end)
    return None


def _contest(words: Sequence[Word]) -> Found | None:
    """Find "streak" or "most improved", whose "most" says nothing by itself."""
    meant = {spoken: contest for contest in Contest for spoken in (contest.value, *contest.words)}
    places = [i for i, word in enumerate(words) if word.key in meant]
    found = sorted((meant[words[i].key] for i in places), key=lambda contest: contest is Contest.MOST)
    return (found[0], places) if found else None


def _route(words: Sequence[Word]) -> Found | None:
    return find_route([word.key for word in words])


def _code(words: Sequence[Word]) -> Found | None:
    for i, word in enumerate(words):
        if CODE.fullmatch(word.key.upper()):
            return Code(word.key.upper()), [i]
    return None


def _weeks(words: Sequence[Word]) -> Found | None:
    """Find "4 weeks", "4w", or a bare "4"."""
    for i, word in enumerate(words):
        after = words[i + 1].key.removesuffix("s") if i + 1 < len(words) else ""
        if match := re.fullmatch(r"([0-9]{1,3})(w|wk|wks|week|weeks)?", word.key):
            each = 1 if match[2] else WEEKS_IN.get(after, 1)
            return Weeks(int(match[1]) * each), [i, i + 1] if not match[2] and after in WEEKS_IN else [i]
        if after in WEEKS_IN and (word.key in NUMBERS or word.key in {"a", "next", "this", "the"}):
            return Weeks(NUMBERS.get(word.key, 1) * WEEKS_IN[after]), [i, i + 1]
    return None


def _length(words: Sequence[Word]) -> Found | None:
    found = find_length([word.key for word in words])
    return None if found is None else (Length(found[0]), found[1])


def _distance(words: Sequence[Word]) -> Found | None:
    found = find_distance([word.key for word in words])
    return None if found is None else (Distance(found[0]), found[1])


def _number(words: Sequence[Word]) -> Found | None:
    found = find_number([word.key for word in words])
    return None if found is None else (Number(found[0]), found[1])


def _amount(words: Sequence[Word]) -> Found | None:
    found = find_amount([word.key for word in words])
    return None if found is None else (Amount(found[0], found[1]), found[2])


def _hours(words: Sequence[Word]) -> Found | None:
    """Two times of day, apart or held together by a dash."""
    apart = [(i, part) for i, word in enumerate(words) for part in re.split("[-\u2013\u2014]", word.key) if part]
    times: list[tuple[time, range]] = []
    rest = [_as_on_a_clock(part) for _, part in apart]
    while len(times) < 2 and (found := find_clock(rest)):
        times.append((found[0], found[1]))
        rest = ["" if i in found[1] else part for i, part in enumerate(rest)]
    if len(times) < 2:
        return None
    first, second = sorted(times, key=lambda each: each[1].start)
    start = apart[first[1].start][0]
    led = start > 0 and words[start - 1].key in {"from", "between", "after"}
    said = range(start - led, apart[second[1].stop - 1][0] + 1)
    return Hours(first[0], second[0]), said


def _as_on_a_clock(part: str) -> str:
    """A dotted "21.30" and a bare "7" are times of day where two of them are wanted."""
    match = re.fullmatch(r"([0-9]{1,2})(?:[.:]?([0-9]{2}))?", part)
    return f"{match[1]}:{match[2] or '00'}" if match else part


def _each(words: Sequence[Word]) -> Found | None:
    """Find "per week", "a month", "weekly"; a bare "average" is for each week."""
    average = [i for i, word in enumerate(words) if word.key in {"average", "avg", "mean"}]
    for i, word in enumerate(words):
        if word.key in EACH:
            return EACH[word.key], [*average, i]
        if word.key in {"per", "each", "every", "a"} and i + 1 < len(words) and words[i + 1].key in set(Each):
            return Each(words[i + 1].key), [*average, i, i + 1]
    return (Each.WEEK, average) if average else None


def _person(words: Sequence[Word]) -> Found | None:
    marked = next((i for i, word in enumerate(words) if word.raw.lstrip("(\"'*_").startswith("@")), None)
    start = marked if marked is not None else 0
    if marked is None:
        named = [i for i, word in enumerate(words) if word.key not in POLITE]
        if not any(words[i].is_spoken for i in named):
            named = list(range(len(words)))
        start, stop = (named[0], named[-1] + 1) if named else (0, 0)
    else:
        stop = len(words)
    text = " ".join(word.raw for word in words[start:stop]).strip().lstrip("(\"'*_@").rstrip(EDGES).strip()
    name = POSSESSIVE.sub("", text)
    return (Person(name), range(start, stop)) if name else None


def _who(words: Sequence[Word]) -> Found | None:
    """Find "#17" anywhere; else a name."""
    signs = [i for i, word in enumerate(words) if re.fullmatch(r"#[0-9]{1,15}", word.key)]
    if signs:
        return Who(words[signs[0]].key), signs[:1]
    found = _person(words)
    return None if found is None else (Who(found[0]), found[1])


def _place(words: Sequence[Word]) -> Found | None:
    signs = (i for i, word in enumerate(words) if re.fullmatch(r"#[0-9]{1,15}", word.key))
    return next(((Place(words[i].key), [i]) for i in signs), None)


def _sure(words: Sequence[Word]) -> Found | None:
    """A yes at the end, after something: whoever is called Si is not agreed to by their name."""
    last = len(words) - 1
    if any(word.key.startswith("#") for word in words):
        return _among(YES, Sure.YES)(words)
    return (Sure.YES, [last]) if last > 0 and words[last].key in PLAINLY_YES else None


def _number_of(units: str) -> Reader:
    """Find "7 days" or "7d", by these units; gives the whole number and which unit it was."""
    joint = re.compile(rf"(\d{{1,4}})({units})?", re.ASCII)

    def read(words: Sequence[Word]) -> Found | None:
        for i, word in enumerate(words):
            found = joint.fullmatch(word.key)
            after = words[i + 1].key if i + 1 < len(words) else ""
            if found and found[2]:
                return (int(found[1]), found[2]), [i]
            if found and re.fullmatch(units, after):
                return (int(found[1]), after), [i, i + 1]
        return None

    return read


def _days(words: Sequence[Word]) -> Found | None:
    found = _number_of("d|days?|w|weeks?")(words)
    if found is None:
        return None
    (number, unit), places = found
    return Days(number * (7 if unit.startswith("w") else 1)), places


def _uses(words: Sequence[Word]) -> Found | None:
    found = _number_of("x|uses?|people|persons?|times|friends?")(words)
    if found is None:
        return next(((Uses(1), [i]) for i, word in enumerate(words) if word.key == "once"), None)
    return Uses(found[0][0]), found[1]


def _percent(words: Sequence[Word]) -> Found | None:
    for i, word in enumerate(words):
        if found := re.fullmatch(r"([0-9]{1,4})%?", word.key):
            return Percent(found[1]), [i]
    return None


def _setting(words: Sequence[Word]) -> Found | None:
    """Find what is to be set; the words that people put around it go with it."""
    for i, word in enumerate(words):
        if word.key in SETTINGS:
            around = [j for j, other in enumerate(words) if other.key in AROUND_SETTINGS]
            return SETTINGS[word.key], [i, *around]
    return None


def _whole(words: Sequence[Word]) -> Found | None:
    for i, word in enumerate(words):
        if re.fullmatch(r"[0-9]{1,4}", word.key):
            return int(word.key), [i]
    return next(((NUMBERS[word.key], [i]) for i, word in enumerate(words) if word.key in NUMBERS), None)


def _field(words: Sequence[Word]) -> Found | None:
    spoken = {word: field for field, said in FIELDS.items() for word in said.split()}
    return next(((Field(spoken[word.key]), [i]) for i, word in enumerate(words) if word.key in spoken), None)


def _newest(words: Sequence[Word]) -> Found | None:
    """Find "last", or "last run": there is only one that is the last."""
    found = _among({"last", "latest", "newest"}, Newest.LAST, {"this", "current"}, Newest.THIS)(words)
    if found is None:
        return None
    after = found[1][0] + 1
    named = after < len(words) and words[after].key in SESSIONS
    return found[0], [*found[1], after] if named else found[1]


def _rest(words: Sequence[Word]) -> Found | None:
    text = " ".join(word.raw for word in words).strip()
    return (Rest(text), range(len(words))) if text else None


def _zones() -> dict[str, str]:
    """Zones by full name and by city; a city that several zones share is left out."""
    names = sorted(
        name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix/", "right/"))
    )
    cities: dict[str, list[str]] = {}
    for name in names:
        cities.setdefault(name.rsplit("/", 1)[1].casefold(), []).append(name)
    return (
        {name.casefold(): name for name in names}
        | {city: found[0] for city, found in cities.items() if len(found) == 1}
        | {"utc": "UTC", "gmt": "UTC"}
    )


ZONES = _zones()

READERS: dict[type, Reader] = {
    Period: _period,
    Span: _span,
    Metric: _one_of(Metric),
    Sport: _one_of(Sport),
    time: _clock,
    Weekday: _weekday,
    Zone: _zone,
    Code: _code,
    Called: _called,
    Route: _route,
    Contest: _contest,
    Yes: _among(YES, Yes.YES),
    Off: _among(OFF, Off.OFF),
    Newest: _newest,
    Telling: _among({"table", "scoreboard"}, Telling.TABLE, {"story", "tale"}, Telling.STORY),
    Rhythm: find_rhythm,
    Weeks: _weeks,
    Days: _days,
    Uses: _uses,
    Percent: _percent,
    Setting: _setting,
    Sure: _sure,
    Place: _place,
    Who: _who,
    int: _whole,
    Rest: _rest,
    Each: _each,
    Switch: _among(ON, Switch.ON, OFF, Switch.OFF),
    Picture: _among(*(part for pair in PICTURES for part in pair)),
    Light: _among({"light", "bright"}, Light.LIGHT, {"dark", "night"}, Light.DARK),
    Whose: _among({"mine", "me", "my"}, Whose.MINE, {"group", "groups", "us", "our", "everybody"}, Whose.GROUP),
    Person: _person,
    Length: _length,
    Distance: _distance,
    Number: _number,
    Amount: _amount,
    Hours: _hours,
    Field: _field,
    Choose: _among({"privacy", "choose"}, Choose.CHOOSE),
    Units: _among(
        {"metric", "km", "kms", "kilometres", "kilometers"}, Units.METRIC, {"imperial", "miles", "mi"}, Units.IMPERIAL
    ),
    KeepOrErase: _among({"keep"}, KeepOrErase.KEEP, {"erase", "delete"}, KeepOrErase.ERASE),
    Included: _among({"include", "included", "on"}, Included.INCLUDE, {"exclude", "excluded", "off"}, Included.EXCLUDE),
}

# Read in this order: a date takes its number and its month before a number or a rest can.
ORDER = (
    Rhythm, Telling,
    Called, Route, Contest,
    Each, Hours, Amount, Length, Distance, Period, Span, Code, Days, Uses, time, Setting, Weekday, Metric, Sport,
    Picture, Light, Whose, Newest, Weeks, Choose, Field, Units, KeepOrErase, Included, Switch, Off, Sure, Yes,
    Zone, int, Percent, Number, Place, Who, Person, Rest,
)  # fmt: skip

USAGE: dict[type, str] = {
    Period: "when",
    Span: "until 3 jan",
    Metric: "|".join(Metric),
    Sport: "sport",
    time: "18:00",
    Weekday: "day",
    Zone: "city",
    Code: "CODE",
    Called: "called NAME",
    Route: "route",
    Contest: "improved|streak",
    Newest: "last",
    Telling: "table|story",
    Rhythm: "monthly 1",
    Weeks: "4 weeks",
    Yes: "yes",
    Off: "off",
    Days: "7 days",
    Uses: "10 uses",
    Percent: "number",
    Setting: "what",
    Sure: "yes",
    Place: "#17",
    Who: "name",
    int: "number",
    Rest: "name",
    Each: "per week",
    Switch: "on|off",
    Picture: "week|trend|sport",
    Light: "light|dark",
    Whose: "group",
    Person: "@name",
    Length: "45 min",
    Distance: "8 km",
    Number: "number",
    Amount: "120 km",
    Hours: "21:30-07:30",
    Field: "field",
    Choose: "privacy",
    Units: "metric|imperial",
    KeepOrErase: "keep|erase",
    Included: "include|exclude",
}
