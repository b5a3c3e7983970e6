"""How figures, days and names are written."""

import ast
import inspect
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from fitness.dates import Dates
from messages import filters
from messages.render import Reader, environment
from services.training.totals import Totals

METRIC, MILES, GERMAN = Reader(), Reader(units="imperial"), Reader(locale="de")
NEW_YORK = Reader(timezone="America/New_York")


def read(expression: str, reader: Reader = METRIC, **facts: Any) -> str:
    """Return the result of a template expression."""
    return environment().from_string(f"{{{{ {expression} }}}}").render(reader=reader, **facts)


@pytest.mark.parametrize(
    ("metres", "reader", "text"),
    [
        (0, METRIC, "0.0 km"),
        (49, METRIC, "0.0 km"),
        (8_123, METRIC, "8.1 km"),
        (99_949, METRIC, "99.9 km"),
        (99_950, METRIC, "100 km"),
        (1_234_567, METRIC, "1,235 km"),
        (8_046.72, MILES, "5.0 mi"),
        (42_195, MILES, "26.2 mi"),
        (8_123, GERMAN, "8,1 km"),
        (1_234_567, GERMAN, "1.235 km"),
    ],
)
def test_distances(metres: float, reader: Reader, text: str) -> None:
    assert read("metres|far", reader, metres=metres) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 min"),
        (29, "0 min"),
        (31, "1 min"),
        (3_569, "59 min"),
        (3_571, "1h 00m"),
        (13_140, "3h 39m"),
        (360_000, "100h 00m"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert read("seconds|duration", seconds=seconds) == text


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [
        (date(2026, 11, 22), date(2026, 11, 22), "22 Nov"),
        (date(2026, 11, 16), date(2026, 11, 22), "16–22 Nov"),
        (date(2026, 10, 28), date(2026, 11, 3), "28 Oct – 3 Nov"),
        (date(2025, 12, 29), date(2026, 1, 4), "29 Dec 2025 – 4 Jan 2026"),
        (date(2025, 11, 16), date(2026, 11, 22), "16 Nov 2025 – 22 Nov 2026"),
        (date(2025, 3, 1), date(2025, 3, 31), "1–31 Mar 2025"),
        (date(2025, 1, 1), date(2025, 12, 31), "1 Jan – 31 Dec 2025"),
        (date(2025, 3, 1), date(2025, 3, 1), "1 Mar 2025"),
    ],
)
def test_stretches_of_days(start: date, end: date, text: str) -> None:
    assert read("span|dates(today)", span=Dates(start, end), today=date(2026, 11, 18)) == text


def test_days_and_times_are_the_readers() -> None:
    late = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
    assert read("when|day", when=late) == "Mon 23 Nov"
    assert read("when|day", NEW_YORK, when=late) == "Sun 22 Nov"
    assert read("when|clock", NEW_YORK, when=late) == "22:30"
    assert read("when|day", when=late.date()) == "Mon 23 Nov"
    assert read("when|day_in('Asia/Tokyo')", NEW_YORK, when=late) == "Mon 23 Nov"
    assert read("when|day_of_year", when=late.date()) == "23 Nov 2026"
    assert [read("n|weekday", n=number) for number in (0, 6)] == ["Monday", "Sunday"]
    assert read("0|weekday", GERMAN) == "Montag"


def test_places_are_ordinals() -> None:
    places = {1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th", 21: "21st", 102: "102nd"}
    assert {place: read("place|ordinal", place=place) for place in places} == places
    assert read("2|ordinal", GERMAN) == "2."
    assert [read("place|medal", place=place) for place in (1, 2, 3, 4)] == ["🥇", "🥈", "🥉", "4."]


def test_counts_take_their_form_from_the_language() -> None:
    forms = 'n|plural(one="session", other="sessions")'
    assert [read(forms, n=count) for count in (0, 1, 2, 1.5)] == ["sessions", "session", "sessions", "sessions"]
    french = 'n|plural(one="séance", other="séances")'
    assert [read(french, Reader(locale="fr"), n=count) for count in (0, 1, 2)] == ["séance", "séance", "séances"]
    polish = 'n|plural(one="trening", few="treningi", many="treningów", other="treningu")'
    words = [read(polish, Reader(locale="pl"), n=count) for count in (1, 2, 5, 22)]
    assert words == ["trening", "treningi", "treningów", "treningi"]


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (112, 100, "▲12%"),
        (92, 100, "▼8%"),
        (100, 100, "="),
        (100.4, 100, "="),
        (0, 100, "▼100%"),
        (100, 0, ""),
        (0, 0, ""),
        (100, 1, "▲9900%"),
    ],
)
def test_changes_are_in_percent(now: float, before: float, text: str) -> None:
    assert read("now|change(before)", now=now, before=before) == text


def test_moves_are_arrows() -> None:
    assert [read("places|moved", places=places) for places in (2, -1, 0, None)] == ["▲2", "▼1", "", ""]


def test_figures_follow_the_metric() -> None:
    totals = Totals(1_234, 13_140.0, 42_195.0)
    figures = {metric: read(f"totals|figure('{metric}')", totals=totals) for metric in ("time", "distance", "count")}
    assert figures == {"time": "3h 39m", "distance": "42.2 km", "count": "1,234×"}
    assert [read(f"'{metric}'|metric") for metric in figures] == ["by time", "by distance", "by sessions"]
    assert read("1234.4|figure('calories')") == "1,234 kcal"


@pytest.mark.parametrize(
    ("sport", "metric", "imperial"),
    [
        (None, "5:12 /km", "8:22 /mi"),
        ("run", "5:12 /km", "8:22 /mi"),
        ("swim", "0:31 /100 m", "0:29 /100 yd"),
        ("ride", "11.5 km/h", "7.2 mph"),
    ],
)
def test_pace_is_told_as_people_of_a_sport_do(sport: str | None, metric: str, imperial: str) -> None:
    said = [read("v|figure('pace', sport)", reader, v=1000 / 312, sport=sport) for reader in (Reader(), MILES)]
    assert said == [metric, imperial]
    assert read("0.0|figure('pace', sport)", sport=sport) == "–"


def test_names_cannot_turn_a_line_around() -> None:
    assert read("'سارة'|name") == "\u2068سارة\u2069"
    assert read("'Zoë'|name") == "Zoë"
    assert read("names|listed", names=["Zoë", "José", "سارة"]) == "Zoë, José and \u2068سارة\u2069"
    assert read("names|listed", names=["Zoë"]) == "Zoë"
    assert read("names|listed(3)", names=["A", "B", "C", "D"]) == "A, B and 2 more"
    assert read("names|listed(4)", names=["A", "B", "C", "D"]) == "A, B, C and D"
    assert read("names|listed", GERMAN, names=["A", "B"]) == "A und B"


def test_what_was_typed_is_said_back_plainly() -> None:
    assert read("text|quoted", text="*bold* _and_ ~`on`~") == "bold and on"
    assert read("text|quoted", text="x" * 41) == "x" * 40 + "…"
    assert read("text|quoted", text="عربي") == "\u2068عربي\u2069"


def test_as_many_names_are_listed_as_fit() -> None:
    assert read("names|fitting(20)", names=["Anna", "Ben", "Chloé"]) == "2"
    assert read("names|fitting(20)", names=["🚴" * 9]) == "0"
    assert read("names|fitting(20)", names=[]) == "0"


def test_a_fact_that_nobody_gives_is_an_error() -> None:
    with pytest.raises(Exception, match="'missing' is undefined"):
        read("missing", other=SimpleNamespace())


def test_how_a_figure_is_written_follows_from_its_unit_and_not_from_its_name():
    compared = [each for each in ast.walk(ast.parse(inspect.getsource(filters))) if isinstance(each, ast.Compare)]
    assert compared
    assert [ast.unparse(each) for each in compared if ast.unparse(each.left) == "metric"] == []
