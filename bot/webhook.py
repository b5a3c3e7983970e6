"""Where Twilio knocks: verify, read, hand over, and answer at once."""

from uuid import UUID

import structlog
from flask import Blueprint, Request, Response, abort, request

from bot.receiving import hear
from jobs.work import transaction
from services.delivery import outcomes
from world import World

log = structlog.get_logger()

NOTHING_TO_SAY = "<Response/>"


def webhook(world: World) -> Blueprint:
    """The two addresses that are set at Twilio's."""
    routes = Blueprint("webhook", __name__, url_prefix="/webhooks/twilio")

    @routes.post("/inbound")
    def inbound() -> Response:
        _verify(world, request)
        try:
            message = world.messenger.read(request.form)
        except ValueError as error:
            log.warning("inbound not readable", why=str(error))
            abort(400)
        if not hear(world, message):
            abort(503)
        return Response(NOTHING_TO_SAY, mimetype="text/xml")

    @routes.post("/status")
    def status() -> Response:
        _verify(world, request)
        reference = world.messenger.reference(request.args)
        try:
            receipt = world.messenger.receipt(request.form)
            identity = UUID(reference) if reference else None
        except ValueError as error:
            log.warning("receipt not readable", why=str(error))
            abort(400)
        with transaction(world) as session:
            moved = outcomes.receipt(session, identity, receipt, world.now())
        log.info("receipt", sid=receipt.sid, status=receipt.status, code=receipt.error_code, moved=moved is not None)
        return Response(status=204)

    return routes


def _verify(world: World, heard: Request) -> None:
    """The signature covers our public address, whatever a proxy made of it on the way."""
    query = heard.query_string.decode(errors="replace")
    url = f"{world.settings.base_url}{heard.path}{'?' if query else ''}{query}"
    if not world.messenger.verified(url, heard.form, dict(heard.headers)):
        log.warning("forged webhook", path=heard.path)
        abort(403)
