"""Draws a chart as an SVG."""

from providers.cards.columns import draw_trend, draw_week
from providers.cards.lettering import clean_text, cut_text
from providers.cards.rings import draw_mix
from providers.cards.rows import draw_leaderboard, draw_result
from providers.cards.wrapping import draw_wrapped
from providers.charts import Chart, Leaderboard, Mix, Result, Trend, WeekChart

__all__ = ["clean_text", "cut_text", "draw_svg"]


def draw_svg(chart: Chart) -> str:
    """Return the chart as an SVG. The same chart always gives the same text. It may be part of a
    page with a strict CSP.
    """
    match chart:
        case Leaderboard():
            return draw_leaderboard(chart)
        case Result():
            return draw_result(chart)
        case Trend():
            return draw_trend(chart)
        case WeekChart():
            return draw_week(chart)
        case Mix():
            return draw_mix(chart)
        case _:
            return draw_wrapped(chart)
