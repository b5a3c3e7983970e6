"""Where Twilio knocks: verify, read, hand over, and answer at once."""

from uuid import UUID

import structlog
from flask import Blueprint, Request, Response, abort, request

from bot.conversation import converse
from jobs.work import transaction
from services import outbox
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
        converse(world, message)
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
            moved = outbox.receipt(session, identity, receipt, world.now())
        log.info("receipt", sid=receipt.sid, status=receipt.status, code=receipt.error_code, moved=moved is not None)
        return Response(status=204)

    return routes


def _verify(world: World, heard: Request) -> None:
    """The signature covers our public address, whatever a proxy made of it on the way."""
    url = world.settings.base_url + heard.full_path.rstrip("?")
    if not world.messenger.verified(url, heard.form, dict(heard.headers)):
        log.warning("forged webhook", path=heard.path)
        abort(403)
