"""Where Twilio knocks: verify, read, hand over, and answer at once.

Whatever Twilio signed is answered with success: Twilio does not repeat what we refuse, and shows the refusal only in
its own debugger. A form that cannot be used is logged as an error instead, because somebody may wait for an answer.
"""

from uuid import UUID

import structlog
from flask import Blueprint, Request, Response, abort, request
from flask.blueprints import BlueprintSetupState

from bot.receiving import hear
from jobs.work import transaction
from services.delivery import outcomes
from world import World

log = structlog.get_logger()

NOTHING_TO_SAY = "<Response/>"


def webhook(world: World) -> Blueprint:
    """The two addresses that Twilio calls. A slash too many, at the end or before the path, does no harm."""
    routes = Blueprint("webhook", __name__, url_prefix="/webhooks/twilio")
    routes.record(_forgive_double_slash)

    @routes.post("/inbound", strict_slashes=False)
    def inbound() -> Response:
        _verify(world, request)
        try:
            message = world.messenger.read(request.form)
        except ValueError as error:
            log.error("inbound not readable", why=str(error))  # noqa: TRY400 - the traceback would add nothing
            return _taken()
        if not hear(world, message):
            abort(503)
        return _taken()

    @routes.post("/status", strict_slashes=False)
    def status() -> Response:
        _verify(world, request)
        reference = world.messenger.reference(request.args)
        try:
            receipt = world.messenger.receipt(request.form)
            identity = UUID(reference) if reference else None
        except ValueError as error:
            log.error("receipt not readable", why=str(error))  # noqa: TRY400 - the traceback would add nothing
            return Response(status=204)
        with transaction(world) as session:
            moved = outcomes.receipt(session, identity, receipt, world.now())
        log.info("receipt", sid=receipt.sid, status=receipt.status, code=receipt.error_code, moved=moved is not None)
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


def _verify(world: World, heard: Request) -> None:
    """The signature covers our public address as Twilio wrote it, whatever a proxy made of it on the way.

    Without a signature the form is not even read: `web.arrivals` does not wait for it.
    """
    headers = dict(heard.headers)
    written = heard.environ["PATH_INFO"].encode("latin-1").decode(errors="replace")  # `path` has no double slash
    path = f"{written}{'?' if heard.query_string else ''}{heard.query_string.decode(errors='replace')}"
    is_signed = world.messenger.signed(headers)
    if not (
        is_signed
        and any(world.messenger.verified(f"{base}{path}", heard.form, headers) for base in _bases(world, heard))
    ):
        log.warning("forged webhook", path=heard.path)
        abort(403)


def _bases(world: World, heard: Request) -> list[str]:
    """Our public address, and the same with its host in the capitals that the caller used, where there are any."""
    base = world.settings.base_url
    scheme, _, rest = base.partition("://")
    host, slash, prefix = rest.partition("/")
    called = heard.headers.get("Host", "")
    same_host = called != host and called.casefold() == host.casefold()
    return [base, *([f"{scheme}://{called}{slash}{prefix}"] if same_host else [])]
