"""The Flask application of the web process, built from a world."""

import structlog
from flask import Flask, Response, make_response, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from api import mounting
from api.declaring import problems
from bot import receiving
from bot.webhook import make_webhook
from jobs import delivery, digests, garmin, group_posts, housekeeping, pictures, webhooks
from messages import languages
from web import export, feeds, guesses, headers, health, https, link, media, metrics, operator, share
from web.dashboard.routes import make_dashboard_pages
from web.operator_page.routes import make_operator_pages
from web.pages import ANYBODY, render_page
from world import World

log = structlog.get_logger()

# The work that a page, an address of the API or a command may start: importing a job declares it.
RINGS = (
    receiving.ingest,
    delivery.drain,
    garmin.drain,
    digests.make,
    pictures.draw_shares,
    group_posts.post,
    housekeeping.tidy,
    webhooks.send,
)
LARGEST_FORM = 64 * 1024  # bytes; the forms of our pages are smaller
LARGEST_REQUEST = 128 * 1024  # bytes of a webhook; Twilio's largest has a tenth of that


def create_app(world: World) -> Flask:
    """Build the Flask application for this world."""
    pages = f"templates/{languages.FIRST}/pages"
    app = Flask("gruppetto", root_path=str(headers.ROOT), template_folder=pages, static_folder="static")
    app.config |= {
        "MAX_CONTENT_LENGTH": LARGEST_REQUEST,
        "MAX_FORM_MEMORY_SIZE": LARGEST_REQUEST,
        "MAX_FORM_PARTS": 200,
        "REQUEST_SECONDS": world.settings.request_seconds,  # for web.buffering
    }
    hops = world.settings.trusted_hops
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    for routes in (
        make_webhook,
        link.make_link_pages,
        make_dashboard_pages,
        export.make_export_pages,
        media.make_picture_pages,
        share.make_share_pages,
        feeds.make_feed_pages,
        health.make_health_checks,
        metrics.make_metrics_pages,
        make_operator_pages,
    ):
        app.register_blueprint(routes(world))
    metrics.measure(app)
    app.before_request(_require_small)
    mounting.mount(app, world)
    https.require(app, world)
    app.extensions["rings"] = RINGS
    operator.add_commands(app, world)
    headers.protect_answers(app, world)
    guesses.refuse_guesses(app, world)
    app.register_error_handler(HTTPException, _said)
    app.register_error_handler(Exception, _broke)
    return app


def _require_small() -> None:
    """Refuse a request that is too large (413). This runs before everything else, because not every
    page reads the body.
    """
    is_webhook = request.blueprint == "webhook"
    most = LARGEST_REQUEST if is_webhook or problems.is_for_programs() else LARGEST_FORM
    request.max_content_length = request.max_form_memory_size = most
    if (request.content_length or 0) > most:
        if is_webhook:
            log.warning("webhook too large", path=request.path, bytes=request.content_length)
        raise RequestEntityTooLarge


def _said(error: HTTPException) -> Response:
    if problems.is_for_programs():
        return problems.of_http(error)
    answer = make_response(render_page("problem.html", ANYBODY, code=error.code, name=error.name), error.code or 500)
    answer.headers.update({name: value for name, value in error.get_headers() if name == "Allow"})
    return answer


def _broke(error: Exception) -> Response | tuple[str, int]:
    log.error("request broke", error=type(error).__name__, exc_info=error)
    if problems.is_for_programs():
        return problems.broke()
    return render_page("problem.html", ANYBODY, code=500, broke=True), 500
