"""All that a digest may tell of, read once for a group and some days; plain values: composing needs no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from fitness.periods import Dates
from fitness.sports import Sport
from models import RecordSet
from services.group.privacy import Friend
from services.play.contests import Standing
from services.play.goals import Progress
from services.play.rivalry import Told
from services.play.standings import Board, Row


@dataclass(frozen=True)
class Past:
    """One member's sessions of one sport: in these days, and in all the time before them.

    `longest` are metres of one session; `last_day` is the newest day before these days.
    """

    member_id: int
    sport: Sport
    count: int
    longest: float
    earlier_count: int
    earlier_longest: float
    last_day: date | None


@dataclass(frozen=True)
class Correction:
    """How the places of an earlier digest came to stand after it was sent: rows of (member, place), best first."""

    dates: Dates
    places: Sequence[tuple[Friend, int]]


@dataclass(frozen=True)
class Scene:
    """A group's days and what came before them. Nobody is in here whom the group may not see.

    `weeks` are what each member did in each week up to the last of these days, by its Monday, in the board's metric.
    `streaks` are how many weeks in a row each has kept, this one among them.
    `visible` are all whom the group may see, active or not, and `shared` those who share a field ("sports", "time").
    `said` are the variants of last time, by kind.
    """

    board: Board
    ranked: bool = True
    cheer_below: int = 2
    past: Sequence[Past] = ()
    weeks: Mapping[date, Mapping[int, float]] = field(default_factory=dict)
    streaks: Mapping[int, int] = field(default_factory=dict)
    visible: frozenset[int] = frozenset()
    shared: Mapping[str, frozenset[int]] = field(default_factory=dict)
    said: Mapping[str, int] = field(default_factory=dict)
    correction: Correction | None = None
    away: Sequence[tuple[Friend, date | None]] = ()
    records: Sequence[RecordSet] = ()
    goal: Progress | None = None
    challenges: Sequence[Standing] = ()
    rivalry: Told | None = None

    @property
    def rows(self) -> Sequence[Row]:
        """The board's lines, best first."""
        return self.board.rows

    @property
    def dates(self) -> Dates:
        """The days that are told of."""
        return self.board.dates

    @property
    def is_week(self) -> bool:
        """Whether these are the days of a week."""
        return self.dates.days == 7

    def row_of(self, member_id: int) -> Row | None:
        """The line of a member who is on the board."""
        return self._by_member.get(member_id)

    def shares(self, member_id: int, what: str) -> bool:
        """Whether the group may see this of a member."""
        return member_id in self.shared.get(what, ())

    @cached_property
    def _by_member(self) -> dict[int, Row]:
        return {row.member.id: row for row in self.rows}
