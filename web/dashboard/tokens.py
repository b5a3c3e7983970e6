"""Personal tokens for scripts: making a new one, which needs a code from the chat, and ending one."""

from uuid import UUID

from flask import Response, abort, request

from messages.words import clean_name
from models import PersonalToken, Scope
from services.people import personal_tokens
from services.people.personal_tokens import MAY_HAVE, MOST_NAME
from web.dashboard.asking import Act, ask_for_code
from web.dashboard.visit import Visit, find_way_back

TOKEN = "token"  # noqa: S105 - the name of the act
ALL_DAYS = (7, 30, 90, 365)


def show_new_token(visit: Visit) -> Response:
    """Ask what the new token shall be called, and what it may do."""
    return _show_form(visit)


def ask_for_token(visit: Visit) -> str | Response:
    """Send a code for a new token, and go on to the page that asks for it."""
    name = clean_name(request.form.get("name", ""), MOST_NAME)
    scopes = [each.value for each in MAY_HAVE if each.value in request.form.getlist("scope")]
    days = request.form.get("days", type=int)
    if not name or not scopes:
        return _show_form(visit, 400, "name" if not name else "scopes")
    if days not in ALL_DAYS:
        abort(400)
    personal_tokens.require_room(visit.session, visit.member, visit.now)
    return ask_for_code(visit, {"what": TOKEN, "name": name, "scopes": scopes, "days": days}, name=name, scopes=scopes)


def make_token(visit: Visit, act: Act) -> Response:
    """Make the token that was asked for, and show it. Only this page shows it, because it is not stored."""
    scopes = [Scope(each) for each in act["scopes"]]
    row, token = personal_tokens.make(visit.session, visit.member, act["name"], scopes, act["days"], visit.now)
    return visit.page("token.html", "me", row=row, token=token, base_url=visit.world.settings.base_url)


def end_token(visit: Visit, token_id: UUID) -> str:
    """Let a personal token be good no more."""
    row = visit.session.get(PersonalToken, token_id)
    if row is None or row.member_id != visit.member.id or row.ended_at is not None:
        abort(404)
    personal_tokens.end(visit.session, row, visit.now)
    return find_way_back("me", "token-ended", _anchor="devices")


def _show_form(visit: Visit, status: int = 200, missing: str = "") -> Response:
    """The form with what was typed. `missing` is what it lacks: "name", "scopes" or nothing."""
    return visit.page(
        "new_token.html",
        "me",
        status,
        missing=missing,
        scopes=[each.value for each in MAY_HAVE],
        all_days=ALL_DAYS,
        most_name=MOST_NAME,
        typed=request.form.get("name", ""),
        ticked=request.form.getlist("scope"),
        days=request.form.get("days", personal_tokens.DAYS, type=int),
    )
