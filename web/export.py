"""/export/<token>: the page from which a member downloads the copy of their data, once. Opening the page changes
nothing, because previews open it too.
"""

import structlog
from flask import Blueprint, Response, abort, make_response

from jobs.work import transaction
from models.vault import UnknownKey
from services.data import exports
from services.ground import audit
from web.common.forms import require_same_origin
from web.pages import ANYBODY, render_page
from world import World

log = structlog.get_logger()


def make_export_pages(world: World) -> Blueprint:
    """Return the page and the download of its button."""
    routes = Blueprint("export", __name__, url_prefix="/export")

    @routes.get("/<token>")
    def welcome(token: str) -> str:
        """Return the page, which is the same whether or not there is a copy."""
        return render_page("export.html", ANYBODY, token=token)

    @routes.post("/<token>")
    def fetch(token: str) -> Response:
        require_same_origin(world)
        try:
            with transaction(world) as session:
                audit.name_way(session, audit.PAGE)
                archive = exports.fetch_copy(session, token, world.now())
        except UnknownKey as error:
            log.error("sealed under an unknown key: tried again later", key=error.name, what="exports")
            abort(503)
        if archive is None:
            return make_response(render_page("export_over.html"), 410)
        answer = Response(archive, mimetype="application/zip")
        answer.headers["Content-Disposition"] = "attachment; filename=gruppetto.zip"
        return answer

    return routes
