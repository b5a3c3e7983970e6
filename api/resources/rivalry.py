"""Rivalries, seasons and kudos."""

from collections.abc import Sequence
from typing import Any

from api.declaring import paging
from api.declaring.call import Call
from api.declaring.endpoints import endpoint
from api.declaring.envelopes import PageQuery
from api.declaring.problems import refuse
from api.schemas.rivalry import KudosBody, KudosSchema, RivalrySchema, SeasonSchema
from fitness.dates import Dates
from fitness.periods import THIS_WEEK
from models import Group, Kudos, Scope
from services.ground.group_settings import read_settings
from services.ground.refusals import KeepsOutOfRivalries
from services.group import kudos
from services.play import challenges, rivalry, seasons
from services.play.rivalry import Told
from services.play.seasons import Tally


@endpoint(
    "GET", "/groups/<id:group_id>/rivalries", scope=Scope.GROUPS_READ, query=PageQuery, gives=RivalrySchema, many=True
)
def list_rivalries(call: Call, query: dict[str, Any], group_id: int) -> Any:
    """List the members whose weeks are close to yours, the closest first. `rivalries` of /me switches this off."""
    group = call.place(group_id).group
    found = rivalry.list_rivalries_of(call.session, group, call.member, _week(call, group))
    return paging.of_list(call, [_duel(each) for each in found], query)


@endpoint("GET", "/groups/<id:group_id>/members/<id:place_id>/rivalry", scope=Scope.GROUPS_READ, gives=RivalrySchema)
def get_rivalry(call: Call, group_id: int, place_id: int) -> Any:
    """Compare yourself with one member. Both must share points and want to be compared."""
    group = call.place(group_id).group
    other = call.find_theirs(group_id, place_id).member
    if not rivalry.may_meet(call.session, group, call.member, other):
        raise KeepsOutOfRivalries(person=other)
    found = rivalry.find_rivalry_between(call.session, group, call.member, other, _week(call, group))
    return _duel(found) if found else refuse("not-found")


@endpoint("GET", "/groups/<id:group_id>/season", scope=Scope.GROUPS_READ, gives=SeasonSchema)
def get_season(call: Call, group_id: int) -> Any:
    """Return the medals of the present season and of all time."""
    group = call.place(group_id).group
    found = seasons.measure_season(call.session, group, challenges.find_local_day(group, call.now))
    ranking = read_settings(group).ranking
    return {
        "number": found.number,
        "since": found.dates.start,
        "until": found.dates.end,
        "weeks_over": found.weeks_over,
        "tally": _tally(found.tally if ranking else ()),
        "all_time": _tally(found.all_time if ranking else ()),
    }


@endpoint(
    "POST",
    "/groups/<id:group_id>/members/<id:place_id>/kudos",
    scope=Scope.GROUPS_WRITE,
    body=KudosBody,
    gives=KudosSchema,
    status=201,
)
def give_kudos(call: Call, body: dict[str, Any], group_id: int, place_id: int) -> Any:
    """Say well done to a member; they read it in the chat. It replaces what you said to them and they have not read."""
    to = call.find_theirs(group_id, place_id)
    given = kudos.give_to(call.session, call.place(group_id), to, body["words"], call.now)
    return _kudos(given, call.member.name)


@endpoint("GET", "/me/kudos", scope=Scope.PROFILE_READ, query=PageQuery, gives=KudosSchema, many=True)
def list_kudos(call: Call, query: dict[str, Any]) -> Any:
    """List the kudos that wait for you, at most three. They still come with your next message in the chat."""
    found = kudos.list_waiting_with_givers(call.session, call.member)
    return paging.of_list(call, [_kudos(each, each.giver.name) for each in found], query)


def _week(call: Call, group: Group) -> Dates:
    return THIS_WEEK.dates(call.today(group), read_settings(group).week_start)


def _duel(told: Told) -> dict[str, Any]:
    duel = told.duel
    return {
        "member_id": told.other.id,
        "name": told.other.name,
        "won": duel.one_won,
        "lost": duel.other_won,
        "weeks": duel.weeks,
        "since": duel.since,
        "gap": duel.gap,
        "is_close": duel.is_close,
        "my_points": told.one_points,
        "their_points": told.other_points,
    }


def _tally(rows: Sequence[Tally]) -> list[dict[str, Any]]:
    return [
        {"place": each.place.place, "member_id": each.member.id, "name": each.member.name, "value": each.place.value}
        for each in rows
    ]


def _kudos(given: Kudos, name: str) -> dict[str, Any]:
    return {"name": name, "group_id": given.group_id, "words": given.words, "given_at": given.given_at}
