"""Acts that need a code from the chat: typing the code. Then the act is done, if it is still allowed."""

from collections.abc import Callable
from uuid import UUID

from flask import Response, request

from services.people import chat_codes, confirming
from web.dashboard import members, tokens
from web.dashboard.asking import Act
from web.dashboard.visit import Visit

MOST_CODE = 20  # characters that are looked at
DOERS: dict[str, Callable[[Visit, Act], str | Response]] = {
    tokens.TOKEN: tokens.make_token,
    **dict.fromkeys(members.CHANGES, members.change_member),
}


def show_confirmation(visit: Visit, asked_id: UUID) -> Response:
    """Ask for the code from the chat."""
    return _show_form(visit, asked_id)


def confirm(visit: Visit, asked_id: UUID) -> str | Response:
    """Do what was asked for, if the code is right. A wrong code is counted, and said on the page."""
    code = "".join(each for each in request.form.get("code", "")[:MOST_CODE] if each.isdecimal())
    asked = confirming.confirm(visit.session, visit.device, asked_id, code, visit.now)
    if asked is None:
        return _show_form(visit, asked_id, is_wrong=True)
    return DOERS[asked.act["what"]](visit, asked.act)


def _show_form(visit: Visit, asked_id: UUID, *, is_wrong: bool = False) -> Response:
    """The form for the code, or a page without it once nothing can be confirmed any more."""
    visit.session.flush()
    asked = confirming.find_waiting(visit.session, visit.device, asked_id, visit.now)
    if asked is None:
        return visit.page("unconfirmed.html", "", 410)
    theirs = members.find_meant(visit, asked.act) if asked.act["what"] in members.CHANGES else None
    left = chat_codes.MOST_TRIES - asked.tries
    facts = {"asked": asked, "act": asked.act, "theirs": theirs, "is_wrong": is_wrong, "left": left}
    return visit.page("confirm.html", "", 409 if is_wrong else 200, **facts)
