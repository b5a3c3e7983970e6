"""Turns a chart into the configuration of Chart.js 4, as plain data without functions."""

from collections.abc import Sequence
from typing import Any

from providers.cards.boards import choose_bars, clip_length, find_present_sports, split_bar, write_change
from providers.cards.lettering import clean_text, cut_text
from providers.cards.themes import choose_colour, choose_theme
from providers.charts import Bar, Chart, Leaderboard, Mark, Mix, Result, Trend, WeekChart
from providers.errors import ChartError


def write_chartjs(chart: Chart) -> dict[str, Any]:
    """Return the chart's configuration. Raises ChartError for a kind that Chart.js cannot show."""
    match chart:
        case Leaderboard() | Result():
            return _board(chart)
        case Trend():
            return _columns(chart, [_mine(chart), *([_beside(chart)] if chart.beside else [])])
        case WeekChart():
            return _columns(chart, _by_sport(chart))
        case Mix():
            return _ring(chart)
        case _:
            raise ChartError(f"Chart.js has no words for a {chart.kind}")


def _board(chart: Leaderboard | Result) -> dict[str, Any]:
    bars, words = choose_bars(chart), dict(find_present_sports(chart))
    subtitle = chart.headline if isinstance(chart, Result) else chart.subtitle
    return {
        "type": "bar",
        "data": {
            "labels": [_label(bar, ranked=chart.ranked) for bar in bars],
            "datasets": _datasets(chart, bars, words),
        },
        "options": {
            "indexAxis": "y",
            "layout": {"padding": 20},
            "plugins": _plugins(chart, subtitle, legend=bool(words)),
            "scales": {
                "x": {"stacked": True, "display": False},
                "y": {"stacked": True, "grid": {"display": False}, "ticks": _ticks(chart)},
            },
        },
    }


def _columns(chart: Trend | WeekChart, datasets: list[dict[str, Any]]) -> dict[str, Any]:
    subtitle = " · ".join(f"{fact.value} {fact.label}" for fact in chart.facts) if isinstance(chart, WeekChart) else ""
    return {
        "type": "bar",
        "data": {
            "labels": [[clean_text(mark.label), cut_text(mark.said, 10)] for mark in chart.marks],
            "datasets": datasets,
        },
        "options": {
            "layout": {"padding": 20},
            "plugins": _plugins(chart, subtitle or chart.subtitle, legend=True),
            "scales": {
                "y": {"stacked": isinstance(chart, WeekChart), "display": False, "beginAtZero": True},
                "x": {"stacked": True, "grid": {"display": False}, "ticks": _ticks(chart)},
            },
        },
    }


def _mine(chart: Trend) -> dict[str, Any]:
    return {
        "label": cut_text(chart.mine, 18),
        "data": [round(clip_length(mark.value), 2) for mark in chart.marks],
        "backgroundColor": choose_theme(dark=chart.dark).plain,
        "order": 2,
    }


def _beside(chart: Trend) -> dict[str, Any]:
    ink = choose_theme(dark=chart.dark).ink
    return {
        "type": "line",
        "label": cut_text(chart.beside, 18),
        "data": [None if mark.beside is None else round(clip_length(mark.beside), 2) for mark in chart.marks],
        "borderColor": ink,
        "backgroundColor": ink,
        "order": 1,
    }


def _by_sport(chart: WeekChart) -> list[dict[str, Any]]:
    words = dict(chart.legend)
    worn = dict.fromkeys(part.sport for mark in chart.marks for part in mark.segments)
    return [
        {
            "label": cut_text(words.get(sport, sport), 18),
            "data": [_worth(mark, sport) for mark in chart.marks],
            "backgroundColor": choose_colour(sport, dark=chart.dark),
        }
        for sport in worn
    ]


def _worth(mark: Mark, sport: str) -> float:
    return round(sum(clip_length(part.value) for part in mark.segments if part.sport == sport), 2)


def _ring(chart: Mix) -> dict[str, Any]:
    return {
        "type": "doughnut",
        "data": {
            "labels": [f"{cut_text(part.name, 18)} {clean_text(part.share)}" for part in chart.parts],
            "datasets": [
                {
                    "data": [round(clip_length(part.value), 2) for part in chart.parts],
                    "backgroundColor": [choose_colour(part.sport, dark=chart.dark) for part in chart.parts],
                    "borderWidth": 0,
                }
            ],
        },
        "options": {
            "layout": {"padding": 20},
            "plugins": _plugins(chart, f"{chart.whole} {chart.whole_label}", legend=True),
        },
    }


def _label(bar: Bar, *, ranked: bool) -> list[str]:
    # Isolated, because otherwise a right-to-left name reverses the whole line.
    name = f"\u2068{cut_text(bar.name, 18) or '?'}\u2069"
    return [f"{bar.place}. {name}" if ranked else name, f"{clean_text(bar.label)}  {write_change(bar)}".rstrip()]


def _datasets(chart: Leaderboard | Result, bars: Sequence[Bar], words: dict[str, str]) -> list[dict[str, Any]]:
    split = [dict(split_bar(chart, bar)) for bar in bars]
    sports = dict.fromkeys([*words, *(sport for parts in split for sport in parts)])
    return [
        {
            "label": cut_text(words.get(sport, sport), 18),
            "data": [round(parts.get(sport, 0.0), 2) for parts in split],
            "backgroundColor": choose_colour(sport, dark=chart.dark),
            "maxBarThickness": 36,
        }
        for sport in sports
    ]


def _plugins(chart: Chart, subtitle: str, *, legend: bool) -> dict[str, Any]:
    ink = choose_theme(dark=chart.dark).ink
    return {
        "title": _heading(chart.title, 26, ink),
        "subtitle": _heading(subtitle, 17, ink),
        "legend": {"display": legend, "position": "bottom", "labels": {"color": ink, "font": {"size": 16}}},
    }


def _ticks(chart: Chart) -> dict[str, Any]:
    return {"color": choose_theme(dark=chart.dark).ink, "font": {"size": 17, "weight": "bold"}}


def _heading(text: str, size: int, ink: str) -> dict[str, Any]:
    return {"display": bool(clean_text(text)), "text": cut_text(text, 40), "color": ink, "font": {"size": size}}
