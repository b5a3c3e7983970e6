"""The addresses of the dashboard: which function shows each page, and which does what each form asks for."""

from flask import Blueprint

from web.dashboard import confirm, entry, group, me, members, on, records, run, schedule, tokens, week, year
from web.dashboard.visit import Do, Look, make_doer, make_looker
from world import World

PAGES: dict[str, tuple[str, Look]] = {
    "this_week": ("/", week.show_week),
    "my_year": ("/year", year.show_year),
    "my_records": ("/records", records.show_records),
    "the_group": ("/group", group.show_group),
    "digest": ("/digests/<int:digest_id>", group.show_digest),
    "whats_on": ("/on", on.show_what_is_on),
    "run": ("/run", run.show_run),
    "preview": ("/groups/<int:group_id>/preview", run.show_preview),
    "member": ("/groups/<int:group_id>/members/<int:place_id>", members.show_member),
    "schedule": ("/groups/<int:group_id>/schedule", schedule.show_schedule),
    "me": ("/me", me.show_me),
    "new_token": ("/me/tokens/new", tokens.show_new_token),
    "my_acts": ("/me/audit", me.show_my_acts),
    "erase": ("/me/erase", me.show_erase),
    "confirmation": ("/confirm/<uuid:asked_id>", confirm.show_confirmation),
}
FORMS: dict[str, tuple[str, Do]] = {
    "join_challenge": ("/groups/<int:group_id>/challenges/<int:number>/join", on.join_challenge),
    "leave_challenge": ("/groups/<int:group_id>/challenges/<int:number>/leave", on.leave_challenge),
    "choose_sharing": ("/groups/<int:group_id>/sharing", me.choose_sharing),
    "approve": ("/groups/<int:group_id>/requests/<int:request_id>/approve", run.approve),
    "decline": ("/groups/<int:group_id>/requests/<int:request_id>/decline", run.decline),
    "make_invite": ("/groups/<int:group_id>/invites", run.make_invite),
    "revoke_invites": ("/groups/<int:group_id>/invites/revoke", run.revoke_invites),
    "ask_to_change": ("/groups/<int:group_id>/members/<int:place_id>", members.ask_to_change),
    "choose_schedule": ("/groups/<int:group_id>/schedule", schedule.choose_schedule),
    "sync": ("/me/sync", me.sync_now),
    "end_device": ("/me/devices/<uuid:session_id>/end", me.end_device),
    "ask_for_token": ("/me/tokens", tokens.ask_for_token),
    "end_token": ("/me/tokens/<uuid:token_id>/end", tokens.end_token),
    "make_calendar": ("/me/feeds/calendar", me.make_calendar),
    "make_digest_feed": ("/me/feeds/digests/<int:group_id>", me.make_digest_feed),
    "end_feed": ("/me/feeds/<uuid:feed_id>/end", me.end_feed),
    "end_everything": ("/me/devices/end", me.end_everything),
    "export": ("/me/export", me.have_copy_made),
    "ask_to_erase": ("/me/erase/code", me.ask_to_erase),
    "erase_me": ("/me/erase", me.erase_me),
    "confirm": ("/confirm/<uuid:asked_id>", confirm.confirm),
}


def make_dashboard_pages(world: World) -> Blueprint:
    """Return the pages of the dashboard, and the page of the link that leads to them."""
    routes = Blueprint("dashboard", __name__, url_prefix="/dashboard")
    entry.add_entry(routes, world)
    for name, (path, look) in PAGES.items():
        routes.get(path, endpoint=name)(make_looker(world, look))
    for name, (path, do) in FORMS.items():
        routes.post(path, endpoint=name)(make_doer(world, do))
    return routes
