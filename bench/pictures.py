"""Measures the time and size of pictures: `python -m bench.pictures`; with a folder, it also saves them there.

Times are CPU seconds of this process, so other work on the machine does not count.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import percentile, table
from providers.cards.resvg import Resvg
from providers.charts import (
    Bar,
    Chart,
    ChartFact,
    ChartPart,
    Leaderboard,
    Mark,
    Mix,
    Result,
    Segment,
    Trend,
    WeekChart,
    Wrapped,
    light_chart,
)

ROUNDS = 20
LEGEND = (("run", "Run"), ("ride", "Ride"), ("swim", "Swim"), ("walk", "Walk"), ("other", "Other"))
NAMES = ("Zoë 🚴", "José", "李雷王小明", "سارة محمد", "Maximiliana Konstantinopolskaya", "👩🏽‍🚒 Eva")


def main(folder: Path | None) -> None:
    """Draw each kind several times, light and dark, and print the costs."""
    artist, rows = Resvg(), [("picture", "p50 ms", "p95 ms", "KB")]
    for name, chart in charts():
        for dark in (False, True):
            label = f"{name}, {'dark' if dark else 'light'}"
            seconds = []
            for _ in range(ROUNDS):
                begun = time.process_time()
                png = artist.draw(light_chart(chart, dark=dark))
                seconds.append(1000 * (time.process_time() - begun))
            seconds.sort()
            rows.append(
                (label, f"{percentile(seconds, 50):.0f}", f"{percentile(seconds, 95):.0f}", str(len(png) // 1000))
            )
            if folder:
                (folder / f"{label.replace(', ', '-').replace(' ', '-')}.png").write_bytes(png)
    print(table(rows))


def charts() -> Iterator[tuple[str, Chart]]:
    """Yield every kind of picture, for groups of 1, 2, 6 and 40."""
    for size in (1, 2, 6, 40):
        bars = tuple(_bar(place) for place in range(1, size + 1))
        yield f"board of {size}", Leaderboard("Sunday Legends", "16–22 Nov · 962 pts", bars, LEGEND, usual="usual week")
    yield "result", Result("120 km in November", "1–30 Nov", "José wins!", bars, LEGEND, goal=150, goal_said="goal")
    yield "trend", Trend("Zoë: 8 weeks", "points a week", tuple(map(_week, range(8))), "You", "Group average")
    days = tuple(Mark(day, 50, "50", _parts(50)) for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
    facts = tuple(ChartFact(label, "3h 39m") for label in ("points", "time", "sessions", "distance"))
    yield "week", WeekChart("Zoë: this week", "16–22 Nov", facts, days, LEGEND)
    parts = tuple(ChartPart(sport, name, 10, "10h 24m · 104 km", "20%") for sport, name in LEGEND)
    yield "mix", Mix("Zoë: sports", "31 Aug – 22 Nov", "52h", "in 12 weeks", parts)
    tiles = tuple(ChartFact("Longest streak", "9 days", "3–11 Nov") for _ in range(6))
    hero = ChartFact("together in 23 sessions", "26h 00m")
    one = (ChartFact("Zoë", "Weekend Hero", "61% of it on Saturdays and Sundays"),)
    yield "wrapped", Wrapped("Zoë", "November 2026", hero, tiles, _parts(90), LEGEND, "331 km: far", one)
    awards = tuple(ChartFact(name, "Weekend Hero") for name in NAMES)
    yield "wrapped group", Wrapped("Legends", "2026", hero, tiles[:4], _parts(90), LEGEND, "331 km: far", awards)


def _bar(place: int) -> Bar:
    value = 250.0 - 5 * place
    return Bar(place, NAMES[place % 6], value, f"{value:.0f} pts", _parts(value), "2", 1 - place % 3, value * 0.8)


def _parts(value: float) -> tuple[Segment, ...]:
    return tuple(Segment(sport, value / len(LEGEND)) for sport, _ in LEGEND)


def _week(number: int) -> Mark:
    return Mark(f"{7 + number} Nov", 100 + 20 * number, str(100 + 20 * number), (), 150, "150")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
