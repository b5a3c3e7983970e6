"""Names that members chose, cleaned."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.words.lines import split_line
from messages.message import units
from messages.words import MOST, clean_name, folded, isolated, visible

PIECES = [
    "*", "_", "~", "`", "\n", "\t", " ", "\u200b", "\u200d", "\u200c", "\u202e", "\u2066", "\u2069", "\ufeff", "\xad",
    "http://", "https://x.y", "www.", ".com", ".", "wa.me/", "ly/", "+44 ", "0123456", "12 34", "-", "(", "Anna",
    "سارة", "שלום", "한글", "é", "e\u0301", "👟", "👩‍👩‍👧", "👍🏽", "🇧🇪", "❤️", "\u3164", "\ud800", "\x00", "\U000e0001",
]  # fmt: skip
names = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=14).map("".join))


@settings(max_examples=600, deadline=None, derandomize=True)
@given(names)
def test_no_name_does_harm(chosen: str) -> None:
    name = clean_name(chosen)
    assert units(name) <= MOST
    assert not re.search(r"[*_~`\n\r\t]", name)
    assert not {unicodedata.category(sign) for sign in name} & {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not any(unicodedata.category(sign) == "Cf" for sign in name.replace("\u200d", "").replace("\u200c", ""))
    assert not re.search(r"https?://|www\.|\w\.(com|net|org|me|ly)\b|\d[\d\s().-]{6,}\d", name, re.IGNORECASE)
    assert name == name.strip()
    assert clean_name(name) == name


@settings(max_examples=300, deadline=None, derandomize=True)
@given(names)
def test_a_shown_name_keeps_its_direction_to_itself(chosen: str) -> None:
    shown = isolated(clean_name(chosen))
    turns = any(unicodedata.bidirectional(sign) in {"R", "AL", "AN"} for sign in shown)
    assert turns == shown.startswith("\u2068")
    assert turns == shown.endswith("\u2069")


@pytest.mark.parametrize(
    "nothing", ["", " ", "*_~", "***", "`_`", "\u200b\u200d", "\u3164", "...", "-", "\ufe0f", "\n"]
)
def test_what_shows_nothing_is_no_name(nothing: str) -> None:
    assert clean_name(nothing) == ""


@pytest.mark.parametrize(
    ("chosen", "name"),
    [
        ("Les Échappés 🚴", "Les Échappés 🚴"),
        ("  Sunday \n Legends ", "Sunday Legends"),
        ("Zo\u200bë", "Zoë"),
        ("J.R. O'Neil-Smith", "J.R. O'Neil-Smith"),
        ("Class of 2026", "Class of 2026"),
        ("Team 1234567", "Team 1234567"),
        ("me@example.com", ""),
        ("Join bit.ly/abc now", "Join now"),
        ("call +44 20 7946 0000", "call"),
        ("12 www.x 34 5 6", ""),
        ("می\u200cروم", "می\u200cروم"),
        ("👩‍👩‍👧 club", "👩‍👩‍👧 club"),
    ],
)
def test_what_is_left_of_a_name(chosen: str, name: str) -> None:
    assert clean_name(chosen) == name


@pytest.mark.parametrize(
    ("chosen", "kept"),
    [
        ("x" * 41, "x" * 40),
        ("👟" * 60, "👟" * 20),
        ("x" + "🇧🇪" * 12, "x" + "🇧🇪" * 9),
        ("x" + "👍🏽" * 12, "x" + "👍🏽" * 9),
    ],
)
def test_a_long_name_is_cut_between_signs(chosen: str, kept: str) -> None:
    assert clean_name(chosen) == kept


def test_a_family_is_not_torn_apart() -> None:
    family = "👩‍👩‍👧"
    assert clean_name(family * 6) == family * 5
    assert clean_name("e\u0323\u0301" * 39 + "x" * 9).endswith("\u0301")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zo\u200bë", "Zoë"),
        ("a\u202eb\u2066c", "abc"),
        ("two\nlines\u2028more", "two lines more"),
        ("x\u3164y\u2800", "xy"),
        ("می\u200cروم", "می\u200cروم"),
        ("👩\u200d👧", "👩\u200d👧"),
    ],
)
def test_a_line_shows_what_a_name_shows(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert " ".join(word.raw for word in split_line(text)) == shown
    assert clean_name(text) == shown


def test_names_are_compared_and_ordered_without_accents_and_capitals() -> None:
    assert [folded(name) for name in ("Zoë", "ÁNGEL", "Łukasz", "José")] == ["zoe", "angel", "łukasz", "jose"]
    assert sorted(["Zoë", "Ángel", "ben", "Zoe"], key=folded) == ["Ángel", "ben", "Zoë", "Zoe"]
