"""Digests of invented groups: within limits, the same each time, nobody shamed and nothing given away.

INVENTED=10000 makes many more of them.
"""

import os
import re
from random import Random

import pytest

from messages.message import units
from messages.render import Reader
from services.stories.pieces import TARGET
from services.stories.text import Form, Teller
from tests.stories.invented import Club, Friend, invent

COUNT = int(os.environ.get("INVENTED", "50"))
LOTS = 25
HARD = 960  # a note about a guessed word still fits before it
ZERO = re.compile(r"(?<![\d.,])(0|0\.0) ?(min|km|sessions|mi|×)")
PLACES = re.compile(r"🥇|🥈|🥉|▲|▼|👑|\b\d+\. \*|\b\d+(st|nd|rd|th)\b")


@pytest.mark.parametrize("lot", range(LOTS))
def test_every_digest_can_be_sent_and_shames_and_betrays_nobody(lot: int) -> None:
    for seed in range(lot, COUNT, LOTS):
        club = invent(seed)
        for friend in readers(club):
            for form in (Form.TABLE, Form.STORY):
                look_at(club, friend, form)


def readers(club: Club) -> list[Friend]:
    """Some of them: of each sort one."""
    friends = club.friends
    sorts = [
        next((each for each in friends if each.hidden), None),
        next((each for each in friends if not each.linked), None),
        Random(club.group.id).choice(friends),
        friends[-1],
    ]
    return list({each.member.id: each for each in sorts if each}.values())


def look_at(club: Club, friend: Friend, form: Form) -> None:
    scene, reader = club.scene(), Reader(units=friend.member.units)
    text = Teller(scene).text(club.me(friend), reader, form)
    again = Teller(invent(club.group.id - 1).scene()).text(club.me(friend), reader, form)
    assert text == again, "not the same each time"
    assert 20 <= units(text) <= (TARGET if len(text.splitlines()) > 6 else HARD), units(text)
    assert "None" not in text
    assert "  " not in text
    assert "\n\n\n" not in text
    assert not ZERO.search(text), "a zero is told"
    if not scene.ranked:
        lines = [line for line in text.splitlines() if not (scene.cheer_below and line.startswith("✏️"))]
        assert not PLACES.search(without_names("\n".join(lines), club)), "a place where nobody is ranked"
    shown = {row.member.id for row in scene.rows} | {member.id for member, _ in scene.away}
    if scene.correction:
        shown |= {member.id for member, _ in scene.correction.places}
    told = {each.member.name for each in club.friends if each.member.id in shown}
    body = text.split("\n", 1)[1]  # the group may be called like one of them
    for each in club.friends:
        if each.member.name not in told:
            assert f"*{each.member.name}*" not in body, "somebody hidden or at rest is named"
            assert f"\u2068{each.member.name}\u2069" not in body


def without_names(text: str, club: Club) -> str:
    for each in club.friends:
        text = text.replace(each.member.name, "")
    return text.replace(club.group.name, "")


def test_what_is_not_shared_is_in_no_line_and_no_sum() -> None:
    """The same group, once with what some do not share and once without it, reads the same for everybody else."""
    seen = 0
    for seed in range(COUNT):
        club = invent(seed)
        others = [each for each in club.friends if not each.hidden]
        if not others or len(others) == len(club.friends):
            continue
        seen += 1
        poorer = invent(seed)
        for each in poorer.friends:
            if each.hidden:
                each.weeks = {}
        poorer.friends = [each for each in poorer.friends if not each.hidden]
        me = club.me(others[0])
        assert Teller(club.scene()).text(me, Reader()) == Teller(poorer.scene()).text(me, Reader())
    assert seen > COUNT / 10


def test_distances_that_are_not_shared_are_nowhere() -> None:
    seen = 0
    for seed in range(COUNT):
        clubs = [invent(seed), invent(seed)]
        for each in clubs[1].friends:
            if "distance" not in each.fields:
                seen += 1
                each.weeks = {
                    monday: {
                        sport: (count, seconds, 7 * metres, 9 * longest)
                        for sport, (count, seconds, metres, longest) in week.items()
                    }
                    for monday, week in each.weeks.items()
                }
        reader = clubs[0].friends[0]
        first, second = (Teller(club.scene()).text(club.me(reader), Reader(), Form.STORY) for club in clubs)
        assert first == second
    assert seen > COUNT / 10


def further(week: dict) -> dict:
    return {sport: (count, seconds, 7 * metres, 9 * far) for sport, (count, seconds, metres, far) in week.items()}


def test_a_fact_is_said_in_another_way_than_last_time() -> None:
    changed = 0
    for seed in range(COUNT):
        club = invent(seed)
        before = Teller(club.scene())
        before.text(club.me(club.friends[0]), Reader())
        club.more["said"] = before.said
        after = Teller(club.scene())
        after.text(club.me(club.friends[0]), Reader())
        for kind in before.said.keys() & after.said.keys():
            if kind not in ONE_WAY:
                assert after.said[kind] != before.said[kind], kind
                changed += 1
    assert changed > COUNT / 2


ONE_WAY = {"away"}
