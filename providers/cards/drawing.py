"""A chart as an SVG."""

from providers.cards.columns import trend, week
from providers.cards.lettering import clip, plain
from providers.cards.rings import mix
from providers.cards.rows import leaderboard, result
from providers.cards.wrapping import wrapped
from providers.charts import Chart, Leaderboard, Mix, Result, Trend, Week

__all__ = ["clip", "plain", "svg"]


def svg(chart: Chart) -> str:
    """Draw a chart; the same chart always gives the same text. It may stand inside a page under a strict CSP."""
    match chart:
        case Leaderboard():
            return leaderboard(chart)
        case Result():
            return result(chart)
        case Trend():
            return trend(chart)
        case Week():
            return week(chart)
        case Mix():
            return mix(chart)
        case _:
            return wrapped(chart)
