"""A board as an SVG: where things stand on the card, and how large they are."""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from providers.boards import change, colour, length, present, shares, shown
from providers.charts import Bar, Leaderboard
from providers.lettering import Words, clip, fit, initial, plain, width

__all__ = ["clip", "plain", "svg"]

# The card is 1080 wide and high. A row is drawn in its own measure, 100 high, then scaled: few rows are larger rows.
CARD, MARGIN, HEADER = 1080, 48, 192
INNER = CARD - 2 * MARGIN
SCALES = {1: 1.6, 2: 1.45, 3: 1.3, 4: 1.14, 5: 1.06}
HEADROOM = {1: 76, 2: 48}
SMALLEST = 36  # what still reads on a phone
BAR_LEFT, BAR_MIDDLE, BAR_RADIUS = 112, 81, 19
NARROWEST = 6
LEGEND_BASELINE, LEGEND_PITCH, LEGEND_GAP, SWATCH = 1034, 50, 28, 42

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "templates" / "charts"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Frame:
    """How the card is shared out: where rows begin and how far apart, their scale, and their right edges."""

    top: float
    step: float
    scale: float
    right: float
    track: float


@dataclass(frozen=True)
class Row:
    """One member's row in its own measure; `y` is where it stands on the card."""

    y: float
    medal: int
    badge: Words
    name: Words
    label: Words
    change: Words
    trend: int
    slices: list[tuple[str, str]]


@dataclass(frozen=True)
class Key:
    """One sport in the legend."""

    x: float
    y: int
    colour: str
    words: Words


def svg(chart: Leaderboard) -> str:
    """Draw a board; the same board always gives the same text. It may stand inside a page under a strict CSP."""
    bars = shown(chart)
    lines = _lines(present(chart))
    frame = _frame(bars, len(lines))
    legend_top = round(frame.top + frame.step * len(bars) + LEGEND_PITCH)
    return _TEMPLATES.get_template("leaderboard.svg").render(
        id=f"board-{zlib.crc32(repr(chart).encode()):08x}",
        title=fit(chart.title, INNER, 62, 38),
        subtitle=fit(chart.subtitle, INNER, 38, 34),
        spoken=[_spoken(bar, ranked=chart.ranked) for bar in bars],
        frame=frame,
        rows=[_row(chart, bar, frame, n) for n, bar in enumerate(bars)],
        keys=[key for n, line in enumerate(lines) for key in _line(line, legend_top + n * LEGEND_PITCH)],
        free=CARD - legend_top - LEGEND_PITCH * len(lines) - 10,
    )


def _frame(bars: Sequence[Bar], legend_lines: int) -> Frame:
    count, scale = len(bars), SCALES.get(len(bars), 1.0)
    top = HEADER + 24 + HEADROOM.get(count, 0)
    bottom = LEGEND_BASELINE - LEGEND_PITCH * max(1, legend_lines)
    # Up to three rows keep together and leave the rest of the card to the landscape.
    step = 148 * scale if 1 <= count <= 3 else (bottom - top) / max(1, count)
    right = INNER / scale
    widest = max((width(_change(bar, scale).text) * _change(bar, scale).size for bar in bars), default=0)
    return Frame(top, step, scale, round(right, 1), round(right - widest - (28 if widest else 0), 1))


def _row(chart: Leaderboard, bar: Bar, frame: Frame, place: int) -> Row:
    least = round(SMALLEST / frame.scale)
    label = fit(bar.label, 300, 48, least)
    room = frame.right - BAR_LEFT - width(label.text) * label.size - 24
    return Row(
        y=round(frame.top + place * frame.step, 1),
        medal=bar.place if chart.ranked and 1 <= bar.place <= 3 and length(bar.value) else 0,
        badge=fit(str(bar.place) if chart.ranked else initial(bar.name), 52, 40, 20),
        name=fit(plain(bar.name) or "?", room, 44, least),
        label=label,
        change=_change(bar, frame.scale),
        trend=bar.trend,
        slices=_slices(chart, bar, frame.track - BAR_LEFT),
    )


def _change(bar: Bar, scale: float) -> Words:
    return fit(change(bar), 190, 36, round(SMALLEST / scale))


def _spoken(bar: Bar, *, ranked: bool) -> str:
    words = (f"{bar.place}." if ranked else "", plain(bar.name), plain(bar.label), change(bar))
    return " ".join(word for word in words if word)


def _slices(chart: Leaderboard, bar: Bar, room: float) -> list[tuple[str, str]]:
    """Cut the bar's pill at the sports' borders: what is cut out of a pill cannot overhang it."""
    if not length(bar.value):
        return []
    whole = max(2 * BAR_RADIUS, room * length(bar.value) / max(length(each.value) for each in shown(chart)))
    parts = shares(chart, bar)
    least = min(NARROWEST, whole / 2 / len(parts))
    spare = (whole - least * len(parts)) / length(bar.value)
    borders = list(accumulate((least + spare * value for _, value in parts), initial=float(BAR_LEFT)))
    last = len(parts) - 1
    return [
        (_cut(left + 1.5 * (n > 0), right - 1.5 * (n < last), borders[-1]), colour(parts[n][0]))
        for n, (left, right) in enumerate(pairwise(borders))
    ]


def _cut(left: float, right: float, end: float) -> str:
    """Give the outline of the pill between two uprights."""
    caps = (BAR_LEFT + BAR_RADIUS, end - BAR_RADIUS)

    def rise(x: float) -> float:
        return math.sqrt(max(0.0, BAR_RADIUS**2 - max(0.0, caps[0] - x, x - caps[1]) ** 2))

    def edge(stops: Sequence[float], side: int) -> str:
        return "".join(_stroke(b, BAR_MIDDLE + side * rise(b), rise(a) == rise(b)) for a, b in pairwise(stops))

    stops = [left, *(cap for cap in sorted(set(caps)) if left < cap < right), right]
    over, under = edge(stops, -1), edge(stops[::-1], 1)
    return f"M{left:.1f} {BAR_MIDDLE - rise(left):.1f}{over}V{BAR_MIDDLE + rise(right):.1f}{under}Z"


def _stroke(x: float, y: float, level: bool) -> str:
    return f"H{x:.1f}" if level else f"A{BAR_RADIUS} {BAR_RADIUS} 0 0 1 {x:.1f} {y:.1f}"


def _lines(entries: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Set the legend in one line, or in two where it does not fit."""
    half = (len(entries) + 1) // 2
    lines = [entries] if _run(entries) <= INNER else [entries[:half], entries[half:]]
    return [line for line in lines if line]


def _line(entries: Sequence[tuple[str, str]], y: int) -> list[Key]:
    share = INNER if _run(entries) <= INNER else (INNER + LEGEND_GAP) / len(entries) - SWATCH - LEGEND_GAP
    words = [fit(label, share, 36, 28) for _, label in entries]
    runs = [SWATCH + width(each.text) * each.size for each in words]
    gap = min(64.0, (INNER - sum(runs)) / max(1, len(runs) - 1))
    starts = accumulate((run + gap for run in runs), initial=float(MARGIN))
    return [
        Key(round(x, 1), y, colour(sport), each) for (sport, _), each, x in zip(entries, words, starts, strict=False)
    ]


def _run(entries: Sequence[tuple[str, str]]) -> float:
    return sum(SWATCH + width(plain(label)) * 36 + LEGEND_GAP for _, label in entries) - LEGEND_GAP
