"""The rules that decide a challenge."""

from datetime import date, timedelta

import pytest

from fitness.challenges import DayDone, award_medals, count_challenge_streak, count_longest_run, split_into_weeks
from fitness.periods import Dates
from fitness.routes import ROUTES, Route, find_route

DECEMBER = Dates(date(2026, 12, 1), date(2026, 12, 31))
FIRST = DECEMBER.start


def sessions(*days: int, points: float = 10) -> list[DayDone]:
    return [DayDone(FIRST + timedelta(day - 1), points, 1) for day in days]


def test_only_whole_weeks_count_for_a_streak() -> None:
    weeks = split_into_weeks(DECEMBER)
    assert len(weeks) == 4
    assert weeks[-1] == Dates(date(2026, 12, 22), date(2026, 12, 28))


@pytest.mark.parametrize(
    ("weeks", "run"),
    [([], 0), ([True, True], 2), ([True, False, True], 1), ([True, None, True], 2), ([None, None], 0)],
)
def test_a_week_away_neither_counts_nor_breaks_the_row(weeks: list[bool | None], run: int) -> None:
    assert count_longest_run(weeks) == run


def test_thirty_points_or_two_days_make_a_week() -> None:
    assert count_challenge_streak(sessions(1, 2, 9, 10), [], DECEMBER) == 2
    assert count_challenge_streak(sessions(1, points=30), [], DECEMBER) == 1
    assert count_challenge_streak(sessions(1, points=29.9), [], DECEMBER) == 0
    away = [Dates(date(2026, 12, 8), date(2026, 12, 9))]
    assert count_challenge_streak(sessions(1, 2, 15, 16), away, DECEMBER) == 2
    assert count_challenge_streak(sessions(1, 2, 15, 16), [], DECEMBER) == 1


def test_medals_are_three_two_and_one_and_ties_share() -> None:
    assert award_medals([{1: 300, 2: 200, 3: 100, 4: 50}, {1: 100, 2: 100, 3: 90, 4: 0}]) == {1: 6, 2: 5, 3: 2}


@pytest.mark.parametrize(
    ("line", "route"),
    [
        ("land's end to john o'groats until may", Route.LEJOG),
        ("lands end to john o’ groats", Route.LEJOG),
        ("the pennine way next month", Route.PENNINE_WAY),
        ("camino for 4 weeks", Route.CAMINO),
        ("run next week", None),
    ],
)
def test_a_route_is_found_by_its_name(line: str, route: Route | None) -> None:
    found = find_route(line.split())
    assert (found and found[0]) == route


def test_every_route_has_a_length_and_a_source() -> None:
    assert ROUTES.keys() == set(Route)
    assert Route.LEJOG.metres == pytest.approx(1_406_567, abs=1)
    assert all(facts.km > 40 and facts.source.startswith("https://") for facts in ROUTES.values())
