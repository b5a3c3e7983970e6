"""Digests: past ones, a preview of the next one, their schedule, and pages that show them."""

from typing import Any

from sqlalchemy import select

from api.declaring import paging
from api.declaring.call import Call
from api.declaring.endpoints import endpoint
from api.declaring.envelopes import PageQuery
from api.declaring.problems import refuse
from api.schemas.digests import (
    ClosedSchema,
    DigestSchema,
    DigestTextSchema,
    ReadQuery,
    ScheduleBody,
    ScheduleSchema,
    ShareBody,
    SharePageSchema,
)
from fitness.dates import Dates
from fitness.impossible import ImpossibleError
from fitness.schedules import read_cron, write_cron
from models import DigestRun, Group, RunStatus, Scope
from services.digest import digests, sending_now, shares
from services.ground.refusals import ScheduleNotUsable
from services.group import groups, rules


@endpoint(
    "GET", "/groups/<id:group_id>/digests", scope=Scope.GROUPS_READ, query=PageQuery, gives=DigestSchema, many=True
)
def list_digests(call: Call, query: dict[str, Any], group_id: int) -> Any:
    """List the group's digests, newest first."""
    found = select(DigestRun).where(DigestRun.group_id == call.place(group_id).group_id)
    chosen = {**query, "sort": "-until"}
    return paging.of_query(call, found, chosen, {"until": DigestRun.period_end}, DigestRun.id)


@endpoint("POST", "/groups/<id:group_id>/digests", scope=Scope.GROUPS_WRITE, gives=DigestSchema, status=202)
def send_digest(call: Call, group_id: int) -> Any:
    """Send everybody in the group the digest of the days so far, now. Only admins may. The same days are sent once."""
    return sending_now.send_digest_now(call.session, call.place(group_id), call.now)


@endpoint(
    "GET",
    "/groups/<id:group_id>/digests/<id:digest_id>",
    scope=Scope.GROUPS_READ,
    query=ReadQuery,
    gives=DigestTextSchema,
)
def read_digest(call: Call, query: dict[str, Any], group_id: int, digest_id: int) -> Any:
    """Return a digest as you would read it in the chat, made again from the current figures for the same days."""
    group = call.place(group_id).group
    run = _run(call, group, digest_id)
    return _read(call, group, Dates(run.period_start, run.period_end), query["form"], preview=False)


@endpoint(
    "GET", "/groups/<id:group_id>/digests/preview", scope=Scope.GROUPS_READ, query=ReadQuery, gives=DigestTextSchema
)
def preview_digest(call: Call, query: dict[str, Any], group_id: int) -> Any:
    """Return the next digest as it would be now. Only admins may."""
    mine = call.place(group_id)
    groups.require_admin(call.session, mine, "preview")
    return _read(call, mine.group, digests.find_coming_days(mine.group, call.now), query["form"], preview=True)


@endpoint("GET", "/groups/<id:group_id>/schedule", scope=Scope.GROUPS_READ, gives=ScheduleSchema)
def get_schedule(call: Call, group_id: int) -> Any:
    """Return when a group's digest is sent."""
    return _schedule(call.place(group_id).group)


@endpoint(
    "PUT",
    "/groups/<id:group_id>/schedule",
    scope=Scope.GROUPS_WRITE,
    body=ScheduleBody,
    gives=ScheduleSchema,
    guarded_by=get_schedule,
)
def change_schedule(call: Call, body: dict[str, Any], group_id: int) -> Any:
    """Change when a group's digest is sent, and its form. Only admins may."""
    mine = call.place(group_id)
    groups.require_admin(call.session, mine, "schedule")
    try:
        wanted = None if body["cron"] is None else write_cron(read_cron(body["cron"]))
    except ImpossibleError as error:
        raise ScheduleNotUsable(why=error.why) from None
    if "form" in body:
        digests.tell_as(mine.group, body["form"])
    rules.reschedule(call.session, mine, wanted, call.now, zone=body.get("timezone"))
    call.session.flush()
    return _schedule(mine.group)


@endpoint(
    "POST", "/groups/<id:group_id>/shares", scope=Scope.GROUPS_WRITE, body=ShareBody, gives=SharePageSchema, status=201
)
def share_digest(call: Call, body: dict[str, Any], group_id: int) -> Any:
    """Open a page that shows a digest to everybody who has its address, for a week. Only admins may."""
    mine = call.place(group_id)
    groups.require_admin(call.session, mine, "share digest")
    run = _run(call, mine.group, body["digest"])
    path, until = shares.share(call.session, mine, Dates(run.period_start, run.period_end), call.now)
    return {"url": f"{call.world.settings.base_url}{path}", "expires_at": until}


@endpoint("DELETE", "/groups/<id:group_id>/shares", scope=Scope.GROUPS_WRITE, gives=ClosedSchema)
def close_shares(call: Call, group_id: int) -> Any:
    """Close the pages that show the group's digests. Only admins may."""
    mine = call.place(group_id)
    groups.require_admin(call.session, mine, "unshare")
    return {"closed": shares.revoke(call.session, mine, call.now)}


def _run(call: Call, group: Group, digest_id: int) -> DigestRun:
    """Return this digest of the group. Raises not-found if it was not sent."""
    run = call.session.get(DigestRun, digest_id) if abs(digest_id) < 2**53 else None
    if run is None or run.group_id != group.id or run.status is not RunStatus.SENT:
        refuse("not-found")
    return run


def _read(call: Call, group: Group, dates: Dates, form: str | None, *, preview: bool) -> dict[str, Any]:
    message = digests.write_for_reader(call.session, group, call.member, dates, call.now, form, preview=preview)
    return {"since": dates.start, "until": dates.end, "text": message.text}


def _schedule(group: Group) -> dict[str, Any]:
    return {
        "cron": group.digest_schedule,
        "timezone": group.timezone,
        "form": digests.find_form(group),
        "next_digest_at": group.next_digest_at,
    }
