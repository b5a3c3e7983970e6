"""An argument of a command: its kind, how it is found in a line, and how the help writes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from inspect import Parameter
from types import NoneType, UnionType
from typing import get_args, get_origin

from bot.arguments.choices import (
    Choose,
    Each,
    Included,
    Instead,
    KeepOrErase,
    Light,
    Newest,
    Off,
    Picture,
    Setting,
    Sure,
    Switch,
    Telling,
    Whose,
    Yes,
)
from bot.arguments.days import clock_in, days_in, each_in, hours_in, period_in, span_in, weekday_in, weeks_in, zone_in
from bot.arguments.figures import (
    amount_in,
    contest_in,
    distance_in,
    length_in,
    number_in,
    percent_in,
    route_in,
    uses_in,
    whole_in,
)
from bot.arguments.finding import (
    among,
    code_in,
    field_in,
    link_code_in,
    newest_in,
    one_of,
    said_by,
    setting_in,
    sure_in,
)
from bot.arguments.people import called_in, friend_in, person_in, place_in, rest_in, who_in
from bot.arguments.spoken import CHOICES, OFF, ON, PICTURES, YES, Found, Reader
from bot.arguments.values import (
    Amount,
    Called,
    Code,
    Days,
    Distance,
    Field,
    Friend,
    Hours,
    Length,
    LinkCode,
    Number,
    Percent,
    Person,
    Place,
    Rest,
    Uses,
    Weekday,
    Weeks,
    Who,
    Zone,
)
from bot.languages import texts_by
from bot.words.lines import Word
from bot.words.metrics import BOARDS
from bot.words.rhythms import Rhythm, find_rhythm
from fitness.challenges import Contest
from fitness.metrics import Metric
from fitness.periods import Period
from fitness.routes import Route
from fitness.spans import Span
from fitness.sports import Sport
from models import Units

READERS: dict[type, Reader] = {
    Period: period_in,
    Span: span_in,
    Metric: said_by(BOARDS),
    Sport: one_of(Sport),
    time: clock_in,
    Weekday: weekday_in,
    Zone: zone_in,
    Code: code_in,
    LinkCode: link_code_in,
    Called: called_in,
    Route: route_in,
    Contest: contest_in,
    Yes: among(YES, Yes.YES),
    Off: among(OFF, Off.OFF),
    Newest: newest_in,
    Telling: among(CHOICES["telling_table"], Telling.TABLE, CHOICES["telling_story"], Telling.STORY),
    Rhythm: find_rhythm,
    Weeks: weeks_in,
    Days: days_in,
    Uses: uses_in,
    Percent: percent_in,
    Setting: setting_in,
    Sure: sure_in,
    Place: place_in,
    Who: who_in,
    int: whole_in,
    Rest: rest_in,
    Each: each_in,
    Switch: among(ON, Switch.ON, OFF, Switch.OFF),
    Picture: among(*(part for pair in PICTURES for part in pair)),
    Light: among(CHOICES["light"], Light.LIGHT, CHOICES["dark"], Light.DARK),
    Whose: among(CHOICES["mine"], Whose.MINE, CHOICES["of_group"], Whose.GROUP),
    Friend: friend_in,
    Person: person_in,
    Length: length_in,
    Distance: distance_in,
    Number: number_in,
    Amount: amount_in,
    Hours: hours_in,
    Field: field_in,
    Choose: among(CHOICES["choose"], Choose.CHOOSE),
    Units: among(CHOICES["metric"], Units.METRIC, CHOICES["imperial"], Units.IMPERIAL),
    Instead: among(CHOICES["replace"], Instead.REPLACE, CHOICES["keep"], Instead.KEEP),
    KeepOrErase: among(CHOICES["keep"], KeepOrErase.KEEP, CHOICES["erase"], KeepOrErase.ERASE),
    Included: among(CHOICES["include"], Included.INCLUDE, CHOICES["exclude"], Included.EXCLUDE),
}
# Kinds are read in this order, so that a date takes its number and its month before a number or a rest can.
ORDER = (
    Rhythm, Telling,
    Called, Route, Contest,
    Each, Hours, Amount, Length, Distance, Period, Span, Code, LinkCode, Days, Uses, time, Setting, Weekday, Metric,
    Sport, Picture, Light, Whose, Newest, Weeks, Choose, Field, Units, Instead, KeepOrErase, Included, Switch, Off,
    Sure, Yes, Zone, int, Percent, Number, Place, Who, Friend, Person, Rest,
)  # fmt: skip
USAGE: dict[type, str] = {
    kind: "|".join(Metric) if kind is Metric else texts_by("usage")[kind.__name__] for kind in READERS
}


@dataclass(frozen=True)
class Argument:
    """An optional or required argument of a command, made from a parameter of its handler."""

    name: str
    kind: type
    required: bool

    @classmethod
    def from_parameter(cls, parameter: Parameter) -> "Argument":
        """Make an argument of a handler's parameter. `X | None = None` is an optional X."""
        kind = parameter.annotation
        if get_origin(kind) is UnionType:
            kind = next(each for each in get_args(kind) if each is not NoneType)
        return cls(parameter.name, kind, parameter.default is Parameter.empty)

    def find(self, words: Sequence[Word]) -> Found | None:
        """Return the value and the places of its words, or None."""
        return READERS[self.kind](words)

    @property
    def usage(self) -> str:
        """How the help writes it."""
        return USAGE[self.kind]
