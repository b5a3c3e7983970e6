"""The member's own activities: listing, logging, correcting, uploading files; records and totals."""

from typing import Any

from flask import request
from sqlalchemy import func, select

from api.declaring import days, paging
from api.declaring.call import Call
from api.declaring.endpoints import endpoint
from api.declaring.envelopes import Page, PageQuery
from api.declaring.problems import refuse
from api.schemas.activities import (
    ActivitiesQuery,
    ActivityBody,
    ActivitySchema,
    DaysQuery,
    FileQuery,
    FileSchema,
    NewActivityBody,
    RecordSchema,
    RecordsQuery,
    TotalsSchema,
)
from fitness.sports import Sport
from models import Activity, Scope, SentFile
from providers.recordings import CHAT, FILE
from services.ground.refusals import EnoughFiles
from services.people import members
from services.training import entries, files, records
from services.training.totals import Totals, sum_totals

SPORTS = {each.value: each for each in Sport}
COLUMNS = {
    "start": Activity.start_utc,
    "duration": Activity.duration,
    "distance": func.coalesce(Activity.distance, 0.0),
    "points": Activity.points,
}
OWN = [
    name
    for name in (field.attribute or name for name, field in ActivitySchema().fields.items())
    if name in Activity.__table__.columns and name != "external_id"
]


@endpoint("GET", "/activities", scope=Scope.ACTIVITIES_READ, query=ActivitiesQuery, gives=ActivitySchema, many=True)
def list_activities(call: Call, query: dict[str, Any]) -> Any:
    """List your activities, newest first unless `sort` says otherwise."""
    found = select(Activity).where(Activity.member_id == call.member.id, Activity.deleted_at.is_(None))
    if "since" in query:
        found = found.where(Activity.local_date >= query["since"])
    if "until" in query:
        found = found.where(Activity.local_date <= query["until"])
    if "sport" in query:
        found = found.where(Activity.sport == query["sport"])
    if "excluded" in query:
        is_out = Activity.excluded_at.is_not(None)
        found = found.where(is_out if query["excluded"] else ~is_out)
    page = paging.of_query(call, found, query, COLUMNS, Activity.id)
    return Page([_told(each) for each in page.items], page.next_cursor)


@endpoint("POST", "/activities", scope=Scope.ACTIVITIES_WRITE, body=NewActivityBody, gives=ActivitySchema, status=201)
def log_activity(call: Call, body: dict[str, Any]) -> Any:
    """Log an activity that no device recorded. Each group chooses how much of its points count."""
    sport = SPORTS[body["sport"]]
    made = entries.log(call.session, call.member, sport, body["duration"], body["distance"], body["date"], call.now)
    call.session.flush()
    return _told(made)


@endpoint("GET", "/activities/<id:activity_id>", scope=Scope.ACTIVITIES_READ, gives=ActivitySchema)
def get_activity(call: Call, activity_id: int) -> Any:
    """Return one of your activities."""
    return _told(_mine(call, activity_id))


@endpoint(
    "PATCH",
    "/activities/<id:activity_id>",
    scope=Scope.ACTIVITIES_WRITE,
    body=ActivityBody,
    gives=ActivitySchema,
    guarded_by=get_activity,
)
def change_activity(call: Call, body: dict[str, Any], activity_id: int) -> Any:
    """Exclude an activity, or include it again. An activity that was logged by hand can also be corrected."""
    activity = _mine(call, activity_id)
    if body.keys() - {"is_excluded"}:
        entries.edit(
            call.session,
            call.member,
            activity,
            call.now,
            sport=SPORTS[body.get("sport", activity.sport)],
            seconds=body.get("duration", activity.duration),
            metres=body.get("distance", activity.distance),
            day=body.get("date", activity.local_date),
        )
    if "is_excluded" in body:
        entries.mark(call.session, call.member, activity, call.now, excluded=body["is_excluded"])
    call.session.flush()
    return _told(activity)


@endpoint("DELETE", "/activities/<id:activity_id>", scope=Scope.ACTIVITIES_WRITE, status=204, guarded_by=get_activity)
def remove_activity(call: Call, activity_id: int) -> None:
    """Delete an activity that was logged by hand. One that a device recorded can be excluded with `is_excluded`."""
    entries.remove(call.session, call.member, _mine(call, activity_id), call.now)


@endpoint(
    "POST",
    "/activities/files",
    scope=Scope.ACTIVITIES_WRITE,
    query=FileQuery,
    gives=FileSchema,
    status=202,
    takes_file=True,
)
def upload_file(call: Call, query: dict[str, Any]) -> Any:
    """Upload an activity file of at most 128 KiB as the body. A worker reads it, and the chat tells what was in it."""
    data = request.get_data()
    if not data:
        refuse("not-valid", errors=[{"pointer": "body:", "detail": "The body is the file, and it is empty."}])
    most = call.world.settings.files_a_day
    if not files.count_left_today(call.session, call.member, most, call.now):
        raise EnoughFiles(most=most)
    return _state(files.keep_content(call.session, call.member, data, f"application/{query['format']}", call.now))


@endpoint("GET", "/activities/files", scope=Scope.ACTIVITIES_READ, query=PageQuery, gives=FileSchema, many=True)
def list_files(call: Call, query: dict[str, Any]) -> Any:
    """List the files that you sent, through the API or in the chat, newest first."""
    found = select(SentFile).where(SentFile.member_id == call.member.id)
    chosen = {**query, "sort": "-received_at"}
    page = paging.of_query(call, found, chosen, {"received_at": SentFile.received_at}, SentFile.id)
    return Page([_state(each) for each in page.items], page.next_cursor)


@endpoint("GET", "/activities/files/<id:file_id>", scope=Scope.ACTIVITIES_READ, gives=FileSchema)
def get_file(call: Call, file_id: int) -> Any:
    """Return whether a file has been read."""
    row = call.session.get(SentFile, file_id)
    if row is None or row.member_id != call.member.id:
        refuse("not-found")
    return _state(row)


@endpoint("GET", "/activities/totals", scope=Scope.ACTIVITIES_READ, query=DaysQuery, gives=TotalsSchema)
def get_totals(call: Call, query: dict[str, Any]) -> Any:
    """Return your totals over some days, as `me` shows them in the chat."""
    dates = days.of_query(query, call.today())
    sport = SPORTS[query["sport"]] if "sport" in query else None
    manual = members.read_settings_for(call.session, call.member).manual
    totals = sum_totals(call.session, [call.member.id], dates, sport, manual).get(call.member.id)
    told = totals or Totals()
    names = ("count", "time", "distance", "elevation", "points", "sports")
    return {"since": dates.start, "until": dates.end, **{name: getattr(told, name) for name in names}}


@endpoint("GET", "/records", scope=Scope.ACTIVITIES_READ, query=RecordsQuery, gives=RecordSchema, many=True)
def list_records(call: Call, query: dict[str, Any]) -> Any:
    """List your current records, by sport."""
    sport = SPORTS[query["sport"]] if "sport" in query else None
    return paging.of_list(call, records.find_best(call.session, call.member, sport), query)


def _mine(call: Call, activity_id: int) -> Activity:
    found = call.session.get(Activity, activity_id)
    if found is None or found.member_id != call.member.id or found.deleted_at is not None:
        refuse("not-found")
    return found


def _told(activity: Activity) -> dict[str, Any]:
    told = {name: getattr(activity, name) for name in OWN}
    return told | {
        "external_id": None if activity.source in (CHAT, FILE) else activity.external_id,
        "is_excluded": activity.excluded_at is not None,
        "is_twin": activity.twin_of is not None,
    }


def _state(row: SentFile) -> dict[str, Any]:
    state = "waiting" if row.done_at is None else "not_read" if row.problem else "read"
    return {"id": row.id, "state": state, "problem": row.problem, "received_at": row.received_at}
