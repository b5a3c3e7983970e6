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
    PictureWanted,
    Setting,
    Sure,
    Switch,
    Telling,
    Whose,
    Yes,
)
from bot.arguments.days import (
    read_clock,
    read_days,
    read_each,
    read_hours,
    read_period,
    read_span,
    read_weekday,
    read_weeks,
    read_zone,
)
from bot.arguments.figures import (
    read_amount,
    read_contest,
    read_distance,
    read_length,
    read_number,
    read_percent,
    read_route,
    read_uses,
    read_whole_number,
)
from bot.arguments.finding import (
    make_reader_of_choices,
    make_reader_of_enum,
    make_word_reader,
    read_code,
    read_field,
    read_link_code,
    read_newest,
    read_setting,
    read_sure,
)
from bot.arguments.people import (
    read_account_sign,
    read_called,
    read_marked_person,
    read_member_wanted,
    read_own_membership,
    read_person,
    read_rest,
)
from bot.arguments.spoken import CHOICES, OFF, ON, PICTURES, YES, Found, Reader
from bot.arguments.values import (
    AccountSign,
    Amount,
    Called,
    Code,
    Days,
    Distance,
    Field,
    Hours,
    Length,
    LinkCode,
    MarkedPerson,
    MemberWanted,
    Number,
    OwnMembership,
    Percent,
    Person,
    Rest,
    Uses,
    Weekday,
    Weeks,
    Zone,
)
from bot.languages.lists import read_texts_by
from bot.words.lines import LineWord
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
    Period: read_period,
    Span: read_span,
    Metric: make_word_reader(BOARDS),
    Sport: make_reader_of_enum(Sport),
    time: read_clock,
    Weekday: read_weekday,
    Zone: read_zone,
    Code: read_code,
    LinkCode: read_link_code,
    Called: read_called,
    Route: read_route,
    Contest: read_contest,
    Yes: make_reader_of_choices(YES, Yes.YES),
    Off: make_reader_of_choices(OFF, Off.OFF),
    Newest: read_newest,
    Telling: make_reader_of_choices(CHOICES["telling_table"], Telling.TABLE, CHOICES["telling_story"], Telling.STORY),
    Rhythm: find_rhythm,
    Weeks: read_weeks,
    Days: read_days,
    Uses: read_uses,
    Percent: read_percent,
    Setting: read_setting,
    Sure: read_sure,
    OwnMembership: read_own_membership,
    AccountSign: read_account_sign,
    MemberWanted: read_member_wanted,
    int: read_whole_number,
    Rest: read_rest,
    Each: read_each,
    Switch: make_reader_of_choices(ON, Switch.ON, OFF, Switch.OFF),
    PictureWanted: make_reader_of_choices(*(part for pair in PICTURES for part in pair)),
    Light: make_reader_of_choices(CHOICES["light"], Light.LIGHT, CHOICES["dark"], Light.DARK),
    Whose: make_reader_of_choices(CHOICES["mine"], Whose.MINE, CHOICES["of_group"], Whose.GROUP),
    MarkedPerson: read_marked_person,
    Person: read_person,
    Length: read_length,
    Distance: read_distance,
    Number: read_number,
    Amount: read_amount,
    Hours: read_hours,
    Field: read_field,
    Choose: make_reader_of_choices(CHOICES["choose"], Choose.CHOOSE),
    Units: make_reader_of_choices(CHOICES["metric"], Units.METRIC, CHOICES["imperial"], Units.IMPERIAL),
    Instead: make_reader_of_choices(CHOICES["replace"], Instead.REPLACE, CHOICES["keep"], Instead.KEEP),
    KeepOrErase: make_reader_of_choices(CHOICES["keep"], KeepOrErase.KEEP, CHOICES["erase"], KeepOrErase.ERASE),
    Included: make_reader_of_choices(CHOICES["include"], Included.INCLUDE, CHOICES["exclude"], Included.EXCLUDE),
}
# Kinds are read in this order, so that a date takes its number and its month before a number or a rest can.
ORDER = (
    Rhythm, Telling,
    Called, Route, Contest,
    Each, Hours, Amount, Length, Distance, Period, Span, Code, LinkCode, Days, Uses, time, Setting, Weekday, Metric,
    Sport, PictureWanted, Light, Whose, Newest, Weeks, Choose, Field, Units, Instead, KeepOrErase, Included, Switch,
    Off, Sure, Yes, Zone, int, Percent, Number, OwnMembership, AccountSign, MemberWanted, MarkedPerson, Person, Rest,
)  # fmt: skip
USAGE: dict[type, str] = {
    kind: "|".join(Metric) if kind is Metric else read_texts_by("usage")[kind.__name__] for kind in READERS
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

    def find(self, words: Sequence[LineWord]) -> Found | None:
        """Return the value and the places of its words, or None."""
        return READERS[self.kind](words)

    @property
    def usage(self) -> str:
        """How the help writes it."""
        return USAGE[self.kind]
