"""For those who run a group: who is in it, who waits, invites, when the next digest comes and what it would say."""

from urllib.parse import quote

import segno
from flask import Response, abort, request
from markupsafe import Markup

from fitness.schedules import read_cron
from models import JoinRequest, Membership
from services.digest import digests
from services.group import audit_lines, group_notices, groups, invites, joining, roster
from services.training import accounts
from web.dashboard.visit import LARGEST_ID, Visit, find_way_back

MOST_MEMBERS, MOST_ACTS = 200, 15
QR_BORDER = 2  # squares around the code


def show_run(visit: Visit) -> Response:
    """Show everything about running the group."""
    if visit.place is None:
        return visit.page("no_group.html", "run")
    group = _require_admin(visit, visit.place).group
    events = audit_lines.list_latest(visit.session, group, MOST_ACTS)
    size = groups.count_members(visit.session, group)
    return visit.page(
        "run.html",
        "run",
        group=group,
        members=roster.list_first_members(visit.session, group, MOST_MEMBERS if "all" not in request.args else size),
        size=size,
        all_days=(7, invites.DAYS, invites.MOST_DAYS),
        all_uses=(1, 10, invites.USES, invites.MOST_USES),
        days=invites.DAYS,
        uses=invites.USES,
        requests=joining.list_waiting(visit.session, group),
        invites=invites.list_active(visit.session, group, visit.now),
        schedule=read_cron(group.digest_schedule) if group.digest_schedule else None,
        acts=audit_lines.write_acts(visit.session, group, events, visit.reader),
    )


def show_preview(visit: Visit, group_id: int) -> Response:
    """Show the next digest as it would be now."""
    group = _require_admin(visit, visit.place_in(group_id)).group
    dates = digests.find_coming_days(group, visit.now)
    message = digests.write_for_reader(visit.session, group, visit.member, dates, visit.now, preview=True)
    return visit.page("digest.html", "run", group=group, dates=dates, text=message.text, is_preview=True)


def approve(visit: Visit, group_id: int, request_id: int) -> str:
    """Let somebody in who waits, and tell them."""
    request = _find_request(visit, group_id, request_id)
    before = request.member.name
    joined = joining.approve(visit.session, visit.place_in(group_id), request, visit.now)
    linked = bool(accounts.list_accounts(visit.session, joined.member))
    called = joined.member.name if joined.member.name != before else None
    group_notices.let_in(visit.session, joined, visit.now, linked=linked, called=called)
    return find_way_back("run", "approved", group=group_id)


def decline(visit: Visit, group_id: int, request_id: int) -> str:
    """Turn somebody down who waits, and tell them."""
    request = _find_request(visit, group_id, request_id)
    joining.decline(visit.session, visit.place_in(group_id), request, visit.now)
    group_notices.tell_turned_down(visit.session, request, visit.now)
    return find_way_back("run", "declined", group=group_id)


def make_invite(visit: Visit, group_id: int) -> Response:
    """Make a new code, and show it as a link and a QR code. Only this page shows it, because it is not stored."""
    days, uses = (request.form.get(name, type=int) for name in ("days", "uses"))
    place = visit.place_in(group_id)
    made = invites.make_invite(visit.session, place, visit.now, days=days or invites.DAYS, uses=uses or invites.USES)
    link = f"https://wa.me/{visit.world.settings.bot_phone}?text={quote(f'join {made.code}')}"
    return visit.page("invite.html", "run", invitation=made, link=link, picture=_draw_qr(link))


def revoke_invites(visit: Visit, group_id: int) -> str:
    """Let no code of the group be good any more."""
    invites.revoke(visit.session, visit.place_in(group_id), visit.now)
    return find_way_back("run", "revoked", group=group_id)


def _draw_qr(link: str) -> Markup:
    """Return the QR code as SVG. Segno draws it out of squares; nothing of the link stands in it as text."""
    code = segno.make(link, error="m")
    drawn = code.svg_inline(
        border=QR_BORDER, dark="#0b3b3c", light="#fff", svgclass="qr", lineclass=None, omitsize=True
    )
    return Markup(drawn)  # noqa: S704 - made of numbers by segno


def _require_admin(visit: Visit, place: Membership) -> Membership:
    groups.require_admin(visit.session, place, "waiting")
    return place


def _find_request(visit: Visit, group_id: int, request_id: int) -> JoinRequest:
    """The request to join this group, one of the member's own. Whether they may answer it, `joining` decides."""
    visit.place_in(group_id)
    request = visit.session.get(JoinRequest, request_id) if request_id < LARGEST_ID else None
    if request is None or request.group_id != group_id:
        abort(404)
    return request
