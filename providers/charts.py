"""The port to whoever draws pictures: what is on them, not how they look."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

import structlog
from pydantic import TypeAdapter

from providers.errors import ChartError

log = structlog.get_logger()

ARROWS = {1: "▲ ", 0: "", -1: "▼ "}


@dataclass(frozen=True)
class Segment:
    """One sport's share of a bar. `sport` is a value of `fitness.sports.Sport`."""

    sport: str
    value: float


@dataclass(frozen=True)
class Bar:
    """One member: place (ties share one), name, value in words, its parts, and the change in words or ''.

    `change` has no arrow: the sign of `trend` draws it. `usual` is what this member's week is like as a rule, in the
    measure of `value`; 0 where nobody knows.
    """

    place: int
    name: str
    value: float
    label: str
    segments: tuple[Segment, ...] = ()
    change: str = ""
    trend: int = 0
    usual: float = 0.0


@dataclass(frozen=True)
class Mark:
    """One column of a picture over time: what stands under it, its height, that in words, its sports, and how high
    the group stands beside it (None: nobody knows).
    """

    label: str
    value: float
    said: str
    segments: tuple[Segment, ...] = ()
    beside: float | None = None
    beside_said: str = ""


@dataclass(frozen=True)
class ChartPart:
    """One sport of a mix: its name, its size, that in words, and its share in words."""

    sport: str
    name: str
    value: float
    said: str
    share: str


@dataclass(frozen=True)
class ChartFact:
    """A figure with what it is: "Longest streak", "9 days", and perhaps "3–11 Nov"."""

    label: str
    value: str
    more: str = ""


Legend = tuple[tuple[str, str], ...]
# Whose names are on the picture, as ids that nothing here understands: for whoever keeps pictures.
Shows = tuple[int, ...]


@dataclass(frozen=True)
class Leaderboard:
    """A group's board over one period: at most six bars are drawn. Texts are already in the reader's language.

    `usual` names the marker for a usual week in the legend; '' draws none.
    """

    title: str
    subtitle: str
    bars: tuple[Bar, ...]
    legend: Legend = ()
    ranked: bool = True
    usual: str = ""
    dark: bool = False
    shows: Shows = ()
    kind: Literal["leaderboard"] = "leaderboard"

    @property
    def alt(self) -> str:
        """All its figures as text."""
        return _alt(self.title, self.subtitle, *(_bar_said(bar, ranked=self.ranked) for bar in self.bars))


@dataclass(frozen=True)
class Result:
    """How a challenge ended, or stands: a headline ("José wins!"), at most five bars, and a goal ('' and 0: none)."""

    title: str
    subtitle: str
    headline: str
    bars: tuple[Bar, ...]
    legend: Legend = ()
    ranked: bool = True
    goal: float = 0.0
    goal_said: str = ""
    dark: bool = False
    shows: Shows = ()
    kind: Literal["result"] = "result"

    @property
    def alt(self) -> str:
        """All its figures as text."""
        bars = (_bar_said(bar, ranked=self.ranked) for bar in self.bars)
        return _alt(self.title, self.subtitle, self.headline, self.goal_said, *bars)


@dataclass(frozen=True)
class Trend:
    """Weeks side by side: columns for `mine`, a line for `beside` ('' where there is no group), at most twelve."""

    title: str
    subtitle: str
    marks: tuple[Mark, ...]
    mine: str
    beside: str = ""
    dark: bool = False
    shows: Shows = ()
    kind: Literal["trend"] = "trend"

    @property
    def alt(self) -> str:
        """All its figures as text."""
        return _alt(self.title, self.subtitle, *(self._said(mark) for mark in self.marks))

    def _said(self, mark: Mark) -> str:
        group = f", {self.beside} {mark.beside_said}" if self.beside and mark.beside_said else ""
        return f"{mark.label}: {mark.said}{group}"


@dataclass(frozen=True)
class WeekChart:
    """One member's days: columns by sport under at most four figures."""

    title: str
    subtitle: str
    facts: tuple[ChartFact, ...]
    marks: tuple[Mark, ...]
    legend: Legend = ()
    dark: bool = False
    shows: Shows = ()
    kind: Literal["week"] = "week"

    @property
    def alt(self) -> str:
        """All its figures as text."""
        days = (f"{mark.label}: {mark.said}" for mark in self.marks if mark.said)
        return _alt(self.title, self.subtitle, *map(_fact_said, self.facts), *days)


@dataclass(frozen=True)
class Mix:
    """What somebody's time went to: a ring of at most six sports around the whole."""

    title: str
    subtitle: str
    whole: str
    whole_label: str
    parts: tuple[ChartPart, ...]
    dark: bool = False
    shows: Shows = ()
    kind: Literal["mix"] = "mix"

    @property
    def alt(self) -> str:
        """All its figures as text."""
        parts = (f"{part.name}: {part.said} ({part.share})" for part in self.parts)
        return _alt(self.title, self.subtitle, f"{self.whole} {self.whole_label}", *parts)


@dataclass(frozen=True)
class Wrapped:
    """A month or a year of a member or a group on a tall card: one large figure, at most six others, the sports,
    a landmark that the way would have led to, and at most six awards (label: who; value: for what).
    """

    title: str
    subtitle: str
    hero: ChartFact
    facts: tuple[ChartFact, ...]
    segments: tuple[Segment, ...] = ()
    legend: Legend = ()
    landmark: str = ""
    awards: tuple[ChartFact, ...] = ()
    dark: bool = False
    shows: Shows = ()
    kind: Literal["wrapped"] = "wrapped"

    @property
    def alt(self) -> str:
        """All its figures as text."""
        facts = map(_fact_said, (self.hero, *self.facts))
        sports = ", ".join(name for sport, name in self.legend)
        return _alt(self.title, self.subtitle, *facts, sports, self.landmark, *map(_fact_said, self.awards))


Chart = Leaderboard | Result | Trend | WeekChart | Mix | Wrapped

_CHARTS: TypeAdapter[Chart] = TypeAdapter(Chart)


def read_chart(facts: Mapping[str, Any]) -> Chart:
    """Read what `dataclasses.asdict` and JSON made of a chart. One without its kind is a board.

    Raises ChartError: a picture that nobody knows how to draw is missing, and the text under it is not.
    """
    try:
        return _CHARTS.validate_python({"kind": "leaderboard", **facts})
    except ValueError as error:
        raise ChartError(f"not the facts of a chart: {facts.get('kind')}") from error


def light_chart(chart: Chart, *, dark: bool) -> Chart:
    """The same picture in the other light."""
    return replace(chart, dark=dark)


class Charts(Protocol):
    """Draws a picture. `lacks` names the scripts whose letters come out as empty boxes, for want of fonts."""

    lacks: tuple[str, ...]

    def draw(self, chart: Chart) -> bytes:
        """Give a PNG of 1080×1080 pixels (a wrapped: 1080×1350), under 300 KB. Raises `providers.errors.ChartError`."""
        ...


class FallbackCharts:
    """Draws with the first and, where that fails, with the second: a digest should not go without its picture."""

    def __init__(self, first: Charts, then: Charts) -> None:
        self._first, self._then = first, then
        self.lacks = then.lacks

    def draw(self, chart: Chart) -> bytes:
        """Draw a chart with whoever can."""
        try:
            return self._first.draw(chart)
        except ChartError as error:
            log.warning("picture drawn by the second", first=type(self._first).__name__, reason=str(error))
            return self._then.draw(chart)


def _bar_said(bar: Bar, *, ranked: bool) -> str:
    sign = (bar.trend > 0) - (bar.trend < 0)
    words = (f"{bar.place}." if ranked else "", bar.name, bar.label, ARROWS[sign] + bar.change if bar.change else "")
    return " ".join(word for word in words if word)


def _fact_said(fact: ChartFact) -> str:
    return f"{fact.label}: {fact.value}" + (f" ({fact.more})" if fact.more else "")


def _alt(*lines: str) -> str:
    return "\n".join(line for line in lines if line)
