"""When a group's digest comes: changing day, time and zone, with the next digest as it would be by the new schedule."""

from dataclasses import dataclass
from datetime import time
from functools import cache
from itertools import groupby
from zoneinfo import available_timezones

from flask import Response, abort, request

from fitness.crons import Cron
from fitness.impossible import ImpossibleError, Wrong
from fitness.schedules import LAST_DAY, Monthly, Schedule, Weekly, find_next_due, read_cron, write_cron
from models import Group, Membership
from services.digest import digests
from services.group import groups, rules
from web.dashboard.visit import Visit, find_way_back

DAYS = (*range(1, 29), LAST_DAY)
FORMS = ("table", "story")
CONTINENTS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
MOST_TEXT = 100  # characters of a field


@dataclass(frozen=True)
class ScheduleForm:
    """What the form says, as texts. `rhythm` is "weekly", "monthly", "cron" or "never"."""

    rhythm: str
    weekday: str
    day: str
    at: str
    cron: str
    zone: str
    form: str


def show_schedule(visit: Visit, group_id: int) -> Response:
    """Show the form as the schedule is now."""
    place = _require_admin(visit, group_id)
    return _show(visit, place.group, _write(place.group))


def choose_schedule(visit: Visit, group_id: int) -> str | Response:
    """Store the schedule that the form says, or, if that button was pressed, show what it would mean."""
    place, typed = _require_admin(visit, group_id), _read_form()
    try:
        schedule = _read_schedule(typed)
    except ImpossibleError as error:
        return _show(visit, place.group, typed, 400, why=error.why)
    if "preview" in request.form:
        return _show_preview(visit, place.group, typed, schedule)
    digests.tell_as(place.group, typed.form)
    wanted = None if schedule is None else write_cron(schedule)
    rules.reschedule(visit.session, place, wanted, visit.now, zone=typed.zone)
    return find_way_back("run", "scheduled", group=group_id)


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def _list_zones() -> list[tuple[str, list[str]]]:
    """The zones of each continent, and UTC. Older names of the same zones are left out."""
    named = sorted(each for each in _known_zones() if each.split("/")[0] in CONTINENTS)
    return [("", ["UTC"]), *((place, list(zones)) for place, zones in groupby(named, lambda each: each.split("/")[0]))]


def _require_admin(visit: Visit, group_id: int) -> Membership:
    place = visit.place_in(group_id)
    groups.require_admin(visit.session, place, "schedule")
    return place


def _show_preview(visit: Visit, group: Group, typed: ScheduleForm, schedule: Schedule | None) -> Response:
    if schedule is None:
        return _show(visit, group, typed, is_preview=True)
    due = find_next_due(schedule, typed.zone, visit.now)
    dates = digests.find_days_by(schedule, typed.zone, due, visit.now)
    message = digests.write_for_reader(visit.session, group, visit.member, dates, visit.now, typed.form, preview=True)
    return _show(visit, group, typed, is_preview=True, due=due, dates=dates, text=message.text)


def _show(visit: Visit, group: Group, typed: ScheduleForm, status: int = 200, **more: object) -> Response:
    facts = {"why": None, "is_preview": False, "due": None, "dates": None, "text": "", **more}
    return visit.page(
        "schedule.html", "run", status, group=group, typed=typed, days=DAYS, zones=_list_zones(), last=LAST_DAY, **facts
    )


def _write(group: Group) -> ScheduleForm:
    """The group's schedule as the form has it."""
    schedule = read_cron(group.digest_schedule) if group.digest_schedule else None
    form = digests.find_form(group).value
    match schedule:
        case Weekly(weekday, at):
            return ScheduleForm("weekly", str(weekday), "1", at.isoformat("minutes"), "", group.timezone, form)
        case Monthly(day, at):
            return ScheduleForm("monthly", "6", str(day), at.isoformat("minutes"), "", group.timezone, form)
        case Cron():
            return ScheduleForm("cron", "6", "1", "18:00", schedule.line, group.timezone, form)
    return ScheduleForm("never", "6", "1", "18:00", "", group.timezone, form)


def _read_form() -> ScheduleForm:
    """What was sent. What our own form cannot send is refused (400)."""
    names = ("rhythm", "weekday", "day", "at", "cron", "zone", "form")
    typed = ScheduleForm(*(request.form.get(name, "").strip()[:MOST_TEXT] for name in names))
    is_known = (
        typed.rhythm in {"weekly", "monthly", "cron", "never"}
        and typed.weekday in {str(day) for day in range(7)}
        and typed.day in {str(day) for day in DAYS}
        and typed.zone in _known_zones()
        and typed.form in FORMS
    )
    return typed if is_known else abort(400)


def _read_schedule(typed: ScheduleForm) -> Schedule | None:
    """The schedule that these texts mean; None for never. Raises `ImpossibleError`."""
    if typed.rhythm == "never":
        return None
    if typed.rhythm == "cron":
        return read_cron(typed.cron)
    at = _read_time(typed.at)
    return Weekly(int(typed.weekday), at) if typed.rhythm == "weekly" else Monthly(int(typed.day), at)


def _read_time(text: str) -> time:
    try:
        at = time.fromisoformat(text)
        return time(at.hour, at.minute)
    except ValueError:
        raise ImpossibleError(Wrong.NO_CLOCK, what=text) from None
