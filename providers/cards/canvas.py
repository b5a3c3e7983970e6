"""What all cards share: measures, templates and the legend."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from providers.cards.lettering import Words, clean_text, estimate_width, fit
from providers.cards.themes import choose_colour, choose_theme
from providers.charts import Chart

# A card is 1080 pixels wide; letters below 36 are hard to read on a phone.
CARD, MARGIN, HEADER = 1080, 48, 192
INNER = CARD - 2 * MARGIN
SMALLEST = 36
LEGEND_BASELINE, LEGEND_PITCH, LEGEND_GAP, SWATCH = 1034, 50, 28, 42
MARKER = "|"  # the name of the marker's entry in a legend

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parents[2] / "templates" / "charts"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Key:
    """One entry of the legend. Without a colour it is the marker's."""

    x: float
    y: int
    colour: str
    words: Words


def paint(chart: Chart, template: str, **facts: Any) -> str:
    """Fill a card's template. The same chart always gives the same text. It may be part of a page with a strict CSP,
    and its ids are unique on that page.
    """
    return _TEMPLATES.get_template(template).render(
        id=f"{chart.kind}-{zlib.crc32(repr(chart).encode()):08x}",
        theme=choose_theme(dark=chart.dark),
        title=fit(chart.title, INNER, 62, 38),
        subtitle=fit(chart.subtitle, INNER, 38, 34),
        **facts,
    )


def set_legend(entries: Sequence[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Arrange the legend in one line, or in two if it does not fit."""
    half = (len(entries) + 1) // 2
    lines = [list(entries)] if _run(entries) <= INNER else [list(entries[:half]), list(entries[half:])]
    return [line for line in lines if line]


def place_legend(lines: Sequence[Sequence[tuple[str, str]]], top: int, *, dark: bool) -> list[Key]:
    """Place the legend's lines, the first baseline at `top`."""
    return [key for n, line in enumerate(lines) for key in _line(line, top + n * LEGEND_PITCH, dark=dark)]


def _line(entries: Sequence[tuple[str, str]], y: int, *, dark: bool) -> list[Key]:
    share = INNER if _run(entries) <= INNER else (INNER + LEGEND_GAP) / len(entries) - SWATCH - LEGEND_GAP
    words = [fit(label, share, 36, 28) for _, label in entries]
    runs = [SWATCH + estimate_width(each.text) * each.size for each in words]
    gap = min(64.0, (INNER - sum(runs)) / max(1, len(runs) - 1))
    starts = accumulate((run + gap for run in runs), initial=float(MARGIN))
    return [
        Key(round(x, 1), y, "" if sport == MARKER else choose_colour(sport, dark=dark), each)
        for (sport, _), each, x in zip(entries, words, starts, strict=False)
    ]


def _run(entries: Sequence[tuple[str, str]]) -> float:
    return sum(SWATCH + estimate_width(clean_text(label)) * 36 + LEGEND_GAP for _, label in entries) - LEGEND_GAP
