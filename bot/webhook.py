"""The webhooks that Twilio calls: check the signature, read the form, hand it over, and answer at once.

Every request that Twilio has signed is answered with success: Twilio does not repeat a request that we refuse,
and shows the refusal only in its own debugger. If a form cannot be used, an error is logged, because somebody
may wait for an answer.
"""

import re
from uuid import UUID

import structlog
from flask import Blueprint, Request, Response, abort, request
from flask.blueprints import BlueprintSetupState

from bot.receiving import hear, hear_receipt
from jobs import knocks
from logs import Seldom
from world import World

log = structlog.get_logger()

NOTHING_TO_SAY = "<Response/>"
SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")


def make_webhook(world: World) -> Blueprint:
    """Return the two addresses that Twilio calls. An additional slash at the end or before the path does no harm."""
    routes = Blueprint("webhook", __name__, url_prefix="/webhooks/twilio")
    routes.record(_forgive_double_slash)
    seldom = Seldom()

    @routes.post("/inbound", strict_slashes=False)
    def inbound() -> Response:
        _verify(world, request, seldom)
        try:
            message = world.messenger.read_inbound(request.form)
        except ValueError as error:
            log.error("inbound not readable", why=str(error), inbound=_sid(request))
            knocks.note_unreadable(world, str(error))
            return _taken()
        knocks.note_good(world, knocks.count_proxies(request.headers.get("X-Forwarded-For", "")))
        if not hear(world, message):
            abort(503)
        return _taken()

    @routes.post("/status", strict_slashes=False)
    def status() -> Response:
        _verify(world, request, seldom)
        reference = world.messenger.read_reference(request.args, world.now())
        try:
            receipt = world.messenger.read_receipt(request.form)
            identity = UUID(reference) if reference else None
        except ValueError as error:
            log.error("receipt not readable", why=str(error), sid=_sid(request), message=reference)
            knocks.note_unreadable(world, str(error))
            return Response(status=204)
        knocks.note_good(world, knocks.count_proxies(request.headers.get("X-Forwarded-For", "")))
        if not hear_receipt(world, identity, receipt):
            abort(503)
        return Response(status=204)

    return routes


def _forgive_double_slash(state: BlueprintSetupState) -> None:
    """Also accept `https://host//webhooks/…`, which people get by joining `https://host/` and the path. Flask
    would redirect it.
    """
    doubled = f"/{state.url_prefix}/inbound"
    state.app.add_url_rule(
        doubled, endpoint="webhook.inbound", methods=["POST"], merge_slashes=False, strict_slashes=False
    )


def _taken() -> Response:
    return Response(NOTHING_TO_SAY, mimetype="text/xml")


def _verify(world: World, heard: Request, seldom: Seldom) -> None:
    """Refuse a request with a wrong signature (403). The signature covers our public address as Twilio knows it, even
    if a proxy has changed it on the way.

    Without a signature the form is not read at all: `web.arrivals` does not wait for it.
    """
    headers = dict(heard.headers)
    written = heard.environ["PATH_INFO"].encode("latin-1").decode(errors="replace")  # `path` has no double slash
    path = f"{written}{'?' if heard.query_string else ''}{heard.query_string.decode(errors='replace')}"
    is_signed = world.messenger.has_signature(headers)
    urls = [f"{base}{path}" for base in _bases(world, heard)] if is_signed else []
    if not any(world.messenger.is_genuine(url, heard.form, headers) for url in urls):
        account = knocks.find_other_account(world, heard.form.get("AccountSid", "")) if is_signed else None
        if count := seldom.passes(heard.path, world.now()):
            # Usually nobody forged it: our token, account or address differs from Twilio's.
            named = {"account": account} if account else {}
            log.error("forged webhook", address=f"{world.settings.base_url}{heard.path}", count=count, **named)
        if account:
            knocks.note_other_account(world, account)
        elif is_signed and heard.form.get("AccountSid") == world.settings.twilio_account_sid:
            knocks.note_forged(world)
        abort(403)


def _bases(world: World, heard: Request) -> list[str]:
    """Return our public address, and the same with the host in the capitals that the caller used, if any."""
    base = world.settings.base_url
    scheme, _, rest = base.partition("://")
    host, slash, prefix = rest.partition("/")
    called = heard.headers.get("Host", "")
    same_host = called != host and called.casefold() == host.casefold()
    return [base, *([f"{scheme}://{called}{slash}{prefix}"] if same_host else [])]


def _sid(heard: Request) -> str | None:
    """Return the id of the message that a genuine webhook is about, or None if it has none in Twilio's form."""
    sid = heard.form.get("MessageSid", "")
    return sid if SID.fullmatch(sid) else None
