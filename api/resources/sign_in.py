"""Signing in with a code that is sent in WhatsApp."""

from typing import Any

from flask import Response

from api.declaring import problems
from api.declaring.call import Call
from api.declaring.endpoints import endpoint
from api.declaring.problems import Problem
from api.resources.tokens import told
from api.schemas.access import CodeAskedSchema, CodeWanted, SignInBody, TokensSchema
from models import Scope
from services.people import chat_codes, sessions, signing_in

DETAIL = (
    "If this number belongs to somebody who wrote to the bot in WhatsApp within the last 24 hours, a code is in that "
    "chat now. If none comes, write hi to the bot and ask again. Whoever is new begins there, too."
)


@endpoint("POST", "/auth/codes", scope=None, body=CodeWanted, gives=CodeAskedSchema, status=202)
def ask_for_code(call: Call, body: dict[str, Any]) -> Any:
    """Send a code into a member's chat. The answer is the same whether or not the number is known."""
    number = signing_in.read_number(body["number"])
    if number is None:
        raise Problem("not-valid", errors=[{"pointer": "json:/number", "detail": "Not a phone number with its +."}])
    request = signing_in.ask(call.session, number, call.now)
    return {"request": request, "expires_in": int(chat_codes.CODE_FOR.total_seconds()), "detail": DETAIL}


@endpoint("POST", "/auth/tokens", scope=None, body=SignInBody, gives=TokensSchema, status=201)
def sign_in(call: Call, body: dict[str, Any]) -> Any:
    """Exchange a code for an access token and a refresh token. `scopes` limits what the session may do."""
    member = signing_in.prove(call.session, body["request"], body["code"].strip(), call.now)
    if member is None:
        return _wrong()  # not raised, because the try must be committed
    scopes = [Scope(each) for each in body["scopes"]]
    return told(call, sessions.begin(call.session, member, body["device"], scopes, call.now))


def _wrong() -> Response:
    return problems.own(Problem("code-wrong"))
