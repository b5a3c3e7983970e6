"""Finding the member that a name means."""

from datetime import UTC, datetime

import pytest

from models import Member, Membership
from services.ground.refusals import NoSuchPerson, TwoPeopleMatch
from services.group.roster import find_among, find_first_among, is_exactly

NAMES = ("Anna", "Annika Berg", "Zoë", "José", "Li", "Dev Patel", "Dev Patel")
PEOPLE = [
    Membership(id=10 + number, member=Member(name=name), joined_at=datetime(2026, 11, number, tzinfo=UTC))
    for number, name in enumerate(NAMES, 1)
]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Anna", 11),
        ("ANNA!", 11),
        ("@anna", 11),
        ("annik", 12),
        ("Annika Berg", 12),
        ("anika", 12),
        ("zoë", 13),
        ("josé", 14),
        ("joséé", 14),
        ("zoe", 13),
        ("Jose", 14),
        ("berg", 12),
        ("li", 15),
        ("#16", 16),
        ("#17", 17),
    ],
)
def test_a_person_is_found(typed: str, meant: int) -> None:
    assert find_among(PEOPLE, typed).id == meant


@pytest.mark.parametrize(("typed", "several"), [("ann", {11, 12}), ("dev", {16, 17}), ("Dev Patle", {16, 17})])
def test_whoever_could_be_several_is_asked_about(typed: str, several: set[int]) -> None:
    with pytest.raises(TwoPeopleMatch) as refusal:
        find_among(PEOPLE, typed)
    assert {each.id for each in refusal.value.facts["people"]} == several


@pytest.mark.parametrize("typed", ["", "@", "Xavier", "lo", "#1", "#170", "*"])
def test_whoever_is_not_there_is_not_found(typed: str) -> None:
    with pytest.raises(NoSuchPerson) as refusal:
        find_among(PEOPLE, typed)
    assert refusal.value.facts["others"] == list(NAMES)


def test_only_a_sign_or_a_whole_name_is_exact() -> None:
    assert [is_exactly(PEOPLE[1], text) for text in ("annika  BERG", "@Annika Berg", "#12", "annika", "anika", "")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


def test_who_is_called_like_a_sign_does_not_take_its_place() -> None:
    people = [Membership(id=1, member=Member(name="#2")), Membership(id=2, member=Member(name="Ben"))]
    assert find_among(people, "#2").id == 2


def test_a_name_is_cut_off_from_what_follows_it() -> None:
    for text, found, rest in (
        ("Annika Berg was rude", 12, "was rude"),
        ("@zoe great run!", 13, "great run!"),
        ("anna", 11, ""),
        ("#16, well done", 16, "well done"),
    ):
        person, follows = find_first_among(PEOPLE, text)
        assert (person.id, follows) == (found, rest)
    with pytest.raises(NoSuchPerson):
        find_first_among(PEOPLE, "nobody at all")
    with pytest.raises(NoSuchPerson):
        find_first_among(PEOPLE, "")
