"""The challenges of a group."""

from typing import Any

from sqlalchemy import select

from api.declaring import paging
from api.declaring.call import Call
from api.declaring.endpoints import endpoint
from api.declaring.envelopes import PageQuery
from api.declaring.problems import refuse
from api.schemas.play import ChallengeSchema, NewChallengeBody, StandingSchema
from fitness.challenges import Contest
from fitness.dates import Dates
from fitness.routes import Route
from fitness.sports import Sport
from models import Challenge, Membership, Scope
from services.ground.group_settings import read_settings
from services.group import groups
from services.play import challenges, contests
from services.play.challenges import Plan

CONTESTS = {each.value: each for each in Contest}
SPORTS = {each.value: each for each in Sport}


@endpoint(
    "GET",
    "/groups/<id:group_id>/challenges",
    scope=Scope.GROUPS_READ,
    query=PageQuery,
    gives=ChallengeSchema,
    many=True,
)
def list_challenges(call: Call, query: dict[str, Any], group_id: int) -> Any:
    """List a group's challenges, newest first."""
    found = select(Challenge).where(Challenge.group_id == call.place(group_id).group_id)
    return paging.of_query(call, found, {**query, "sort": "-number"}, {"number": Challenge.number}, Challenge.id)


@endpoint(
    "POST",
    "/groups/<id:group_id>/challenges",
    scope=Scope.GROUPS_WRITE,
    body=NewChallengeBody,
    gives=ChallengeSchema,
    status=201,
)
def start_challenge(call: Call, body: dict[str, Any], group_id: int) -> Any:
    """Start a challenge, join it, and tell the group. Only admins may, unless the group lets all members."""
    mine = call.place(group_id)
    if not read_settings(mine.group).members_challenge:
        groups.require_admin(call.session, mine, "new challenges")
    today = challenges.find_local_day(mine.group, call.now)
    return challenges.announce_challenge(call.session, mine, _plan(body), today, call.now)


@endpoint("GET", "/groups/<id:group_id>/challenges/<id:number>", scope=Scope.GROUPS_READ, gives=StandingSchema)
def get_challenge(call: Call, group_id: int, number: int) -> Any:
    """Return the standing of a challenge."""
    mine = call.place(group_id)
    return _standing(call, mine, challenges.find(call.session, mine.group, number))


@endpoint(
    "PUT", "/groups/<id:group_id>/challenges/<id:number>/participation", scope=Scope.GROUPS_WRITE, gives=StandingSchema
)
def join_challenge(call: Call, group_id: int, number: int) -> Any:
    """Join a challenge. What you did since its first day counts."""
    mine = call.place(group_id)
    found = challenges.find(call.session, mine.group, number, is_open=True)
    challenges.join(call.session, found, call.member, call.now)
    return _standing(call, mine, found)


@endpoint("DELETE", "/groups/<id:group_id>/challenges/<id:number>/participation", scope=Scope.GROUPS_WRITE, status=204)
def leave_challenge(call: Call, group_id: int, number: int) -> None:
    """Leave a challenge."""
    found = challenges.find(call.session, call.place(group_id).group, number, is_open=True)
    challenges.leave(call.session, found, call.member, call.now)


@endpoint("DELETE", "/groups/<id:group_id>/challenges/<id:number>", scope=Scope.GROUPS_WRITE, status=204)
def end_challenge(call: Call, group_id: int, number: int) -> None:
    """End a challenge early, and tell its participants the result. Its author and admins may."""
    mine = call.place(group_id)
    found = challenges.find(call.session, mine.group, number, is_open=True)
    if found.made_by_id != call.member.id:
        groups.require_admin(call.session, mine, "end challenges")
    challenges.end(call.session, found, mine, challenges.find_local_day(mine.group, call.now), call.now)


def _plan(body: dict[str, Any]) -> Plan:
    """Return the plan as the chat would make it: a route has its own length; streaks and improvement are by points."""
    if body["until"] < body["since"]:
        refuse("not-valid", errors=[{"pointer": "json:/until", "detail": "It is before `since`."}])
    contest, dates = CONTESTS[body["contest"]], Dates(body["since"], body["until"])
    sport = SPORTS[body["sport"]] if body["sport"] else None
    if (body["route"] is not None) != (contest is Contest.ROUTE):
        refuse("not-valid", errors=[{"pointer": "json:/route", "detail": "A route belongs to the contest route."}])
    if contest is Contest.ROUTE:
        route = Route(body["route"])
        return Plan(contest, "distance", dates, sport, route, route.metres, body["name"])
    metric = "points" if contest in {Contest.STREAK, Contest.IMPROVED} else body["metric"]
    target = body["target"] if contest is Contest.TOGETHER else None
    return Plan(contest, metric, dates, sport, None, target, body["name"])


def _standing(call: Call, mine: Membership, challenge: Challenge) -> dict[str, Any]:
    call.session.flush()
    standing = contests.measure_contest(call.session, challenge, challenges.find_local_day(mine.group, call.now))
    columns = [field.attribute or name for name, field in ChallengeSchema().fields.items()]
    lines = [
        {
            "place": line.place.place if standing.is_ranked else None,
            "member_id": line.member.id,
            "name": line.member.name,
            "value": line.value,
        }
        for line in standing.lines
    ]
    return {
        **{name: getattr(challenge, name) for name in columns},
        "takes_part": challenges.is_participant(call.session, challenge, call.member),
        "days_left": standing.days_left,
        "done": standing.done,
        "lines": lines,
    }
