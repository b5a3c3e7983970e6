"""Digests of invented groups: within the limits, the same each time, shaming nobody and revealing nothing private.

INVENTED=10000 tests many more groups.
"""

import json
import os
import re
from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest

from fitness.sports import Sport
from messages.message import units
from messages.render import Reader
from services.digest.stories import saying
from services.digest.stories.pieces import TARGET
from services.digest.stories.text import DigestForm, Teller
from services.group.privacy import make_nameless
from tests.stories.invented import Club, Done, Friend
from tests.stories.inventing import ALL, MOST, SCRIPTS, invent

COUNT = int(os.environ.get("INVENTED", "50"))
LOTS = 25
HARD = 960  # characters; a note about a guessed word still fits before it
TEMPLATE = 1_024  # characters that an approved message may have, with its values filled in
ZERO = re.compile(r"(?<![\d.,:/])(0|0\.0) ?(min|km|sessions?|mi|×|pts|points|m|ft)\b(?! \d)")
PLACES = re.compile(r"🥇|🥈|🥉|▲|▼|👑|\b\d+\. \*|\b\d+(st|nd|rd|th)\b")
PLACE = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b")
SHAMING = re.compile(
    r"\b(worst|la(?:st|zy)|(?<!at )least|lowest|slowest|weakest|losers?|los[et]s?|lost|fell|fallen|falls|dropped"
    r"|drops|fail\w*|miss\w*|nothing|none|nobody|zero|poor|bad|sorry|shame|embarrass\w*|bottom|should|must|inactive"
    r"|still has to|did ?n[o']t|behind everybody|too little|not enough)\b",
    re.IGNORECASE,
)
ROW = re.compile(r"^(?:🥇|🥈|🥉|\d+\.|•) \*")
MORE = re.compile(r"^… and ([\d,]+) more$", re.MULTILINE)
MINE = ("*You* were", "*You:*", "*You* (only", "*You* can be")


def seeds(lot: int) -> Iterable[int]:
    return range(lot, COUNT, LOTS)


@pytest.mark.parametrize("lot", range(LOTS))
def test_every_digest_can_be_sent_and_shames_and_betrays_nobody(lot: int) -> None:
    for seed in seeds(lot):
        club, again = invent(seed), invent(seed)
        tellers = Teller(club.scene()), Teller(again.scene())
        for number, friend in enumerate(readers(club)):
            reader = Reader(units=friend.member.units)
            for form in (DigestForm.TABLE, DigestForm.STORY)[number % 2 : number % 2 + (2 if number < 2 else 1)]:
                first, second = (
                    saying.write_message(each, club_.me(friend_of(club_, friend)), form)
                    for each, club_ in zip(tellers, (club, again), strict=True)
                )
                assert first == second, "not the same each time"
                look_at(club, tellers[0], friend, form, first.text)
                look_at_the_approved(first)
            look_at_what_is_shared(club, tellers[0], reader)
        look_at_the_picture(club, tellers[0])


def friend_of(club: Club, friend: Friend) -> Friend:
    return club.friends[friend.member.id - 1]


def readers(club: Club) -> list[Friend]:
    """Return some of the members: one of each sort."""
    friends = club.friends
    sorts = [
        next((each for each in friends if each.hidden), None),
        next((each for each in friends if not each.linked), None),
        next((each for each in friends if each.anonymous), None),
        Random(club.group.id).choice(friends),
        friends[-1],
    ]
    return list({each.member.id: each for each in sorts if each}.values())


def look_at(club: Club, teller: Teller, friend: Friend, form: DigestForm, text: str) -> None:
    assert 20 <= units(text) <= (TARGET if len(text.splitlines()) > 6 else HARD), units(text)
    assert "None" not in without_names(text, club)
    assert "  " not in text
    assert "\n\n\n" not in text
    assert not re.search(r"^[ ·,;:.]|·$|· *·", text, re.MULTILINE), "half a line"
    assert "undefined" not in text.casefold()
    assert not re.search(r"[{}]|%\(", without_names(text, club)), "a template shows"
    assert sum(line.startswith(MINE) for line in text.splitlines()) <= 1
    look_for_shame(club, teller, form, text)
    look_for_names(club, teller, text)
    look_for_everybody(teller, text, form)


def look_for_shame(club: Club, teller: Teller, form: DigestForm, text: str) -> None:
    scene = teller.scene
    said = without_names(text, club)
    assert not ZERO.search(said), "a zero is told"
    lines = [line for line in said.splitlines() if not line.startswith(("✏️", "_Garmin hasn't", "_100 pts"))]
    told = "\n".join(lines)
    assert not SHAMING.search(told), SHAMING.search(told)
    if not scene.ranked:
        assert not PLACES.search(told), "a place where nobody is ranked"
        return
    for line in lines:
        if not ROW.match(line):
            for place in PLACE.findall(line):
                assert int(place) <= max(3, len(scene.rows) // 2), f"who is far down is told so: {line}"


def look_for_names(club: Club, teller: Teller, text: str) -> None:
    """Assert that no hidden member is named: all of them are called Zq and a number, and no other word is."""
    scene = teller.scene
    shown = {row.member.name for row in scene.rows} | {member.name for member, _ in scene.away}
    shown |= {member.name for fact in teller.pool for member in fact.who}
    shown |= {member.name for member, _ in scene.correction.places} if scene.correction else set()
    body = text.split("\n", 1)[1]  # the group may have the name of one of them
    assert not re.search(r"Zq\d", body), "somebody hidden is named"
    for name in {each.member.name for each in club.friends} - shown:
        assert f"*{name}*" not in body, "somebody who is not shown is named"
        assert f"\u2068{name}\u2069" not in body


def look_for_everybody(teller: Teller, text: str, form: DigestForm) -> None:
    """Assert that each member is in a row of a table, or counted in its last line."""
    if teller.form(form) is DigestForm.STORY or not teller.scene.rows:
        return
    rows = sum(bool(ROW.match(line)) for line in text.splitlines())
    more = sum(int(each.replace(",", "")) for each in MORE.findall(text))
    assert rows + more == len(teller.scene.rows)


def look_at_the_approved(message) -> None:
    values = message.approved.values
    assert all(value and value == value.strip() and "\n" not in value for value in values.values()), values
    assert units(" ".join(values.values())) + 140 <= TEMPLATE
    assert not any(ZERO.search(values[each]) for each in "456"), values
    assert all(int(place) <= 500 for place in PLACE.findall(values["6"]))


def look_at_what_is_shared(club: Club, teller: Teller, reader: Reader) -> None:
    text = teller.text_for_all(reader)
    assert 20 <= units(text) <= HARD
    assert "*You" not in without_names(text, club)
    assert not re.search(r"Zq\d", text.split("\n", 1)[1])


def look_at_the_picture(club: Club, teller: Teller) -> None:
    if teller.picture is None:
        assert not teller.scene.rows
        return
    shown = json.dumps(teller.picture | {"title": ""}, ensure_ascii=False)
    assert not re.search(r"Zq\d", shown)
    board = {row.member.name for row in teller.scene.rows}
    assert {bar["name"] for bar in teller.picture["bars"]} <= board
    if not teller.scene.ranked:
        assert not any(bar["trend"] or bar["change"] for bar in teller.picture["bars"])


def without_names(text: str, club: Club) -> str:
    for name in sorted({each.member.name for each in club.friends} | {club.group.name}, key=len, reverse=True):
        if name in text:
            text = text.replace(f"*{name}*", "**").replace(f"\u2068{name}\u2069", "**")
            if not name.isdecimal():  # a member called 11 would be found in "110 points"
                text = text.replace(name, "")
    return text.replace(make_nameless(1).name, "")


@pytest.mark.parametrize("lot", range(LOTS))
def test_what_is_not_shared_is_in_no_line_and_no_sum(lot: int) -> None:
    """For others, text and picture are the same, whatever the values are that some members do not share."""
    seen = 0
    for seed in seeds(lot):
        club, other = invent(seed), invent(seed)
        reader = next((each for each in club.friends if not each.hidden), None)
        if reader is None:
            continue
        seen += 1
        for each in other.friends:
            if each.member.id != reader.member.id:
                each.weeks = withheld(each, seed)
        other.friends = [each for each in other.friends if not each.hidden]
        first, second = (
            saying.write_message(
                Teller(each.scene()),
                replace(each.me(reader), runs_it=False),
                (DigestForm.TABLE, DigestForm.STORY)[seed % 2],
            )
            for each in (club, other)
        )
        assert first == second
    assert seen >= len(seeds(lot)) // 4


def withheld(friend: Friend, seed: int) -> dict:
    """Return this member's weeks with changed values in all fields they do not share; no weeks if not even points."""
    if not friend.may_be_named and not friend.anonymous:
        return {} if seed % 2 else {monday: further(week, set()) for monday, week in friend.weeks.items()}
    fields = friend.fields if friend.may_be_named else {"points"}
    return {monday: further(week, fields) for monday, week in friend.weeks.items()}


def further(week: dict[Sport, Done], fields: Iterable[str]) -> dict[Sport, Done]:
    return {
        sport: Done(
            done.count if "count" in fields else done.count + 3,
            done.seconds if "time" in fields else 1.7 * done.seconds,
            done.metres if "distance" in fields else 7 * done.metres,
            done.longest if "distance" in fields else 9 * done.longest,
            done.points if "points" in fields else 3 * done.points,
        )
        for sport, done in week.items()
    }


def test_the_groups_are_of_every_size_mix_and_script() -> None:
    clubs = [invent(seed) for seed in range(400)]
    sizes = [len(club.friends) for club in clubs]
    assert min(sizes) == 1
    assert max(sizes) == MOST
    for least, most in ((1, 1), (2, 2), (3, 9), (10, 49), (50, 199), (200, MOST)):
        assert sum(least <= size <= most for size in sizes) >= 10, (least, most)
    for sort in ("hidden", "anonymous", "linked", "away", "weeks"):
        shares = [sum(bool(getattr(each, sort)) for each in club.friends) / len(club.friends) for club in clubs]
        assert min(shares) == 0, sort
        assert max(shares) > 0.5, sort
        assert sum(0 < share < 1 for share in shares) > 100, sort
    names = {each.member.name for club in clubs for each in club.friends}
    assert all(any(name in names for name in script.split("|")) for script in SCRIPTS.values())
    assert len(names - set(ALL)) > 1_000, "and names drawn by lot"


def test_a_fact_is_said_in_another_way_than_last_time() -> None:
    changed = 0
    for seed in range(min(COUNT, 400)):
        club = invent(seed)
        before = Teller(club.scene())
        before.text(club.me(club.friends[0]), Reader())
        club.matters.said = before.said
        after = Teller(club.scene())
        after.text(club.me(club.friends[0]), Reader())
        for kind in before.said.keys() & after.said.keys():
            if kind not in ONE_WAY:
                assert after.said[kind] != before.said[kind], kind
                changed += 1
    assert changed > COUNT / 2


ONE_WAY = {"away", "challenge", "challenge_done", "challenge_led"}
