"""The port for drawing pictures. It describes what a picture shows, not how it looks."""

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
    """One member: place (ties share one), name, value, value as text, its parts, and the change as text or ''.

    `change` has no arrow; it is drawn from the sign of `trend`. `usual` is the member's usual week in the
    unit of `value`; 0 if it is unknown.
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
    """One column of a picture over time: its label, its height, the height as text, its sports, and the group's height
    beside it (None if it is unknown).
    """

    label: str
    value: float
    said: str
    segments: tuple[Segment, ...] = ()
    beside: float | None = None
    beside_said: str = ""


@dataclass(frozen=True)
class ChartPart:
    """One sport of a mix: its name, its size, the size as text, and its share as text."""

    sport: str
    name: str
    value: float
    said: str
    share: str


@dataclass(frozen=True)
class ChartFact:
    """A figure and what it means: "Longest streak", "9 days", and perhaps "3–11 Nov"."""

    label: str
    value: str
    more: str = ""


Legend = tuple[tuple[str, str], ...]
# The ids of the members whose names are on the picture. Only callers that store pictures use them.
Shows = tuple[int, ...]


@dataclass(frozen=True)
class Leaderboard:
    """A group's board over one period: at most six bars are drawn. Texts are already in the reader's language.

    `usual` is the name in the legend of the marker for a usual week; '' draws no marker.
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
    """A challenge's result or standing: a headline ("José wins!"), at most five bars, and a
    goal ('' and 0 for none).
    """

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
    """Weeks side by side, at most twelve: columns for `mine`, and a line for `beside` ('' without a group)."""

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
    """One member's days: columns by sport, below at most four figures."""

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
    """How a person's time is divided among sports: a ring of at most six sports, with the total in the middle."""

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
    """A month or a year of a member or a group on a tall card: one large figure, at most six others, the sports, a
    landmark as far away as the total distance, and at most six awards (`label` is the member, `value` the award).
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
    """Read a chart from the output of `dataclasses.asdict` and JSON. Without a kind it is a leaderboard.

    Raises `ChartError` if the data are not those of a chart; the message is then sent without its picture.
    """
    try:
        return _CHARTS.validate_python({"kind": "leaderboard", **facts})
    except ValueError as error:
        raise ChartError(f"not the facts of a chart: {facts.get('kind')}") from error


def light_chart(chart: Chart, *, dark: bool) -> Chart:
    """Return the same chart in dark or light colours."""
    return replace(chart, dark=dark)


class Charts(Protocol):
    """Draws pictures. `lacks` names the scripts that are drawn as empty boxes because fonts are missing."""

    lacks: tuple[str, ...]

    def draw(self, chart: Chart) -> bytes:
        """Return a PNG of 1080×1080 pixels (a `Wrapped`: 1080×1350), under 300 KB. Raises
        `providers.errors.ChartError`.
        """
        ...


class FallbackCharts:
    """Draws with the first port and, if that fails, with the second, so that a digest rarely lacks its picture."""

    def __init__(self, first: Charts, then: Charts) -> None:
        self._first, self._then = first, then
        self.lacks = then.lacks

    def draw(self, chart: Chart) -> bytes:
        """Draw with the first port; with the second if the first raises `ChartError`."""
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
