"""An invented group with its members, and the facts for its digest: as `scenes.make_scene`, but without a database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from fitness.dates import Dates, find_month
from fitness.metrics import Metric
from fitness.ranking import find_movers, rank
from fitness.sports import Sport
from fitness.streaks import Week, find_streak
from models import Group, Member
from services.digest.stories import kinds as _declared  # noqa: F401 - importing declares them
from services.digest.stories.scene import Correction, Past, Scene
from services.digest.stories.text import Me
from services.group import privacy
from services.play.standings import Board, BoardRow
from services.training.totals import Totals
from tests.stories.matters import Matters

MONDAY = date(2026, 11, 16)
WEEK = timedelta(7)
FIELDS = ("points", "time", "count", "distance", "sports", "elevation")


@dataclass(frozen=True)
class Done:
    """What somebody did in one sport in one week."""

    count: int
    seconds: float
    metres: float
    longest: float
    points: float


@dataclass
class Friend:
    """One invented member, and their weeks."""

    member: Member
    fields: frozenset[str]
    hidden: bool = False
    anonymous: bool = False
    linked: bool = True
    away: bool = False
    weeks: dict[date, dict[Sport, Done]] = field(default_factory=dict)

    @property
    def may_be_named(self) -> bool:
        """Return whether the digest may say anything about this member with their name."""
        return not self.hidden and not self.anonymous and "points" in self.fields

    def totals(self, dates: Dates) -> Totals:
        """Return the sum of all weeks that begin in these days."""
        sums = Totals()
        for monday, sports in self.weeks.items():
            if monday in dates:
                for sport, done in sports.items():
                    sums += Totals(
                        done.count, done.seconds, done.metres, {sport: done.seconds}, done.points, 0.0,
                        {sport: done.points},
                    )  # fmt: skip
        return sums

    def past(self, dates: Dates) -> list[Past]:
        """Return this member's earlier weeks, in the form of `history.read_past`."""
        found = []
        for sport in sorted({sport for week in self.weeks.values() for sport in week}):
            all_of_it = [(monday, week[sport]) for monday, week in self.weeks.items() if sport in week]
            now = [each for monday, each in all_of_it if monday in dates]
            before = [(monday, each) for monday, each in all_of_it if monday < dates.start]
            if now or before:
                found.append(
                    Past(
                        self.member.id,
                        sport,
                        sum(each.count for each in now),
                        max((each.longest for each in now), default=0.0),
                        sum(each.count for _, each in before),
                        max((each.longest for _, each in before), default=0.0),
                        max((monday for monday, _ in before), default=None),
                    )
                )
        return found

    def streak(self, dates: Dates) -> int:
        """Return the number of active weeks in a row up to these days, counted as in `scenes`."""
        done = {
            monday: Week(sum(each.points for each in week.values()), max(each.count for each in week.values()))
            for monday, week in self.weeks.items()
            if monday <= dates.start
        }
        found = find_streak(done, dates.start) if done else None
        return found.weeks if found and found.safe and "count" in self.fields else 0


@dataclass
class Club:
    """An invented group, and the dates that its digest is about."""

    group: Group
    friends: list[Friend]
    dates: Dates
    ranking: bool
    cheer_below: int
    matters: Matters

    def scene(self) -> Scene:
        """Return the facts that the group may see."""
        named = {each.member.id: each for each in self.friends if each.may_be_named}
        board = self._board(named)
        return Scene(
            board=board,
            ranked=board.ranked,
            cheer_below=self.cheer_below if self.ranking else 0,
            past=[past for each in named.values() for past in each.past(self.dates)],
            weeks=self._weeks(named),
            streaks={key: each.streak(self.dates) for key, each in named.items() if self.is_week},
            visible=frozenset(named),
            shared={what: frozenset(key for key, each in named.items() if what in each.fields) for what in FIELDS},
            **self._more(named, board),
        )

    @property
    def is_week(self) -> bool:
        return self.dates.days == 7

    def me(self, friend: Friend) -> Me:
        """Return this member as the digest's reader."""
        return Me(friend.member, friend.totals(self.dates), friend.linked, runs_it=friend is self.friends[0])

    def _board(self, named: Mapping[int, Friend]) -> Board:
        earlier = self.dates.moved(-7) if self.is_week else find_month(self.dates.start - timedelta(1))
        now, before = (
            {key: each.totals(dates).seen(each.fields) for key, each in named.items()}
            for dates in (self.dates, earlier)
        )
        known, placed = (_points(each) for each in (now, before))
        moved = find_movers(rank(_told(known)), rank(_told(placed)))
        veiled = self._veiled()
        people = {key: each.member for key, each in named.items()} | {
            key: privacy.make_nameless(-key) for key in veiled
        }
        totals = now | veiled
        places = rank(_told(_points(totals)))
        rows = [BoardRow(each, people[each.key], totals[each.key], moved.get(each.key)) for each in places]
        ranked = self.ranking and len(rows) >= self.cheer_below
        return Board(
            group=self.group,
            metric=Metric.POINTS,
            dates=self.dates,
            rows=rows if ranked else sorted(rows, key=lambda row: (row.member.name.casefold(), row.member.id)),
            sharing=len(people),
            together=sum(totals.values(), Totals()),
            before=sum(before.values(), Totals()).points,
            silent_since=self.matters.silent_since,
            recount=None,
            ranked=ranked,
            veiled={},
            least_metres=0.0,
        )

    def _veiled(self) -> dict[int, Totals]:
        """Return the rows without names, in the order of their points; none if there are too few of them."""
        moved = [each.totals(self.dates).points for each in self.friends if each.anonymous and not each.hidden]
        moved = sorted((points for points in moved if points > 0), reverse=True)
        if len(moved) < privacy.FEWEST_ANONYMOUS:
            return {}
        return {-number: Totals(points=points) for number, points in enumerate(moved, 1)}

    def _weeks(self, named: Mapping[int, Friend]) -> dict[date, dict[int, float]]:
        found: dict[date, dict[int, float]] = {}
        for key, each in named.items():
            for monday, week in each.weeks.items():
                if monday <= self.dates.end:
                    found.setdefault(monday, {})[key] = sum(done.points for done in week.values())
        return found

    def _more(self, named: Mapping[int, Friend], board: Board) -> dict[str, Any]:
        members = [each.member for each in named.values()]
        more: dict[str, Any] = self.matters.told_of(self.dates, members, board)
        if self.matters.corrected and members:
            more["correction"] = Correction(
                self.dates.moved(-7), [(each, place) for place, each in enumerate(members[:3], 1)]
            )
        more["away"] = [
            (each.member, self.dates.end + timedelta(9) if each.member.id % 2 else None)
            for each in named.values()
            if each.away
        ]
        return more


def _points(totals: Mapping[int, Totals]) -> dict[int, float]:
    return {key: each.value(Metric.POINTS) for key, each in totals.items()}


def _told(values: Mapping[int, float]) -> dict[int, float]:
    return {key: value for key, value in values.items() if not Metric.POINTS.reads_as_zero(value)}
