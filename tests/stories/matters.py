"""Topics of an invented group's digest besides its board: goals, challenges, rivalries, records, silence of Garmin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

from fitness.dates import Dates
from fitness.goals import forecast_goal
from fitness.ranking import RankedPlace
from fitness.rivalry import Duel
from models import Member, RecordSet
from services.play.contests import ContestLine, Standing
from services.play.goals import GoalProgress
from services.play.rivalry import Told
from services.play.standings import Board

KINDS = (
    *("lead", "longest", "first_since", "group_streak", "best_week"),
    *("goal_hit", "goal", "streak", "pb", "rivalry", "challenge"),
)


@dataclass
class Matters:
    """Random topics, drawn from a seed and never from what members did."""

    seed: int
    said: dict[str, int]
    corrected: bool
    silent_since: datetime | None

    def told_of(self, dates: Dates, members: Sequence[Member], board: Board) -> dict[str, Any]:
        """Return the rest of a scene whose group may see these members by name."""
        random = Random(self.seed)
        rows = {row.member.id: row for row in board.rows}
        lot = {each: random.random() < 0.4 for each in ("goal", "challenge", "rivalry", "records")}
        more: dict[str, Any] = {"said": self.said}
        if lot["goal"]:
            more["goal"] = _goal(random, dates)
        if lot["challenge"]:
            more["challenges"] = [_together(random, dates), _contest(random, dates, members)]
        if lot["rivalry"] and len(members) > 1:
            more["rivalry"] = _rivalry(random, dates, members)
        if lot["records"]:
            # chosen by each member's own id, so that the other members make no difference
            more["records"] = [_record(each, dates) for each in members if each.id in rows and each.id % 5 == 0]
        return more


def matters(seed: int, random: Random, dates: Dates) -> Matters:
    """Return random topics."""
    said = {kind: random.randrange(3) for kind in KINDS if random.random() < 0.4} if random.random() < 0.8 else {}
    silent = datetime.fromisoformat(f"{dates.end}T06:00+00:00") if random.random() < 0.1 else None
    return Matters(seed, said, random.random() < 0.2, silent)


def _goal(random: Random, dates: Dates) -> GoalProgress:
    starts = dates.start - timedelta(random.randint(0, 40))
    days = Dates(starts, max(starts, dates.end + timedelta(random.randint(-20, 30))))
    metric, target = random.choice((("distance", 500_000.0), ("points", 9_000.0), ("time", 360_000.0), ("count", 60.0)))
    done = target * random.choice((0.0, 0.02, 0.5, 0.97, 1.0, 1.4))
    ahead = forecast_goal(done, target, target * random.choice((0.0, 0.2, 1.0)), days, dates.end)
    return GoalProgress(metric, random.choice((None, "run")), days, ahead)


def _together(random: Random, dates: Dates) -> Standing:
    target = 300_000.0
    ends = dates.end + timedelta(random.randint(0, 20))
    challenge: Any = SimpleNamespace(
        number=1, name=random.choice(("Tour of the Lakes", None)), contest="together", metric="distance", sport=None,
        route=None, target=target, starts=dates.start, ends=ends, ended_at=None,
    )  # fmt: skip
    done = target * random.choice((0.0, 0.4, 1.2))
    ahead = forecast_goal(done, target, 50_000.0, Dates(dates.start, ends), dates.end)
    return Standing(challenge, [], 3, done, ahead, is_ranked=False, days_left=(ends - dates.end).days + 1)


def _contest(random: Random, dates: Dates, members: Sequence[Member]) -> Standing:
    ends = dates.end + timedelta(random.randint(0, 20))
    challenge: Any = SimpleNamespace(
        number=2, name="Who runs most", contest="most", metric="distance", sport="run", route=None, target=None,
        starts=dates.start, ends=ends, ended_at=None,
    )  # fmt: skip
    lines = [
        ContestLine(RankedPlace(n, each.id, 9_000.0 / n, tied=False), each, 9_000.0 / n)
        for n, each in enumerate(members[:4], 1)
    ]
    return Standing(challenge, lines, len(members), 0.0, None, random.random() < 0.5, (ends - dates.end).days + 1)


def _rivalry(random: Random, dates: Dates, members: Sequence[Member]) -> Told:
    one, other = members[0], members[1]
    won = random.randint(3, 9)
    duel = Duel(one.id, other.id, won, won - random.randint(-1, 2), dates.start - timedelta(100), 19, 0.1)
    return Told(one, other, duel, 120.0 + random.choice((-9, 0, 9)), 120.0)


def _record(member: Member, dates: Dates) -> RecordSet:
    return RecordSet(
        id=member.id, member_id=member.id, sport="run", kind="split", metres=5_000, day=dates.start,
        value=1_421.0 + member.id, before=1_442.0 + member.id, deserves=True,
    )  # fmt: skip
