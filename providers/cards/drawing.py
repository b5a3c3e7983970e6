"""Draws a chart as an SVG."""

from collections.abc import Callable
from typing import Any

from providers.cards.columns import draw_trend, draw_week
from providers.cards.lettering import clean_text, cut_text
from providers.cards.rings import draw_mix
from providers.cards.rows import draw_leaderboard, draw_result
from providers.cards.wrapping import draw_wrapped
from providers.charts import Chart, Leaderboard, Mix, Result, Trend, WeekChart, Wrapped

__all__ = ["clean_text", "cut_text", "draw_svg"]


# Who draws which form. A picture of a new form needs its line here.
DRAWN_BY: dict[type, Callable[[Any], str]] = {
    Leaderboard: draw_leaderboard,
    Result: draw_result,
    Trend: draw_trend,
    WeekChart: draw_week,
    Mix: draw_mix,
    Wrapped: draw_wrapped,
}


def draw_svg(chart: Chart) -> str:
    """Return the chart as an SVG. The same chart always gives the same text. It may be part of a
    page with a strict CSP.
    """
    return DRAWN_BY[type(chart)](chart)
