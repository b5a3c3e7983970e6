"""Cards with rows of members: leaderboards and results."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from providers.cards.boards import choose_bars, clip_length, find_present_sports, split_bar, write_change
from providers.cards.canvas import (
    CARD,
    HEADER,
    INNER,
    LEGEND_BASELINE,
    LEGEND_PITCH,
    MARKER,
    SMALLEST,
    paint,
    place_legend,
    set_legend,
)  # fmt: skip
from providers.cards.lettering import Words, choose_initial, clean_text, estimate_width, fit
from providers.cards.themes import choose_colour
from providers.charts import Bar, Leaderboard, Result

# A row is designed at a height of 100 and then scaled: the fewer rows, the larger they are.
SCALES = {1: 1.6, 2: 1.45, 3: 1.3, 4: 1.14, 5: 1.06}
HEADROOM = {1: 76, 2: 48, 4: 18, 5: 6}
HEADLINE = 126
BAR_LEFT, BAR_MIDDLE, BAR_RADIUS = 112, 81, 19
NARROWEST = 6
READABLE = 38  # names may shrink to this size so that rows can be larger, but no further


@dataclass(frozen=True)
class Frame:
    """The layout of a card: the top of the first row, the distance between rows, their scale, and their right edges."""

    top: float
    step: float
    scale: float
    right: float
    track: float


@dataclass(frozen=True)
class Row:
    """One member's row, in its own coordinates. `y` is its place on the card; `marker` the
    place of its marker, or 0.
    """

    y: float
    medal: int
    badge: Words
    name: Words
    label: Words
    change: Words
    trend: int
    slices: list[tuple[str, str]]
    marker: float


def draw_leaderboard(chart: Leaderboard) -> str:
    """Draw a leaderboard."""
    marked = chart.usual and any(clip_length(bar.usual) for bar in choose_bars(chart))
    return _rows(chart, "leaderboard.svg", HEADER, [(MARKER, chart.usual)] if marked else [])


def draw_result(chart: Result) -> str:
    """Draw a challenge's result: the headline, then the rows."""
    marked = chart.goal_said and clip_length(chart.goal)
    return _rows(
        chart,
        "result.svg",
        HEADER + HEADLINE,
        [(MARKER, chart.goal_said)] if marked else [],
        headline=fit(chart.headline, INNER - 132, 52, SMALLEST),
    )


def _rows(chart: Leaderboard | Result, template: str, top: int, markers: list[tuple[str, str]], **facts: object) -> str:
    bars = choose_bars(chart)
    lines = set_legend([*find_present_sports(chart), *markers])
    frame = _frame(bars, len(lines), top)
    legend_top = round(frame.top + frame.step * len(bars) + LEGEND_PITCH)
    return paint(
        chart,
        template,
        spoken=[_spoken(bar, ranked=chart.ranked) for bar in bars],
        frame=frame,
        rows=[_row(chart, bar, frame, n) for n, bar in enumerate(bars)],
        keys=place_legend(lines, legend_top, dark=chart.dark),
        free=CARD - legend_top - LEGEND_PITCH * len(lines) - 10,
        **facts,
    )


def _frame(bars: Sequence[Bar], legend_lines: int, header: int) -> Frame:
    count = len(bars)
    scale = _scale(bars) * (1 if header == HEADER else 0.94)
    top = header + 24 + HEADROOM.get(count, 0)
    bottom = LEGEND_BASELINE - LEGEND_PITCH * max(1, legend_lines)
    # Up to three rows stay together, and the landscape fills the rest of the card.
    step = 148 * scale if 1 <= count <= 3 else (bottom - top) / max(1, count)
    right = INNER / scale
    widest = max((estimate_width(_change(bar, scale).text) * _change(bar, scale).size for bar in bars), default=0)
    return Frame(top, step, scale, round(right, 1), round(right - widest - (28 if widest else 0), 1))


def _scale(bars: Sequence[Bar]) -> float:
    """Return the scale of the rows: large if there are few, but not so large that a long name must
    shrink below `READABLE`.
    """
    scale = SCALES.get(len(bars), 1.0)
    for bar in bars:
        needed = (
            BAR_LEFT + estimate_width(clean_text(bar.name)) * READABLE + 24 + estimate_width(clean_text(bar.label)) * 48
        )
        scale = min(scale, INNER / needed)
    return max(1.0, scale)


def _row(chart: Leaderboard | Result, bar: Bar, frame: Frame, place: int) -> Row:
    least = round(SMALLEST / frame.scale)
    label = fit(bar.label, 300, 48, least)
    room = frame.right - BAR_LEFT - estimate_width(label.text) * label.size - 24
    return Row(
        y=round(frame.top + place * frame.step, 1),
        medal=bar.place if chart.ranked and 1 <= bar.place <= 3 and clip_length(bar.value) else 0,
        badge=fit(str(bar.place) if chart.ranked else choose_initial(bar.name), 52, 40, 20),
        name=fit(clean_text(bar.name) or "?", room, 44, least),
        label=label,
        change=_change(bar, frame.scale),
        trend=bar.trend,
        slices=_slices(chart, bar, frame.track - BAR_LEFT),
        marker=_marker(chart, bar, frame.track - BAR_LEFT),
    )


def _change(bar: Bar, scale: float) -> Words:
    return fit(write_change(bar), 190, 36, round(SMALLEST / scale))


def _spoken(bar: Bar, *, ranked: bool) -> str:
    words = (f"{bar.place}." if ranked else "", clean_text(bar.name), clean_text(bar.label), write_change(bar))
    return " ".join(word for word in words if word)


def _marked(chart: Leaderboard | Result, bar: Bar) -> float:
    """Return the value that the marker on this bar shows; 0 without a marker."""
    if isinstance(chart, Result):
        return clip_length(chart.goal) if chart.goal_said else 0.0
    return clip_length(bar.usual) if chart.usual else 0.0


def _longest(chart: Leaderboard | Result) -> float:
    """Return the value that fills the track: of the longest bar, or of the farthest marker."""
    return max(max(clip_length(each.value), _marked(chart, each)) for each in choose_bars(chart))


def _marker(chart: Leaderboard | Result, bar: Bar, room: float) -> float:
    value = _marked(chart, bar)
    return round(BAR_LEFT + max(2.0, min(room - 2, room * value / _longest(chart))), 1) if value else 0.0


def _slices(chart: Leaderboard | Result, bar: Bar, room: float) -> list[tuple[str, str]]:
    """Divide the bar's pill among the sports. Each part is cut out of the pill, so it cannot extend beyond it."""
    if not clip_length(bar.value):
        return []
    whole = max(2 * BAR_RADIUS, room * clip_length(bar.value) / _longest(chart))
    parts = split_bar(chart, bar)
    least = min(NARROWEST, whole / 2 / len(parts))
    spare = (whole - least * len(parts)) / clip_length(bar.value)
    borders = list(accumulate((least + spare * value for _, value in parts), initial=float(BAR_LEFT)))
    last = len(parts) - 1
    return [
        (_cut(left + 1.5 * (n > 0), right - 1.5 * (n < last), borders[-1]), choose_colour(parts[n][0], dark=chart.dark))
        for n, (left, right) in enumerate(pairwise(borders))
    ]


def _cut(left: float, right: float, end: float) -> str:
    """Return the outline of the part of the pill between two vertical lines."""
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
