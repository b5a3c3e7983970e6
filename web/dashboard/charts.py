"""The geometry of the charts on the pages, which the templates draw as SVG."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from fitness.dates import Dates, find_week
from fitness.sports import Sport
from fitness.wrapped import DaySport
from services.play import tally

COLUMN_HEIGHT = 120.0  # units of the drawing; the page scales it
LEVELS = 4  # shades of a day with sessions
DAY = timedelta(days=1)


class SportBlock(NamedTuple):
    """One sport's part of a column: its upper edge, measured from the top, and its height."""

    sport: str
    y: float
    height: float


class DayColumn(NamedTuple):
    """A day and what was done on it. `top` is the upper edge of the highest block."""

    day: date
    value: float
    efforts: Sequence[DaySport]
    blocks: Sequence[SportBlock]
    top: float


class GridDay(NamedTuple):
    """A day in the grid of a year: its week, its row, and its shade: 0 for nothing, `LEVELS` for the most."""

    day: date
    week: int
    row: int
    level: int
    points: float


class YearGrid(NamedTuple):
    """The grid of a year: its days, how many weeks it is wide, and in which week each month begins."""

    cells: Sequence[GridDay]
    weeks: int
    months: Sequence[tuple[int, date]]


def stack_days(dates: Dates, efforts: Iterable[DaySport]) -> list[DayColumn]:
    """Return a column for each of these days, with its sports on top of each other, the largest lowest."""
    days = tally.divide_by_day(efforts)
    most = max((tally.measure_worth(each) for each in days.values()), default=0.0) or 1.0
    return [_column(dates.start + n * DAY, days.get(dates.start + n * DAY, ()), most) for n in range(dates.days)]


def make_grid(dates: Dates, days: Mapping[date, Sequence[DaySport]], week_starts: int) -> YearGrid:
    """Lay the days of a year out: a column for each week, a row for each weekday."""
    first = find_week(dates.start, week_starts).start
    worth = {day: tally.measure_worth(efforts) for day, efforts in days.items()}
    limits = _find_limits(list(worth.values()))
    cells, months = [], []
    for n in range(dates.days):
        day = dates.start + n * DAY
        week, row = divmod((day - first).days, 7)
        points = worth.get(day, 0.0)
        level = 1 + sum(points > limit for limit in limits) if day in days else 0
        cells.append(GridDay(day, week, row, level, points))
        if day.day == 1:
            months.append((week + (row > 0), day))
    return YearGrid(cells, cells[-1].week + 1, months)


def _find_limits(values: Sequence[float]) -> list[float]:
    """Return the values that part the days with sessions into as many equal parts as there are shades."""
    ordered = sorted(values)
    return [ordered[len(ordered) * part // LEVELS] for part in range(1, LEVELS)] if ordered else []


def _column(day: date, efforts: Sequence[DaySport], most: float) -> DayColumn:
    sports: dict[Sport, float] = {}
    for each in efforts:
        sports[each.sport] = sports.get(each.sport, 0.0) + each.value
    blocks, y = [], COLUMN_HEIGHT
    for sport, value in sorted(sports.items(), key=lambda each: -each[1]):
        height = max(value / most * COLUMN_HEIGHT, 2.0)
        y -= height
        blocks.append(SportBlock(sport.value, round(y, 1), round(height, 1)))
    return DayColumn(day, sum(sports.values()), efforts, blocks, round(y, 1))
