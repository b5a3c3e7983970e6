"""Boards and goals."""

from typing import Any

from api.declaring import days, paging
from api.declaring.call import Call
from api.declaring.endpoints import endpoint
from api.declaring.problems import refuse
from api.schemas.play import BoardQuery, BoardRowSchema, GoalBody, GoalSchema
from fitness.dates import Dates
from fitness.metrics import Metric
from fitness.sports import Sport
from models import Group, Member, Scope
from services.digest.stories.scenes import find_stretch_before
from services.group import groups
from services.play import goals, standings
from services.play.goals import Aim
from services.play.standings import Board, BoardRow

METRICS = {each.value: each for each in Metric}
SPORTS = {each.value: each for each in Sport}


@endpoint(
    "GET",
    "/groups/<id:group_id>/leaderboard",
    scope=Scope.GROUPS_READ,
    query=BoardQuery,
    gives=BoardRowSchema,
    many=True,
)
def list_leaderboard(call: Call, query: dict[str, Any], group_id: int) -> Any:
    """Return a group's board over some days, as `leaderboard` shows it in the chat: members who share the figure."""
    group = call.place(group_id).group
    dates = days.of_query(query, call.today(group))
    sport = SPORTS[query["sport"]] if "sport" in query else None
    board = standings.make_board(
        call.session, group, METRICS[query["metric"]], dates, find_stretch_before(dates), sport
    )
    mine = board.row_of(call.member)
    return paging.of_list(call, [_row(board, each, mine) for each in board.rows], query)


@endpoint("GET", "/me/goal", scope=Scope.ACTIVITIES_READ, gives=GoalSchema)
def get_goal(call: Call) -> Any:
    """Return your own goal, which other members do not see."""
    return _goal(call, call.member) or refuse("not-found")


@endpoint("PUT", "/me/goal", scope=Scope.ACTIVITIES_WRITE, body=GoalBody, gives=GoalSchema, guarded_by=get_goal)
def set_goal(call: Call, body: dict[str, Any]) -> Any:
    """Set your goal; it replaces the one before."""
    return _aim(call, call.member, body)


@endpoint("DELETE", "/me/goal", scope=Scope.ACTIVITIES_WRITE, status=204, guarded_by=get_goal)
def drop_goal(call: Call) -> None:
    """Delete your goal."""
    goals.drop_goal(call.session, call.member, call.now)


@endpoint("GET", "/groups/<id:group_id>/goal", scope=Scope.GROUPS_READ, gives=GoalSchema)
def get_group_goal(call: Call, group_id: int) -> Any:
    """Return the goal of a group."""
    return _goal(call, call.place(group_id).group) or refuse("not-found")


@endpoint(
    "PUT",
    "/groups/<id:group_id>/goal",
    scope=Scope.GROUPS_WRITE,
    body=GoalBody,
    gives=GoalSchema,
    guarded_by=get_group_goal,
)
def set_group_goal(call: Call, body: dict[str, Any], group_id: int) -> Any:
    """Set a group's goal; it replaces the one before. Only admins may."""
    mine = call.place(group_id)
    groups.require_admin(call.session, mine, "group goal")
    return _aim(call, mine.group, body)


@endpoint("DELETE", "/groups/<id:group_id>/goal", scope=Scope.GROUPS_WRITE, status=204, guarded_by=get_group_goal)
def drop_group_goal(call: Call, group_id: int) -> None:
    """Delete a group's goal. Only admins may."""
    mine = call.place(group_id)
    groups.require_admin(call.session, mine, "group goal")
    goals.drop_goal(call.session, mine.group, call.now)


def _row(board: Board, row: BoardRow, mine: BoardRow | None) -> dict[str, Any]:
    return {
        "place": row.place.place if board.ranked else None,
        "member_id": row.member.id if row.member.id > 0 else None,
        "name": row.member.name,
        "value": row.place.value,
        "moved": row.moved if board.ranked else None,
        "is_me": row is mine,
    }


def _aim(call: Call, whose: Member | Group, body: dict[str, Any]) -> Any:
    if body["until"] < body["since"]:
        refuse("not-valid", errors=[{"pointer": "json:/until", "detail": "It is before `since`."}])
    sport = SPORTS[body["sport"]] if body["sport"] else None
    aim = Aim(body["metric"], body["target"], sport, Dates(body["since"], body["until"]))
    goals.set_goal(call.session, whose, aim, call.today(whose), call.now)
    return _goal(call, whose)


def _goal(call: Call, whose: Member | Group) -> dict[str, Any] | None:
    progress = goals.measure_progress(call.session, whose, call.today(whose))
    if progress is None:
        return None
    ahead = progress.forecast
    told = {name: getattr(ahead, name) for name in ("target", "done", "percent", "by_end", "on", "days_left")}
    days_of = {"since": progress.dates.start, "until": progress.dates.end}
    return {"metric": progress.metric, "sport": progress.sport, **days_of, **told}
