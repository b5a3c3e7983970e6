"""What all adapters need for a chart: which bars are drawn, in which order, and whether the picture may be sent."""

import math

from messages.words import folded
from providers.cards.lettering import clean_text
from providers.cards.themes import COLOURS, choose_colour
from providers.charts import Bar, Leaderboard, Result
from providers.errors import ChartError

__all__ = [
    "COLOURS",
    "LARGEST",
    "SIGNATURE",
    "check_picture",
    "choose_bars",
    "choose_colour",
    "clip_length",
    "find_present_sports",
    "split_bar",
    "write_change",
]

MOST_BARS = {"leaderboard": 6, "result": 5}
LARGEST = 4_500_000  # WhatsApp accepts pictures up to 5 MB
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def choose_bars(chart: Leaderboard | Result) -> list[Bar]:
    """Return the bars that are drawn, in their order: as given, or from A to Z if nobody is ranked."""
    bars = chart.bars[: MOST_BARS[chart.kind]]
    return list(bars) if chart.ranked else sorted(bars, key=lambda bar: _alphabetical(bar.name))


def find_present_sports(chart: Leaderboard | Result) -> list[tuple[str, str]]:
    """Return the legend's sports that a drawn bar contains."""
    worn = {
        part.sport
        for bar in choose_bars(chart)
        for part in bar.segments
        if clip_length(part.value) and clip_length(bar.value)
    }
    return [(sport, label) for sport, label in chart.legend if sport in worn]


def split_bar(chart: Leaderboard | Result, bar: Bar) -> list[tuple[str, float]]:
    """Split a bar's length among its sports, in the order of the legend. A bar without parts is one part named ''."""
    order = [sport for sport, _ in chart.legend]
    parts = [(part.sport, clip_length(part.value)) for part in bar.segments if clip_length(part.value)]
    parts.sort(key=lambda part: order.index(part[0]) if part[0] in order else len(order))
    whole = sum(value for _, value in parts)
    return [(sport, clip_length(bar.value) * value / whole) for sport, value in parts] or [("", clip_length(bar.value))]


def clip_length(value: float) -> float:
    """Return the value as a length that can be drawn: 0 if it is negative, infinite or nearly 0, and at most 1e12."""
    return min(value, 1e12) if math.isfinite(value) and value > 1e-12 else 0.0


def write_change(bar: Bar) -> str:
    """Return the change with an arrow, so that its direction does not depend on a colour."""
    arrow = "▲ " if bar.trend > 0 else "▼ " if bar.trend < 0 else ""
    words = clean_text(bar.change)
    return arrow + words if words else ""


def check_picture(png: bytes) -> bytes:
    """Return the picture if WhatsApp will accept it. Raises ChartError."""
    if not png.startswith(SIGNATURE):
        raise ChartError("what was drawn is not a PNG")
    if len(png) > LARGEST:
        raise ChartError(f"the picture is too large: {len(png)} bytes")
    return png


def _alphabetical(name: str) -> tuple[bool, str]:
    bare = folded(clean_text(name))
    return not bare, bare
