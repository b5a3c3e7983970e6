"""The pretend Twilio over HTTP: checking credentials, noting requests, and refusals."""

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import ClientDisconnected

from simulator.twilio.account import Account
from simulator.twilio.answers import Answer, not_found, refusal
from simulator.twilio.content_routes import ContentsApi
from simulator.twilio.message_routes import MessagesApi
from simulator.twilio.number_routes import NumbersApi
from simulator.twilio.rules import RefusedError
from simulator.twilio.values import Request


def blueprint(twilio: Account) -> Blueprint:
    """Return all routes that the SDK may use. Only the pictures on the phones need no credentials."""
    routes = Blueprint("twilio", __name__)
    routes.before_request(lambda: _signed_in(twilio))
    routes.after_request(lambda answer: _noted(twilio, answer))
    routes.register_error_handler(RefusedError, _refused)
    for api in MessagesApi(twilio), ContentsApi(twilio), NumbersApi(twilio):
        for rule, method, view in api.routes():
            routes.add_url_rule(rule, f"{method}_{view.__name__}", view, methods=[method])
    return routes


def _signed_in(twilio: Account) -> None:
    """Check the credentials: both auth tokens are valid, the primary and the secondary one, for their
    own account only.
    """
    account = (request.view_args or {}).pop("account", None)
    given = request.authorization
    if request.endpoint == "twilio.GET_kept":
        return
    tokens = {twilio.auth_token, twilio.second_token} - {None}
    if given is None or given.username != twilio.account_sid or given.password not in tokens:
        raise refusal("401")
    if account is not None and account != twilio.account_sid:
        raise not_found(request.path)


def _noted(twilio: Account, answer: Response) -> Response:
    try:
        params = request.form.to_dict() or request.args.to_dict() or request.get_json(silent=True) or {}
    except ClientDisconnected:  # the client closed before everything was read, so no answer is needed
        params = {}
    agent = request.user_agent.string
    twilio.journal.append(Request(twilio.now(), request.method, request.path, params, agent, answer.status_code))
    return answer


def _refused(why: RefusedError) -> Answer:
    more = f"https://www.twilio.com/docs/errors/{why.code}"
    told = {"code": why.code, "message": why.message, "more_info": more, "status": why.status}
    return jsonify(told), why.status
