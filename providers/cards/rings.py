"""A card with a ring: how a person's time is divided among sports."""

from dataclasses import dataclass
from math import cos, pi, sin

from providers.cards.boards import clip_length
from providers.cards.canvas import CARD, HEADER, paint
from providers.cards.lettering import Words, clean_text, fit
from providers.cards.themes import choose_colour
from providers.charts import ChartPart, Mix

MOST_PARTS = 6
CENTRE, RADIUS, THICKNESS = (306, 626), 206, 84
LEAST = 0.012  # of the ring, so that the smallest sport is still visible
GAP = 0.02  # radians
PITCH = 128


@dataclass(frozen=True)
class Line:
    """One sport in the list beside the ring."""

    y: float
    colour: str
    name: Words
    said: Words
    share: Words


def draw_mix(chart: Mix) -> str:
    """Draw a ring, beginning at the top, with the sports in the given order."""
    parts = [part for part in chart.parts if clip_length(part.value)][:MOST_PARTS]
    first = (CARD + HEADER - PITCH * len(parts)) / 2
    return paint(
        chart,
        "mix.svg",
        spoken=[clean_text(line) for line in chart.alt.splitlines()[2:]],
        arcs=_arcs(parts, dark=chart.dark),
        thickness=THICKNESS,
        centre=CENTRE,
        radius=RADIUS,
        whole=fit(chart.whole, 2 * (RADIUS - THICKNESS / 2) - 40, 76, 36),
        whole_label=fit(chart.whole_label, 2 * (RADIUS - THICKNESS / 2) - 60, 38, 28),
        lines=[_line(part, first + PITCH * n, dark=chart.dark) for n, part in enumerate(parts)],
        keys=[],
    )


def _line(part: ChartPart, y: float, *, dark: bool) -> Line:
    share = fit(part.share, 110, 44, 36)
    return Line(
        round(y, 1),
        choose_colour(part.sport, dark=dark),
        fit(part.name, 270, 44, 32),
        fit(part.said, 330, 36, 28),
        share,
    )


def _arcs(parts: list[ChartPart], *, dark: bool) -> list[tuple[str, str]]:
    """Return the strokes of the ring: for each a path and its colour."""
    if len(parts) == 1:
        x, y = CENTRE
        ring = f"M{x} {y - RADIUS}A{RADIUS} {RADIUS} 0 1 1 {x - 0.1} {y - RADIUS}Z"
        return [(ring, choose_colour(parts[0].sport, dark=dark))]
    whole = sum(clip_length(part.value) for part in parts)
    sizes = [max(LEAST, clip_length(part.value) / whole) for part in parts]
    angle, arcs = -pi / 2, []
    for part, size in zip(parts, sizes, strict=True):
        turn = 2 * pi * size / sum(sizes)
        arcs.append((_arc(angle + GAP / 2, angle + turn - GAP / 2), choose_colour(part.sport, dark=dark)))
        angle += turn
    return arcs


def _arc(start: float, end: float) -> str:
    (x1, y1), (x2, y2) = _at(start), _at(end)
    return f"M{x1:.1f} {y1:.1f}A{RADIUS} {RADIUS} 0 {int(end - start > pi)} 1 {x2:.1f} {y2:.1f}"


def _at(angle: float) -> tuple[float, float]:
    return CENTRE[0] + RADIUS * cos(angle), CENTRE[1] + RADIUS * sin(angle)
