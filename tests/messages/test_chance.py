"""Every text, with random facts: within WhatsApp's limits, with balanced markup, and no line broken by a name.

RENDERED=200000 renders this many in all, FROM=100000 begins at this one.
"""

import os
import re
import unicodedata
from collections.abc import Iterator

import pytest

from messages.message import units
from messages.render import words
from tests.messages.chance import Chance
from tests.messages.test_templates import MOST_PLAIN, MOST_WITH_MORE, NOT_FACTS, TEMPLATES, needed, sayings

RENDERED, FROM = int(os.environ.get("RENDERED", "1500")), int(os.environ.get("FROM", "0"))
ADDRESS = re.compile(r"https?://\S+")
ISOLATES = {"\u2068": 1, "\u2069": -1}


def faults(text: str, most: int, least: int = 1) -> Iterator[str]:
    """Yield what is wrong with a text."""
    if not least <= units(text) <= most:
        yield f"{units(text)} units of {most}"
    for what in ("None", "  ", "Undefined", "namespace("):
        if what in text:
            yield f"{what!r} in it"
    for line in text.split("\n"):
        yield from _faults_of_line(line)


def _faults_of_line(line: str) -> Iterator[str]:
    shown = ADDRESS.sub("address", line)
    for marker in "*_~`":
        if not is_balanced(shown, marker):
            yield f"{marker} is not balanced: {line!r}"
    depth = 0
    for sign in line:
        depth += ISOLATES.get(sign, 0)
        kind = unicodedata.category(sign)
        if kind in {"Cc", "Zl", "Zp", "Cs"} or (kind == "Cf" and sign not in ISOLATES and sign not in "\u200c\u200d"):
            yield f"U+{ord(sign):04X} in {line!r}"
        if depth == 0 and unicodedata.bidirectional(sign) in {"R", "AL", "AN"}:
            yield f"{sign!r} turns its line around: {line!r}"
        if not 0 <= depth <= 1:
            yield f"isolates out of step: {line!r}"
    if depth:
        yield f"an isolate is open at the end: {line!r}"


def is_balanced(line: str, marker: str) -> bool:
    """Return whether WhatsApp reads each of these markers as opening or closing, and none is left over.

    A marker opens if a character follows it and no letter or digit precedes it, and closes in the reverse case; between
    two letters it is an ordinary character.
    """
    inside = False
    for at, sign in enumerate(line):
        if sign != marker:
            continue
        before, after = line[at - 1 : at] if at else " ", line[at + 1 : at + 2] or " "
        if before.isalnum() and after.isalnum():
            continue
        fits = not before.isspace() and not after.isalnum() if inside else not after.isspace() and not before.isalnum()
        if not fits or (inside and before == marker):
            return False
        inside = not inside
    return not inside


def most_of(template: str) -> int:
    more = any(template in saying.names and saying.given & NOT_FACTS for saying in sayings())
    return MOST_WITH_MORE if more else MOST_PLAIN


@pytest.mark.parametrize("template", TEMPLATES)
def test_whatever_the_facts_the_text_can_be_sent_and_read(template: str) -> None:
    most, wanted = most_of(template), needed(template)
    least = int(template != "digest/mine")  # it is a part of a text, and may be empty
    every = len(TEMPLATES)
    for seed in range(FROM // every, FROM // every + max(1, RENDERED // every)):
        said = {}
        for wild in (True, False):
            chance = Chance(seed, wild=wild)
            said[wild] = words(template, chance.reader, **chance.facts(template, wanted))
            assert list(faults(said[wild], most, least)) == [], (seed, said[wild])
        assert said[True].count("\n") == said[False].count("\n"), (seed, said[True], "a name broke a line")


@pytest.mark.parametrize(
    ("line", "marker"),
    [("*a", "*"), ("a*", "*"), ("* a*", "*"), ("*a *", "*"), ("**", "*"), ("*a*s", "*"), ("_a_ _b", "_"), ("`a", "`")],
)
def test_what_is_out_of_balance_is_found(line: str, marker: str) -> None:
    assert not is_balanced(line, marker)


@pytest.mark.parametrize("line", ["*a* b", "(*a*)", "*a b*: c", "_a *b* c_", "Port_of_Spain", "*a*, *b*", "2*3", ""])
def test_what_is_in_balance_is_left_alone(line: str) -> None:
    assert all(is_balanced(line, marker) for marker in "*_~`")


@pytest.mark.parametrize("text", ["a\u202eb", "سارة", "\u2068a", "a\x0bb", "a\u2028b", "x" * 701, "", "is None"])
def test_what_cannot_be_read_is_found(text: str) -> None:
    assert list(faults(text, 700))
