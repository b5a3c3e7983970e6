"""Pictures drawn by a QuickChart server: the board as a Chart.js 4 config."""

import json
from collections.abc import Sequence
from typing import Any

import requests
from quickchart import QuickChart

from providers.boards import change, checked, colour, present, shares, shown
from providers.charts import Bar, Leaderboard
from providers.errors import ChartError
from providers.lettering import clip, plain

INK, PAPER = "#12211E", "#F6F8F7"
SIDE, DENSITY = 540, 2  # 1080 pixels


class QuickChartServer:
    """Draws over HTTP. The hosted quickchart.io sees every name on the board; the operator's own server need not."""

    def __init__(self, host: str, scheme: str, key: str | None = None, timeout: float = 10.0) -> None:
        if scheme not in ("http", "https") or not host:
            raise ValueError(f"not a QuickChart address: {scheme}://{host}")
        self._host, self._scheme, self._key, self._timeout = host, scheme, key, timeout

    def draw(self, chart: Leaderboard) -> bytes:
        """Ask once for a picture; whoever wants another try asks again."""
        client = QuickChart()
        client.scheme, client.host, client.key, client.timeout = self._scheme, self._host, self._key, self._timeout
        client.version, client.width, client.height, client.device_pixel_ratio = "4", SIDE, SIDE, DENSITY
        client.background_color = PAPER
        # As a dict the client would turn a member named "__BEGINFUNCTION__…" into JavaScript that the server runs.
        client.config = json.dumps(config(chart))
        try:
            return checked(client.get_bytes())
        except (RuntimeError, requests.RequestException) as error:
            raise ChartError(f"QuickChart gave no picture: {str(error)[:200]}") from error


def config(chart: Leaderboard) -> dict[str, Any]:
    """Say a board in Chart.js 4, as plain data without functions."""
    bars, words = shown(chart), dict(present(chart))
    return {
        "type": "bar",
        "data": {
            "labels": [_label(bar, ranked=chart.ranked) for bar in bars],
            "datasets": _datasets(chart, bars, words),
        },
        "options": {
            "indexAxis": "y",
            "layout": {"padding": 20},
            "plugins": {
                "title": _heading(chart.title, 26),
                "subtitle": _heading(chart.subtitle, 17),
                "legend": {"display": bool(words), "position": "bottom", "labels": {"font": {"size": 16}}},
            },
            "scales": {
                "x": {"stacked": True, "display": False},
                "y": {
                    "stacked": True,
                    "grid": {"display": False},
                    "ticks": {"color": INK, "font": {"size": 17, "weight": "bold"}},
                },
            },
        },
    }


def _label(bar: Bar, *, ranked: bool) -> list[str]:
    # Isolated, or a right-to-left name mirrors the whole line.
    name = f"\u2068{clip(bar.name, 18) or '?'}\u2069"
    return [f"{bar.place}. {name}" if ranked else name, f"{plain(bar.label)}  {change(bar)}".rstrip()]


def _datasets(chart: Leaderboard, bars: Sequence[Bar], words: dict[str, str]) -> list[dict[str, Any]]:
    split = [dict(shares(chart, bar)) for bar in bars]
    sports = dict.fromkeys([*words, *(sport for parts in split for sport in parts)])
    return [
        {
            "label": clip(words.get(sport, sport), 18),
            "data": [round(parts.get(sport, 0.0), 2) for parts in split],
            "backgroundColor": colour(sport),
            "maxBarThickness": 36,
        }
        for sport in sports
    ]


def _heading(text: str, size: int) -> dict[str, Any]:
    return {"display": bool(plain(text)), "text": clip(text, 40), "color": INK, "font": {"size": size}}
