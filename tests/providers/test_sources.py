"""The declaration of a source, and reading a stored recording again."""

from datetime import UTC, datetime, timedelta

import pytest

from providers.errors import SourceUnavailable
from providers.garmin.activity_rows import read_page, read_row
from providers.garmin.garmin_source import GarminSource
from providers.recordings import FILE, Recording, write_recording
from providers.sources import FieldKind, FormField, Typed
from tests.second_source import SecondSource
from world import World

NOW = datetime(2026, 11, 18, 19, tzinfo=UTC)
ROW = {"activityId": 5, "startTimeGMT": "2026-11-18 09:00:00", "startTimeLocal": "2026-11-18 10:00:00"}


@pytest.mark.parametrize(
    ("field", "right", "wrong"),
    [
        (FormField("a", FieldKind.EMAIL), ["a@b", "@"], ["", "a", "a@\x00", "@" * 255]),
        (FormField("a", FieldKind.PASSWORD, most=3), ["abc", " a ", "ü🔑"], ["", "abcd", "a\n"]),
        (FormField("a", FieldKind.KEY, most=3), ["abc"], ["", "abcd"]),
        (FormField("a", FieldKind.CHOICE, choices=("30", "90")), ["30"], ["", "31"]),
        (FormField("a", FieldKind.TICK), ["", "yes"], []),
    ],
)
def test_what_a_field_accepts(field: FormField, right: list[str], wrong: list[str]) -> None:
    assert [text for text in right if not field.accepts(text)] == []
    assert [text for text in wrong if field.accepts(text)] == []


def garmin(**more: object) -> GarminSource:
    facts = {"ways": ["personal_key", "password"], "recommended": "password", "keeps_passwords": True, "rate": 1.0}
    return GarminSource(None, None, **facts | more)


def test_garmin_offers_what_the_operator_chose_in_that_order() -> None:
    key, password = garmin().forms
    assert (key.way, key.is_counted, key.is_recommended) == ("personal_key", False, False)
    assert (password.way, password.is_counted, password.is_recommended) == ("password", True, True)
    assert [each.name for each in password.fields] == ["email", "password", "keep"]
    (only,) = garmin(ways=["password"], recommended="", keeps_passwords=False).forms
    assert ([each.name for each in only.fields], only.is_recommended) == (["email", "password"], False)


def test_what_was_typed_at_garmin() -> None:
    key, password = garmin().forms
    assert key.read({"key": "k", "lasts": "30"}, NOW) == Typed("k", ends_at=NOW + timedelta(days=30))
    typed = {"email": "a@b", "password": "p"}
    assert password.read(typed, NOW) == Typed("p", "a@b")
    assert password.read(typed | {"keep": "yes"}, NOW) == Typed("p", "a@b", keep=True)
    assert "p'" not in repr(password.read(typed, NOW)), "the secret is not written anywhere"


def test_a_source_leaves_out_what_its_sign_ins_never_ask_for() -> None:
    with pytest.raises(SourceUnavailable):
        SecondSource().answer_code("password", "state", "123456")
    with pytest.raises(SourceUnavailable):
        SecondSource().whose("password", "tokens")


def test_what_was_kept_is_read_again_whoever_wrote_it() -> None:
    mine = Recording(FILE, "running", NOW, 1800.0, id=-7, offset=timedelta(hours=1), metres=5000.0)
    assert World.read_again(write_recording(mine)) == mine
    row = read_row(ROW | {"duration": 60.0, "averageHR": 140})
    assert row is not None
    assert World.read_again(row.told) == row


def test_rows_of_garmins_that_make_no_sense_are_neither_kept_nor_gone() -> None:
    odd = [{"activityId": 6, "startTimeGMT": "soon"}, {"startTimeGMT": "2026-11-18 09:00:00"}, ROW | {"parentId": "x"}]
    page = read_page([ROW | {"activityId": 4}, *odd], last=True)
    assert [each.id for each in page.recordings] == [4]
    assert (page.unread, page.listed, page.last) == ({5, 6}, {4, 5, 6}, True)
    sleep, leg, session = (
        read_row(ROW | more) for more in ({"activityType": {"typeKey": "meditation"}}, {"parentId": 4}, {})
    )
    assert [each.is_session for each in (sleep, leg, session)] == [False, False, True]
