"""Challenges are judged once, even by several workers, and equal a simple computation. PLAY_GROUPS
sets the number of groups.
"""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from fitness.challenges import Contest
from fitness.goals import forecast_goal
from fitness.periods import Dates
from fitness.sports import Sport
from jobs import challenges as judging
from jobs.tick import tick
from models import Absence, Activity, Challenge, Group, Member, Membership
from services.play import challenges, contests, goals
from services.play.challenges import Plan
from services.play.goals import Aim
from tests.letters import Letters, deliver
from tests.town import Town

GROUPS = int(os.environ.get("PLAY_GROUPS", "3"))
TODAY = date(2026, 11, 18)
WEEK = Dates(date(2026, 11, 16), date(2026, 11, 22))
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SUMS = {"points": "points", "time": "duration", "distance": "distance"}


@pytest.fixture
def letters(town: Town) -> Letters:
    return Letters(town)


def announce(letters: Letters, group: Group, *members: Member, plan: Plan | None = None) -> Challenge:
    """Let the owner announce a challenge, and let these members join it."""
    with letters.town.world.sessions.begin() as session:
        owner = session.scalar(select(Membership).where(Membership.group_id == group.id, Membership.role == "owner"))
        plan = plan or Plan(Contest.MOST, "distance", WEEK)
        made = challenges.announce_challenge(session, owner, plan, TODAY, letters.now)
        for member in members:
            challenges.join(session, made, member, letters.now)
    return made


def results(letters: Letters) -> list[int]:
    """Return the ids of the members who got a result."""
    return sorted(row.member_id for row in letters.rows() if row.dedupe_key.startswith("challenge:"))


def test_many_ticks_and_judges_at_once_judge_it_once(letters: Letters) -> None:
    members = [letters.with_phone(number) for number in range(1, 5)]
    made = [announce(letters, letters.group(*members), *members[:3]) for _ in range(3)]
    for number, member in enumerate(members):
        letters.moved(member, TODAY, metres=10_000 * (number + 1))
    letters.town.clock.travel_to(NOON)

    def work(number: int) -> None:
        (tick if number % 2 else judging.judge)()
        judging.judge()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    judged = [letters.see(each) for each in made]
    assert {each.ended_at for each in judged} == {NOON}
    places = {str(member.id): place for place, member in enumerate(members[2::-1], 1)}
    assert [each.result["places"] for each in judged] == [places] * 3
    assert results(letters) == sorted(member.id for member in members[:3] for _ in range(3))
    tick()
    judging.judge()
    assert len(results(letters)) == 9
    deliver(letters.town)


def test_it_is_judged_at_noon_after_its_end_and_not_before(letters: Letters) -> None:
    member = letters.with_phone()
    made = announce(letters, letters.group(member, timezone="America/New_York"))
    assert made.closes_at == datetime(2026, 11, 23, 17, tzinfo=UTC)
    letters.town.clock.travel_to(made.closes_at - timedelta(seconds=1))
    assert judging.judge.body(letters.town.world) == 0
    letters.town.clock.travel_to(made.closes_at + timedelta(days=3))
    assert judging.judge.body(letters.town.world) == 1
    assert results(letters) == [member.id]


def test_whoever_left_or_wants_silence_is_written_nothing(letters: Letters) -> None:
    members = [letters.with_phone(number) for number in range(1, 5)]
    group = letters.group(*members)
    announce(letters, group, *members)
    letters.change(members[1], opted_out_at=letters.now)
    with letters.town.world.sessions.begin() as session:
        gone = session.scalar(select(Membership).where(Membership.member_id == members[2].id))
        gone.left_at = letters.now
    letters.town.clock.travel_to(NOON)
    judging.judge()
    assert results(letters) == [members[0].id, members[3].id]


def test_two_who_set_one_up_at_once_get_two_numbers(letters: Letters) -> None:
    group = letters.group(*letters.members(2))
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: announce(letters, group), range(4)))
    assert sorted(each.number for each in made) == [1, 2, 3, 4]


class Club:
    """A random group: some hide, some withhold a field, some were away, some do not take part."""

    def __init__(self, letters: Letters, seed: int) -> None:
        self.chance = random.Random(seed)
        self.members = letters.members(7, 100 * seed + 1)
        self.group = letters.group(*self.members)
        self.part = {each.id for each in self.chance.sample(self.members, 5)} | {self.members[0].id}
        self.hidden = {each.id for each in self.members[1:] if self.chance.random() < 0.2}
        self.closed = {
            each.id: self.chance.choice(["points", "distance", "time", "sports", ""]) for each in self.members[1:]
        }
        self.away = {each.id: self.chance.randint(1, 20) for each in self.members if self.chance.random() < 0.3}
        self.done: list[tuple[int, date, str, float, float, float]] = [
            (
                each.id,
                WEEK.end - timedelta(self.chance.randint(0, 80)),
                self.chance.choice(["run", "ride", "yoga"]),
                round(self.chance.uniform(5, 90), 1),
                float(self.chance.randint(600, 9_000)),
                float(self.chance.randint(0, 60_000)),
            )
            for each in self.members
            for _ in range(self.chance.randint(0, 40))
        ]
        self.keep(letters)

    def keep(self, letters: Letters) -> None:
        """Store the group."""
        with letters.town.world.sessions.begin() as session:
            for row in session.scalars(select(Membership).where(Membership.group_id == self.group.id)):
                row.hidden = row.member_id in self.hidden
                row.shares = [each for each in row.shares if each != self.closed.get(row.member_id)]
            for member_id, days in self.away.items():
                start = WEEK.end - timedelta(30)
                session.add(Absence(member_id=member_id, starts=start, ends=start + timedelta(days)))
            for member_id, day, sport, points, seconds, metres in self.done:
                start = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
                facts = {"type": "x", "sport": sport, "start_utc": start, "utc_offset": 0, "local_date": day}
                sums = {"points": points, "duration": seconds, "distance": metres}
                session.add(
                    Activity(
                        member_id=member_id,
                        external_id=uuid4().int % 10**12,
                        raw_data={},
                        fingerprint="",
                        **facts,
                        **sums,
                    )
                )

    def seen(self, *fields: str) -> set[int]:
        """Return the participants who share these fields."""
        return {key for key in self.part if key not in self.hidden and self.closed.get(key, "") not in fields}

    def total(self, metric: str, dates: Dates, sport: str | None, people: set[int]) -> dict[int, float]:
        """Return the sums by plain addition."""
        place = {"points": 3, "time": 4, "distance": 5}[metric]
        sums: dict[int, float] = {}
        for each in self.done:
            if each[0] in people and each[1] in dates and sport in {None, each[2]}:
                sums[each[0]] = sums.get(each[0], 0) + each[place]
        return {key: value for key, value in sums.items() if value > 0}

    def weeks_in_a_row(self, dates: Dates, people: set[int]) -> dict[int, float]:
        """Return the longest run of weeks with 30 points or two active days; weeks away are skipped."""
        best: dict[int, float] = {}
        for key in people:
            run = 0
            for number in range(dates.days // 7):
                days = {dates.start + timedelta(7 * number + i) for i in range(7)}
                start = WEEK.end - timedelta(30)
                if key in self.away and days & {start + timedelta(i) for i in range(self.away[key] + 1)}:
                    continue
                mine = [each for each in self.done if each[0] == key and each[1] in days]
                run = run + 1 if sum(each[3] for each in mine) >= 30 or len({each[1] for each in mine}) >= 2 else 0
                if run:
                    best[key] = max(best.get(key, 0), run)
        return best


@pytest.mark.parametrize("seed", range(1, GROUPS + 1))
def test_challenges_come_out_as_plain_counting_says(letters: Letters, seed: int) -> None:
    club = Club(letters, seed)
    month = Dates(WEEK.end - timedelta(27), WEEK.end)
    others = [each for each in club.members if each.id in club.part]
    for metric, sport in [(metric, sport) for metric in SUMS for sport in (None, "run")]:
        fields = (metric, "sports") if sport else (metric,)
        expected = club.total(metric, month, sport, club.seen(*fields))
        plan = Plan(Contest.MOST, metric, month, Sport[sport.upper()] if sport else None)
        check(letters, announce(letters, club.group, *others, plan=plan), expected)
        plan = Plan(Contest.TOGETHER, metric, month, Sport[sport.upper()] if sport else None, target=1e6)
        check(letters, announce(letters, club.group, *others, plan=plan), expected)
    plan = Plan(Contest.STREAK, "points", month)
    expected = club.weeks_in_a_row(month, club.seen("points", "count"))
    check(letters, announce(letters, club.group, *others, plan=plan), expected)


def check(letters: Letters, made: Challenge, expected: dict[int, float]) -> None:
    """Assert that the challenge stands as expected, and then delete it."""
    with letters.town.world.sessions.begin() as session:
        challenge = session.get_one(Challenge, made.id)
        standing = contests.measure_contest(session, challenge, WEEK.end)
        session.delete(challenge)
    if standing.contest.is_ranked:
        assert {line.member.id: line.value for line in standing.lines} == pytest.approx(expected)
        for line in standing.lines:
            assert line.place.place == 1 + sum(value > line.value + 1e-6 for value in expected.values())
    else:
        assert standing.done == pytest.approx(sum(expected.values()))
        assert standing.lines == []


@pytest.mark.parametrize("seed", range(1, GROUPS + 1))
def test_a_group_goal_is_what_is_shared_and_nothing_else(letters: Letters, seed: int) -> None:
    club = Club(letters, 50 + seed)
    club.part = {each.id for each in club.members}
    month = Dates(WEEK.end - timedelta(27), WEEK.end)
    for metric in SUMS:
        people = club.seen(metric)
        done = sum(club.total(metric, month, None, people).values())
        with letters.town.world.sessions.begin() as session:
            group = session.get_one(Group, club.group.id)
            goals.set_goal(session, group, Aim(metric, 1e6, None, month), TODAY, letters.now)
            found = goals.measure_progress(session, group, WEEK.end)
        assert found.forecast.done == pytest.approx(done)
        assert found.forecast.on == forecast_goal(done, 1e6, done, month, WEEK.end).on
