"""Where Twilio knocks: verify, read, hand over, and answer at once.

Whatever Twilio signed is answered with success: Twilio does not repeat what we refuse, and shows the refusal only in
its own debugger. A form that cannot be used is logged as an error instead, because somebody may wait for an answer.
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


def webhook(world: World) -> Blueprint:
    """The two addresses that Twilio calls. A slash too many, at the end or before the path, does no harm."""
    routes = Blueprint("webhook", __name__, url_prefix="/webhooks/twilio")
    routes.record(_forgive_double_slash)
    seldom = Seldom()

    @routes.post("/inbound", strict_slashes=False)
    def inbound() -> Response:
        _verify(world, request, seldom)
        try:
            message = world.messenger.read(request.form)
        except ValueError as error:
            log.error("inbound not readable", why=str(error), inbound=_sid(request))
            knocks.unreadable(world, str(error))
            return _taken()
        knocks.good(world, knocks.proxies(request.headers.get("X-Forwarded-For", "")))
        if not hear(world, message):
            abort(503)
        return _taken()

    @routes.post("/status", strict_slashes=False)
    def status() -> Response:
        _verify(world, request, seldom)
        reference = world.messenger.reference(request.args, world.now())
        try:
            receipt = world.messenger.receipt(request.form)
            identity = UUID(reference) if reference else None
        except ValueError as error:
            log.error("receipt not readable", why=str(error), sid=_sid(request), message=reference)
            knocks.unreadable(world, str(error))
            return Response(status=204)
        knocks.good(world, knocks.proxies(request.headers.get("X-Forwarded-For", "")))
        if not hear_receipt(world, identity, receipt):
            abort(503)
        return Response(status=204)

    return routes


def _forgive_double_slash(state: BlueprintSetupState) -> None:
    """`https://host/` and the path behind it make `https://host//webhooks/…`, which Flask would redirect."""
    doubled = f"/{state.url_prefix}/inbound"
    state.app.add_url_rule(
        doubled, endpoint="webhook.inbound", methods=["POST"], merge_slashes=False, strict_slashes=False
    )


def _taken() -> Response:
    return Response(NOTHING_TO_SAY, mimetype="text/xml")


def _verify(world: World, heard: Request, seldom: Seldom) -> None:
    """The signature covers our public address as Twilio wrote it, whatever a proxy made of it on the way.

    Without a signature the form is not even read: `web.arrivals` does not wait for it.
    """
    headers = dict(heard.headers)
    written = heard.environ["PATH_INFO"].encode("latin-1").decode(errors="replace")  # `path` has no double slash
    path = f"{written}{'?' if heard.query_string else ''}{heard.query_string.decode(errors='replace')}"
    is_signed = world.messenger.signed(headers)
    urls = [f"{base}{path}" for base in _bases(world, heard)] if is_signed else []
    if not any(world.messenger.verified(url, heard.form, headers) for url in urls):
        account = knocks.other_account(world, heard.form.get("AccountSid", "")) if is_signed else None
        if count := seldom.passes(heard.path, world.now()):
            # Most often it is not forged at all: our token, account or address is not what Twilio has.
            named = {"account": account} if account else {}
            log.error("forged webhook", address=f"{world.settings.base_url}{heard.path}", count=count, **named)
        if account:
            knocks.strange(world, account)
        elif is_signed and heard.form.get("AccountSid") == world.settings.twilio_account_sid:
            knocks.forged(world)
        abort(403)


def _bases(world: World, heard: Request) -> list[str]:
    """Our public address, and the same with its host in the capitals that the caller used, where there are any."""
    base = world.settings.base_url
    scheme, _, rest = base.partition("://")
    host, slash, prefix = rest.partition("/")
    called = heard.headers.get("Host", "")
    same_host = called != host and called.casefold() == host.casefold()
    return [base, *([f"{scheme}://{called}{slash}{prefix}"] if same_host else [])]


def _sid(heard: Request) -> str | None:
    """The message that a genuine webhook is about, if it names one as Twilio does."""
    sid = heard.form.get("MessageSid", "")
    return sid if SID.fullmatch(sid) else None
