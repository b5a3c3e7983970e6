"""The port to whoever draws pictures: what is on them, not how they look."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from providers.errors import ChartError

log = structlog.get_logger()


@dataclass(frozen=True)
class Segment:
    """One sport's share of a bar. `sport` is a value of `fitness.sports.Sport`."""

    sport: str
    value: float


@dataclass(frozen=True)
class Bar:
    """One member: place (ties share one), name, value in words, its parts, and the change in words or ''.

    `change` has no arrow: the sign of `trend` draws it.
    """

    place: int
    name: str
    value: float
    label: str
    segments: tuple[Segment, ...] = ()
    change: str = ""
    trend: int = 0


@dataclass(frozen=True)
class Leaderboard:
    """A group's board over one period: at most six bars are drawn. Texts are already in the reader's language."""

    title: str
    subtitle: str
    bars: tuple[Bar, ...]
    legend: tuple[tuple[str, str], ...] = ()
    ranked: bool = True

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> "Leaderboard":
        """Read what `dataclasses.asdict` and JSON made of it."""
        bars = tuple(
            Bar(**{**bar, "segments": tuple(Segment(**part) for part in bar["segments"])}) for bar in facts["bars"]
        )
        return cls(**{**facts, "bars": bars, "legend": tuple((sport, label) for sport, label in facts["legend"])})


class Charts(Protocol):
    """Draws a picture."""

    def draw(self, chart: Leaderboard) -> bytes:
        """Give a PNG of 1080×1080 pixels, under 300 KB. Raises `providers.errors.ChartError`."""
        ...


class FallbackCharts:
    """Draws with the first and, where that fails, with the second: a digest should not go without its picture."""

    def __init__(self, first: Charts, then: Charts) -> None:
        self._first, self._then = first, then

    def draw(self, chart: Leaderboard) -> bytes:
        """Draw a board with whoever can."""
        try:
            return self._first.draw(chart)
        except ChartError as error:
            log.warning("chart_fell_back", first=type(self._first).__name__, reason=str(error))
            return self._then.draw(chart)
