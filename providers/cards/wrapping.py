"""A tall card for a month or a year."""

from collections.abc import Sequence
from dataclasses import dataclass

from providers.cards.boards import clip_length
from providers.cards.canvas import INNER, MARGIN, Key, paint, place_legend, set_legend
from providers.cards.lettering import Words, clean_text, fit
from providers.cards.themes import choose_colour
from providers.charts import ChartFact, Segment, Wrapped

MOST_FACTS, MOST_AWARDS = 6, 6
HERO_BOTTOM = 452
TILE_PITCH, TILE_GAP = 146, 20
STRIPE = 44
AWARD_PITCH = 96


@dataclass(frozen=True)
class Panel:
    """A figure on its own small panel, or an award."""

    x: float
    y: float
    width: float
    label: Words
    value: Words
    more: Words


@dataclass(frozen=True)
class Slice:
    """One sport of the stripe."""

    x: float
    width: float
    colour: str


def draw_wrapped(chart: Wrapped) -> str:
    """Draw the card from the top down. Parts that are missing leave no gap."""
    facts, awards = chart.facts[:MOST_FACTS], chart.awards[:MOST_AWARDS]
    tiles = _tiles(facts)
    y = HERO_BOTTOM + TILE_PITCH * ((len(facts) + 1) // 2) + 22
    slices = _slices(chart.segments, dark=chart.dark)
    stripe, legend = y, _legend(chart, y + STRIPE + 48)
    y = (legend[-1].y + 40) if legend else y
    landmark = fit(chart.landmark, INNER - 150, 40, 28)
    return paint(
        chart,
        "wrapped.svg",
        spoken=[clean_text(line) for line in chart.alt.splitlines()[2:]],
        hero=fit(chart.hero.value, INNER, 150, 80),
        hero_label=fit(" · ".join(filter(None, (chart.hero.label, chart.hero.more))), INNER, 44, 32),
        tiles=tiles,
        slices=slices,
        stripe=stripe,
        keys=legend,
        landmark=landmark,
        landmark_y=y,
        awards=_awards(awards, y + (116 if landmark.text else 0)),
    )


def _tiles(facts: Sequence[ChartFact]) -> list[Panel]:
    wide = (INNER - TILE_GAP) / 2
    panels = []
    for n, fact in enumerate(facts):
        alone = n == len(facts) - 1 and n % 2 == 0
        room = INNER if alone else wide
        more = fit(fact.more, room * 0.45, 32, 26)
        x, y = MARGIN + (n % 2) * (wide + TILE_GAP), HERO_BOTTOM + TILE_PITCH * (n // 2)
        panels.append(Panel(x, y, room, fit(fact.label, room - 56, 34, 26), fit(fact.value, room - 56, 54, 32), more))
    return panels


def _awards(awards: Sequence[ChartFact], y: float) -> list[Panel]:
    """Lay out the awards: one takes the whole width, several are in two columns."""
    if len(awards) == 1:
        [award] = awards
        room = INNER - 150
        return [
            Panel(
                MARGIN,
                y,
                INNER,
                fit(award.label, room, 36, 28),
                fit(award.value, room, 46, 32),
                fit(award.more, room, 34, 26),
            )
        ]
    wide = (INNER - TILE_GAP) / 2
    return [
        Panel(
            MARGIN + (n % 2) * (wide + TILE_GAP),
            y + AWARD_PITCH * (n // 2),
            wide,
            fit(award.label, wide - 110, 36, 28),
            fit(award.value, wide - 110, 32, 24),
            fit("", 0, 0, 0),
        )
        for n, award in enumerate(awards)
    ]


def _legend(chart: Wrapped, top: int) -> list[Key]:
    worn = {part.sport for part in chart.segments if clip_length(part.value)}
    return place_legend(
        set_legend([(sport, label) for sport, label in chart.legend if sport in worn]), top, dark=chart.dark
    )


def _slices(segments: Sequence[Segment], *, dark: bool) -> list[Slice]:
    parts = [(part.sport, clip_length(part.value)) for part in segments if clip_length(part.value)]
    whole = sum(value for _, value in parts)
    slices, x = [], float(MARGIN)
    for sport, value in parts:
        wide = 10 + (INNER - 10 * len(parts)) * value / whole
        slices.append(Slice(round(x, 1), round(wide - 4, 1), choose_colour(sport, dark=dark)))
        x += wide
    return slices
