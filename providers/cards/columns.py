"""Cards with columns: a trend over weeks, and one member's week."""

from collections.abc import Sequence
from dataclasses import dataclass

from providers.cards.boards import clip_length
from providers.cards.canvas import INNER, LEGEND_PITCH, MARGIN, MARKER, paint, place_legend, set_legend
from providers.cards.lettering import Words, clean_text, fit
from providers.cards.themes import choose_colour
from providers.charts import ChartFact, Mark, Trend, WeekChart

MOST_COLUMNS = 12
TREND_TOP, TREND_BOTTOM = 300, 850
WEEK_TOP, WEEK_BOTTOM = 470, 850
NARROWEST, GAP = 8, 4
MOST_FACTS = 4


@dataclass(frozen=True)
class Block:
    """One coloured part of a column."""

    y: float
    height: float
    colour: str


@dataclass(frozen=True)
class Column:
    """One week or day: its middle, its blocks from the bottom up, the value above it, and its label in two lines."""

    x: float
    top: float
    blocks: list[Block]
    said: Words
    label: Words
    under: Words
    dot: float | None


@dataclass(frozen=True)
class Tile:
    """A figure and its label."""

    x: float
    width: float
    value: Words
    label: Words


def draw_trend(chart: Trend) -> str:
    """Draw weeks: columns for the member, a line for the group."""
    marks = chart.marks[-MOST_COLUMNS:]
    beside = bool(chart.beside) and any(mark.beside is not None for mark in marks)
    lines = set_legend([("", chart.mine), *([(MARKER, chart.beside)] if beside else [])])
    columns = _columns(marks, TREND_TOP, TREND_BOTTOM, dark=chart.dark, legend=())
    return paint(
        chart,
        "trend.svg",
        spoken=[clean_text(line) for line in chart.alt.splitlines()[2:]],
        columns=columns,
        wide=_wide(marks),
        foot=TREND_BOTTOM,
        line=[(column.x, column.dot) for column in columns if column.dot is not None] if beside else [],
        keys=place_legend(lines, 1034 - LEGEND_PITCH * (len(lines) - 1), dark=chart.dark),
    )


def draw_week(chart: WeekChart) -> str:
    """Draw one member's days below the week's figures."""
    worn = {part.sport for mark in chart.marks for part in mark.segments if clip_length(part.value)}
    lines = set_legend([(sport, label) for sport, label in chart.legend if sport in worn])
    order = [sport for sport, _ in chart.legend]
    return paint(
        chart,
        "week.svg",
        spoken=[clean_text(line) for line in chart.alt.splitlines()[2:]],
        tiles=_tiles(chart.facts[:MOST_FACTS]),
        columns=_columns(chart.marks[:MOST_COLUMNS], WEEK_TOP, WEEK_BOTTOM, dark=chart.dark, legend=order),
        wide=_wide(chart.marks[:MOST_COLUMNS]),
        foot=WEEK_BOTTOM,
        keys=place_legend(lines, 1034 - LEGEND_PITCH * (len(lines) - 1), dark=chart.dark),
    )


def _columns(marks: Sequence[Mark], top: int, foot: int, *, dark: bool, legend: Sequence[str]) -> list[Column]:
    pitch = INNER / max(1, len(marks))
    highest = max([clip_length(max(mark.value, mark.beside or 0.0)) for mark in marks], default=0.0)

    def up(value: float) -> float:
        return (foot - top) * clip_length(value) / highest if highest else 0.0

    columns = []
    for n, mark in enumerate(marks):
        first, _, rest = mark.label.partition(" ")
        height = max(NARROWEST, up(mark.value)) if clip_length(mark.value) else 0.0
        columns.append(
            Column(
                x=round(MARGIN + pitch * (n + 0.5), 1),
                top=round(foot - height, 1),
                blocks=_blocks(mark, height, foot, legend, dark=dark),
                said=fit(mark.said, pitch - 6, 40, 24),
                label=fit(first, pitch - 4, 36, 24),
                under=fit(rest, pitch - 4, 36, 24),
                dot=None if mark.beside is None else round(foot - up(mark.beside), 1),
            )
        )
    return columns


def _blocks(mark: Mark, height: float, foot: int, legend: Sequence[str], *, dark: bool) -> list[Block]:
    """Divide a column into its sports, from the bottom up."""
    if not height:
        return []
    parts = [(part.sport, clip_length(part.value)) for part in mark.segments if clip_length(part.value)] or [("", 1.0)]
    parts.sort(key=lambda part: legend.index(part[0]) if part[0] in legend else len(legend))
    least = min(NARROWEST, height / 2 / len(parts))
    spare = (height - least * len(parts)) / sum(value for _, value in parts)
    blocks, y = [], float(foot)
    for n, (sport, value) in enumerate(parts):
        tall = least + spare * value
        gap = GAP if n < len(parts) - 1 and tall > 3 * GAP else 0
        blocks.append(Block(round(y - tall + gap, 1), round(tall - gap, 1), choose_colour(sport, dark=dark)))
        y -= tall
    return blocks


def _wide(marks: Sequence[Mark]) -> float:
    return round(min(96.0, INNER / max(1, len(marks)) * 0.66), 1)


def _tiles(facts: Sequence[ChartFact]) -> list[Tile]:
    """Return the tiles, all with the smallest text size that one of them needs."""
    share = INNER / max(1, len(facts))
    values = [fit(fact.value, share - 36, 64, 36) for fact in facts]
    size = min((value.size for value in values), default=64)
    return [
        Tile(round(MARGIN + share * n, 1), share, Words(value.text, size), fit(fact.label, share - 36, 36, 28))
        for n, (fact, value) in enumerate(zip(facts, values, strict=True))
    ]
