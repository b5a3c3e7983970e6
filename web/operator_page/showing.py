"""What the operator sees, and the one thing that can be done there: ending the pause of a vendor."""

from typing import Any

from flask import Response, abort, current_app, request, url_for

from jobs import operator_look
from models import Breaker
from services.ground import breakers
from services.health import message_lists
from services.health.message_lists import ON_A_PAGE, MessageList
from version import release
from web.operator_page.visit import OperatorVisit


def show_overview(visit: OperatorVisit) -> Response:
    """Show all facts that `flask status` prints."""
    look = operator_look.look_for_operator(visit.world, current_app.extensions["watch"].report())
    visit.note("overview_opened")
    done = request.args.get("done", "")
    return visit.page("overview.html", "overview", look=look, version=release(), done=done)


def show_messages(visit: OperatorVisit, which: str) -> Response:
    """Show a list of messages, without their texts and with masked numbers.

    Each member in it sees that in the audit.
    """
    if which not in MessageList:
        abort(404)
    chosen = MessageList(which)
    count = message_lists.count_messages(visit.session, chosen, visit.now)
    page = max(request.args.get("page", 1, int), 1)
    skip = (page - 1) * ON_A_PAGE
    if page > 1 and skip >= count:
        abort(404)
    found = message_lists.list_messages(visit.session, chosen, visit.now, skip)
    visit.note("messages_opened", which=which, page=page)
    for member_id in sorted({each.member_id for each in found}):
        visit.note("saw_messages", member_id=member_id, which=which)
    has_more = skip + len(found) < min(count, message_lists.MOST)
    facts: dict[str, Any] = {
        "which": chosen,
        "count": count,
        "most": message_lists.MOST,
        "page_number": page,
        "has_more": has_more,
    }
    return visit.page("messages.html", "overview", found=found, **facts)


def show_breaker(visit: OperatorVisit, name: str) -> Response:
    """Ask whether the pause of this vendor shall end now."""
    breaker = _shut_breaker(visit, name)
    visit.note("pause_looked_at", vendor=name)
    return visit.page("breaker.html", "overview", breaker=breaker)


def end_pause(visit: OperatorVisit, name: str) -> str:
    """End the pause, so that the next job calls the vendor again."""
    _shut_breaker(visit, name)
    breakers.open_again(visit.session, name, visit.now)
    visit.note("pause_ended", vendor=name)
    return url_for("operator.overview", done="pause-ended")


def _shut_breaker(visit: OperatorVisit, name: str) -> Breaker:
    found = visit.session.get(Breaker, name)
    if found is None or found.shut_until <= visit.now:
        abort(404)
    return found
