"""Hidden figures cannot be computed from what the bot says.

The attack: an attacker is a member of the group who asks the bot everything that can be asked, about any days, and
reads every digest and every picture, all at one time; then compares, adds and subtracts. Instead of trying sums and
differences one by one, we test whether there is anything to subtract: everything that the attacker can read is
collected twice, in two worlds that differ only in the hidden figures. If every answer is exactly the same in both
worlds, no sum, difference or comparison of answers can tell the worlds apart, so none can tell the figure.

- *Hidden* (also: left, or anonymous among too few): in the other world all activities of this member are different,
  more or fewer.
- *A field that is not shared*: only that figure of the member's activities differs (metres, seconds, points, climbed
  metres, the sport).
- *Anonymous*: the figures are on the board, but not whose they are: in the other world two anonymous members who
  share the same fields have changed places.
- *Named again*: what a member did while they were anonymous is different.

What was said before a member hid is not part of this, because it rightly contained their figures. What is said
afterwards, also about the same days, must be the same whatever these figures were. ATTACKS sets the number of groups.
"""

import os
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import conversation
from bot.declaring.command import list_commands
from bot.declaring.turn import Turn
from fitness.metrics import FIELDS, Metric
from fitness.periods import Dates
from models import Activity, Group, Member, Membership
from services.group import privacy
from services.play import standings
from services.training import records
from services.training.totals import Totals, sum_totals
from tests.letters import Letters
from tests.town import Town

ATTACKS = int(os.environ.get("ATTACKS", "2"))
# Their answers contain something random: a code or an address.
BY_LOT = {"invite", "qr", "link garmin", "new group", "export", "delete me", "share digest", "join", "calendar", "rss"}
SPORTS = ("run", "ride", "swim", "yoga")
OTHER = {"run": "ride", "ride": "swim", "swim": "yoga", "yoga": "run"}
LINES = [
    f"leaderboard {metric} {sport} {period}"
    for metric in Metric
    for sport in ("", "run", "swim")
    for period in ("this week", "last week", "last 4 weeks")
] + [
    "digest this week",
    "digest last week",
    "stats last 4 weeks",
    "me run last week",
    "members",
    "wrapped group",
    "who walked most last week",
    "we last week",
    "we distance this year",
    "longest run this year",
    "season",
    "group goal 500 km month ; group goal",
    "group goal 6000 points month ; group goal",
    "challenge new 300 km until 20 december ; challenge 1",
]
ABOUT = (
    "stats {0}",
    "compare {0}",
    "compare {0} this year",
    "rivalry {0}",
    "how long did {0} train last week",
    "why @{0}",
    "streak @{0}",
    "pb @{0}",
)
NAMING = [
    "leaderboard points last 4 weeks",
    "leaderboard distance run this week",
    "digest this week",
    "digest last week",
    "we last week",
    "wrapped group",
    "season",
    "rivalry",
    "chart trend",
    "group goal 500 km month ; group goal",
    "challenge new 300 km until 20 december ; challenge 1",
]
Outsider = Callable[[Session, Group], str]


def heard(town: Town, session: Session, attacker: Member, lines: Sequence[str]) -> dict[str, str]:
    """Return the bot's answer to each line and the picture with it. All changes are rolled back."""
    answers = {}
    for line in lines:
        with session.begin_nested() as point:
            session.expire_all()
            for part in line.split(" ; "):
                turn = Turn(town.world, session, session.get_one(Member, attacker.id), part, town.clock(), "0000")
                _, reply = conversation._respond_or_refuse(turn)
            answers[line] = f"{reply.text}|{reply.chart}|{reply.buttons}|{reply.approved}"
            point.rollback()
    return answers


def everything() -> list[str]:
    """Return every example of every command, and lines about boards and digests of many days."""
    return LINES + [line for each in list_commands() if each.name not in BY_LOT for line in each.examples]


def make_group(letters: Letters, random: Random) -> Group:
    """Return a group of friends with some weeks of activities, who share different fields; the
    first one shares everything.
    """
    people = letters.members(random.randint(4, 7))
    group = letters.group(*people)
    for person in people:
        for _ in range(random.randint(1, 5)):
            day = letters.now.date() - timedelta(days=random.randint(0, 20))
            letters.moved(person, day, random.randint(10, 99) * 60, random.randint(1, 40) * 700, random.choice(SPORTS))
    with letters.town.world.sessions.begin() as session:
        for place in session.scalars(select(Membership).where(Membership.group_id == group.id)):
            place.shares = [each for each in FIELDS if random.random() < 0.75]
        for row in session.scalars(select(Activity)):
            row.points, row.elevation_gain = float(random.randint(5, 150)), float(random.randint(0, 900))
        for person in people:
            records.refresh(session, person.id)
    return group


def change(session: Session, member_id: int, random: Random, field: str | None = None) -> None:
    """Make another world: change one figure of this member's activities, or all of them and their number."""
    rows = list(session.scalars(select(Activity).where(Activity.member_id == member_id)))
    for row in rows:
        if field in (None, "distance"):
            row.distance = (row.distance or 0) * 1.37 + 123
        if field in (None, "time"):
            row.duration = row.duration * 1.61 + 77
        if field in (None, "points"):
            row.points = row.points * 2 + 31
        if field in (None, "elevation"):
            row.elevation_gain = (row.elevation_gain or 0) + 217
        if field in (None, "sports"):
            row.sport = OTHER[row.sport]
    if field is None and random.random() < 0.5:
        session.execute(delete(Activity).where(Activity.id == rows[0].id))
    records.refresh(session, member_id)


def differing(one: dict[str, str], other: dict[str, str]) -> list[str]:
    return [line for line in one if one[line] != other[line]]


def attack(town: Town, group: Group, random: Random, *, more: Outsider = lambda _session, _group: "") -> list[str]:
    """Return the lines whose answers differ between the worlds. `more` returns something else that
    the attacker could read.
    """
    with town.world.sessions() as session:
        places = list(
            session.scalars(select(Membership).where(Membership.group_id == group.id).order_by(Membership.id))
        )
        attacker, victim = places[0].member, places[-1]
        kind = random.choice(["hidden", "left", "few", "field", "field"])
        field = None
        if kind == "field":
            field = random.choice(["distance", "time", "points", "elevation", "sports"])
            victim.shares = [each for each in victim.shares if each != field]
        victim.hidden, victim.anonymous = kind == "hidden", kind == "few"
        victim.left_at = town.clock() if kind == "left" else None
        session.flush()
        lines = random.sample(everything(), 20) + [line.format(victim.member.name) for line in ABOUT]
        seen = heard(town, session, attacker, lines) | {"more": more(session, group)}
        change(session, victim.member_id, random, field)
        told = differing(seen, heard(town, session, attacker, lines) | {"more": more(session, group)})
        session.rollback()
    return [f"{kind} {field or ''}: {line}" for line in told]


@pytest.mark.parametrize("seed", range(ATTACKS))
def test_nothing_tells_what_is_hidden(town: Town, seed: int) -> None:
    random = Random(seed)
    letters = Letters(town)
    group = make_group(letters, random)
    for _ in range(2):
        assert attack(town, group, random) == []


@pytest.mark.parametrize("seed", range(ATTACKS))
def test_nothing_tells_which_nameless_row_is_whose(town: Town, seed: int) -> None:
    random = Random(1_000 + seed)
    letters = Letters(town)
    group = make_group(letters, random)
    with town.world.sessions() as session:
        places = list(
            session.scalars(select(Membership).where(Membership.group_id == group.id).order_by(Membership.id))
        )
        attacker, veiled = places[0].member, places[1:4]
        for each in veiled:
            each.anonymous, each.seen_from = True, date(2026, 1, 1)
            each.shares = list(veiled[0].shares)
        session.flush()
        lines = random.sample(everything(), 25) + [line.format(veiled[0].member.name) for line in ABOUT]
        seen = heard(town, session, attacker, lines)
        swap(session, veiled[0].member_id, veiled[1].member_id)
        assert differing(seen, heard(town, session, attacker, lines)) == []
        session.rollback()


@pytest.mark.parametrize("seed", range(ATTACKS))
def test_nothing_names_a_row_that_was_nameless_before(town: Town, seed: int) -> None:
    """A member who ends their anonymity is seen from the next day on: what they did before is in
    nothing with their name.
    """
    random = Random(2_000 + seed)
    letters = Letters(town)
    group = make_group(letters, random)
    with town.world.sessions() as session:
        places = list(
            session.scalars(select(Membership).where(Membership.group_id == group.id).order_by(Membership.id))
        )
        victim = places[-1]
        victim.shares, victim.anonymous = list(FIELDS), True
        privacy.be_anonymous(session, victim, town.clock(), on=False)
        session.flush()
        lines = NAMING + [line.format(victim.member.name) for line in ABOUT]
        seen = heard(town, session, places[0].member, lines)
        change(session, victim.member_id, random)
        assert differing(seen, heard(town, session, places[0].member, lines)) == []
        session.rollback()


def test_a_nameless_row_shows_only_what_its_board_is_about(town: Town) -> None:
    """Of three members who share their time, one also shares distance: it would be the
    difference between two totals.
    """
    letters = Letters(town)
    people = letters.members(4)
    group = letters.group(*people)
    for person in people:
        letters.moved(person, letters.now.date())
    with town.world.sessions() as session:
        for place in session.scalars(select(Membership).where(Membership.member_id != people[0].id)):
            place.anonymous, place.seen_from = True, date(2026, 1, 1)
            place.shares = ["time", "distance", "sports"] if place.member_id == people[1].id else ["time"]
        session.flush()
        week = Dates(date(2026, 11, 16), date(2026, 11, 22))
        board = standings.make_board(session, session.get_one(Group, group.id), Metric.TIME, week, week.moved(-7))
        assert [row.totals.time for row in board.rows] == [3600] * 4
        assert (board.together.time, board.together.distance) == (4 * 3600, 10_000)
        assert sum(board.together.sports.values()) == 3600
        session.rollback()


def swap(session: Session, one: int, other: int) -> None:
    """Exchange the activities of two members."""
    mine = list(session.scalars(select(Activity).where(Activity.member_id == one)))
    theirs = list(session.scalars(select(Activity).where(Activity.member_id == other)))
    for row in mine:
        row.member_id = other
    for row in theirs:
        row.member_id = one
    for each in one, other:
        records.refresh(session, each)


def test_the_attack_finds_a_total_that_counts_everybody(town: Town) -> None:
    def leak(session: Session, group: Group) -> str:
        """Return a total as it must not be: of all who were ever in the group, whatever they share."""
        ids = list(session.scalars(select(Membership.member_id).where(Membership.group_id == group.id)))
        days = Dates(date(2026, 10, 1), date(2026, 11, 30))
        whole = sum(sum_totals(session, ids, days).values(), Totals())
        return f"{whole.time:.0f} {whole.distance:.0f} {whole.points:.0f} {whole.elevation:.0f} {whole.sports}"

    random = Random(7)
    group = make_group(Letters(town), random)
    for _ in range(3):
        assert any(line.endswith("more") for line in attack(town, group, random, more=leak))


def test_the_attack_finds_a_name_behind_a_nameless_row(town: Town) -> None:
    random = Random(8)
    group = make_group(Letters(town), random)
    with town.world.sessions() as session:
        places = list(
            session.scalars(select(Membership).where(Membership.group_id == group.id).order_by(Membership.id))
        )
        for each in places[1:4]:
            each.shares = list(FIELDS)
        session.flush()  # not anonymous: their names are on the board
        lines = ["leaderboard time last 4 weeks"]
        seen = heard(town, session, places[0].member, lines)
        swap(session, places[1].member_id, places[2].member_id)
        assert differing(seen, heard(town, session, places[0].member, lines)) == lines
        session.rollback()
