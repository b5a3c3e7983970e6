"""The scene: everything that a digest may mention, read once for a group and some days. It consists of plain values, so
that writing the digest needs no database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from fitness.periods import Dates
from fitness.sports import Sport
from models import RecordSet
from services.group.privacy import VisibleMember
from services.play.contests import Standing
from services.play.goals import GoalProgress
from services.play.rivalry import Told
from services.play.standings import Board, BoardRow


@dataclass(frozen=True)
class Past:
    """One member's sessions of one sport, in these days and before them.

    `longest` is the distance of one session in metres; `last_day` is the last day with a session before these days.
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
    """The corrected places of an earlier digest: rows of (member, place), best first."""

    dates: Dates
    places: Sequence[tuple[VisibleMember, int]]


@dataclass(frozen=True)
class Scene:
    """A group's days and what came before them. It contains only members whom the group may see.

    `weeks` maps each week's Monday to each member's value in the board's metric, up to the last of these days.
    `streaks` maps members to their active weeks in a row, this week included. `visible` are all members whom the group
    may see, active or not; `shared` maps a field ("sports", "time") to the members who share it.
    `said` maps each kind of fact to the text that was used last time.
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
    away: Sequence[tuple[VisibleMember, date | None]] = ()
    records: Sequence[RecordSet] = ()
    goal: GoalProgress | None = None
    challenges: Sequence[Standing] = ()
    rivalry: Told | None = None

    @property
    def rows(self) -> Sequence[BoardRow]:
        """The board's rows, best first."""
        return self.board.rows

    @property
    def dates(self) -> Dates:
        """The days that the digest is about."""
        return self.board.dates

    @property
    def is_week(self) -> bool:
        """Whether these are the days of a week."""
        return self.dates.days == 7

    def row_of(self, member_id: int) -> BoardRow | None:
        """Return the row of a member, or None if they are not on the board."""
        return self._by_member.get(member_id)

    def shares(self, member_id: int, what: str) -> bool:
        """Return whether the group may see this figure of a member."""
        return member_id in self.shared.get(what, ())

    @cached_property
    def _by_member(self) -> dict[int, BoardRow]:
        return {row.member.id: row for row in self.rows}
