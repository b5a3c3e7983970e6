"""Boards: members ranked by a figure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from fitness import paces
from fitness.metrics import Made, Metric
from fitness.periods import Dates
from fitness.ranking import RankedPlace, find_movers, rank
from fitness.sports import Sport
from messages.words import folded
from models import Group, Member
from services.ground.group_settings import read_settings
from services.group import privacy
from services.group.privacy import VisibleMember
from services.play.board_figures import Asking
from services.training import scoring, syncing
from services.training.scoring import Recount
from services.training.totals import Totals, add_totals


class BoardRow(NamedTuple):
    """One line of a board. `moved` is the change of place since the period before, or None without one."""

    place: RankedPlace
    member: VisibleMember
    totals: Totals
    moved: int | None


NOTHING = Totals()
ROWS_IN_TEXT = 8


@dataclass(frozen=True)
class Board:
    """A group's board. Only members who share with the group are on it or in its totals.

    `silent_since` is until when the data are complete if a source did not answer lately for some members; `recount`
    tells of a formula that has changed. A board that is not `ranked` is sorted from A to Z and has no places. `before`
    is the sum of the metric's figures in the period before, 0 if they cannot be added up. `veiled` maps members to
    their nameless rows; each row may be shown as theirs only to that member. A board by pace lists members who went at
    least `least_metres`; it is 0 on other boards.
    """

    group: Group
    metric: Metric
    dates: Dates
    rows: Sequence[BoardRow]
    sharing: int
    together: Totals
    before: float
    silent_since: datetime | None
    recount: Recount | None
    ranked: bool
    veiled: Mapping[int, BoardRow] = field(repr=False)
    least_metres: float

    def row_of(self, member: Member) -> BoardRow | None:
        """Return the member's own line; None if they are not on the board."""
        return self._by_member.get(member.id) or self.veiled.get(member.id)

    @cached_property
    def _by_member(self) -> dict[int, BoardRow]:
        return {row.member.id: row for row in self.rows}


def make_board(
    session: Session, group: Group, metric: Metric, dates: Dates, before: Dates, sport: Sport | None = None
) -> Board:
    """Rank the group's members over `dates`; `before` is the period that places are compared with."""
    fields, settings = [*metric.fields, *(["sports"] if sport else [])], read_settings(group)
    shown, veiled = privacy.find_on_board(session, group, fields, dates.start)
    figures = Asking(session, [*shown, *veiled], metric, sport, settings, held_against=True).figures(dates, before)
    totals = {key: each.seen(shown[key].fields) for key, each in figures.totals.items() if key in shown}
    # A nameless row shows only the board's own figure: if only one of these members shared another figure, it would
    # give them away.
    unnamed = {key: each.seen(fields) for key, each in figures.totals.items() if key in veiled}
    now = _told(figures.now, metric)
    numbers = _numbered(_only(now, veiled), unnamed)
    people = {key: each.member for key, each in shown.items()}
    people |= {-number: privacy.make_nameless(number) for number in numbers.values()}
    totals |= {-number: unnamed.get(key, NOTHING) for key, number in numbers.items()}
    nameless = {-number: now[key] for key, number in numbers.items()}
    # A member whose figure in the days before was in a nameless row is not compared with it by name.
    earlier = {key: v for key, v in figures.before.items() if key in shown and shown[key].may_be_named_on(before.start)}
    known = _only(now, shown)
    places = _places(known | nameless, people)
    moved = find_movers(_places(known, people) if nameless else places, _places(_told(earlier, metric), people))
    ranked = settings.is_ranked(len(places))
    rows = [BoardRow(each, people[each.key], totals.get(each.key, NOTHING), moved.get(each.key)) for each in places]
    by_key = {row.member.id: row for row in rows} if numbers else {}
    return Board(
        group=group,
        metric=metric,
        dates=dates,
        rows=rows if ranked else sorted(rows, key=_by_name),
        sharing=len(people),
        together=add_totals(totals.values()),
        before=sum(earlier.values()) if metric.is_sum else 0.0,
        silent_since=syncing.find_silent_since(session, [*shown, *numbers]),
        recount=scoring.find_recount(session, dates) if Metric.POINTS in metric.fields else None,
        ranked=ranked,
        veiled={key: by_key[-number] for key, number in numbers.items()},
        least_metres=paces.compute_least_metres(sport or paces.USUAL, dates) if metric.made is Made.SPEED else 0.0,
    )


def gather_board_facts(board: Board, member: Member) -> dict[str, Any]:
    """Return what a template needs to show a board to a member: the top rows, and their own row if it is below
    these.
    """
    mine = board.row_of(member)
    shown = list(board.rows[:ROWS_IN_TEXT])
    if mine and mine not in shown:
        shown[-1:] = [mine]
    return {"board": board, "rows": shown, "mine": mine, "more": len(board.rows) - len(shown)}


def _told(values: Mapping[int, float], metric: Metric) -> dict[int, float]:
    return {key: value for key, value in values.items() if not metric.reads_as_zero(value)}


def _numbered(values: Mapping[int, float], unnamed: Mapping[int, Totals]) -> dict[int, int]:
    """Number the nameless rows by their contents only. None are shown if there are too few."""
    moving = [key for key, value in values.items() if value > 0]
    if len(moving) < privacy.FEWEST_ANONYMOUS:
        return {}
    order = sorted(moving, key=lambda key: (-values[key], repr(unnamed.get(key))))
    return {key: number for number, key in enumerate(order, 1)}


def _only(values: Mapping[int, float], shown: Collection[int]) -> dict[int, float]:
    return {key: value for key, value in values.items() if key in shown}


def _by_name(row: BoardRow) -> tuple[str, int]:
    return folded(row.member.name), abs(row.member.id)


def _places(values: Mapping[int, float], people: Mapping[int, VisibleMember]) -> list[RankedPlace]:
    """Rank the figures. Zeroes are left out: a member who did nothing is not put on a board."""
    moved = {key: value for key, value in values.items() if value > 0}
    return rank(moved, order=lambda key: (folded(people[key].name), abs(key)))
