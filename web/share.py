"""/s/<token>: a page with one digest, for everybody who has its address. From there it can be
shared to a WhatsApp group.
"""

import json
from dataclasses import asdict, replace

from flask import Blueprint, Response, abort, make_response
from sqlalchemy.orm import Session

from jobs.work import transaction
from models import Share
from providers.cards.drawing import draw_svg
from providers.charts import Leaderboard
from services.digest import media, shares
from web.headers import POLICY
from web.pages import ANYBODY, render_page
from world import World

# The page's script fetches the picture and passes it to the phone's share function; nothing else may run or be loaded.
WITH_SCRIPT = f"{POLICY}; script-src 'self'; connect-src 'self'"
AS_PICTURE = "default-src 'none'; sandbox"
WAIT = "2"  # seconds after which a picture that is being drawn should be ready


def make_share_pages(world: World) -> Blueprint:
    """Return the page and its pictures. Opening them changes nothing, and visitors are not recorded."""
    routes = Blueprint("share", __name__, url_prefix="/s")

    @routes.get("/<token>")
    def page(token: str) -> Response:
        with world.sessions() as session:
            shown = shares.make_shared_page(session, _open(world, session, token))
        answer = make_response(render_page("share.html", ANYBODY, page=shown, token=token))
        answer.headers["Content-Security-Policy"] = WITH_SCRIPT
        return answer

    @routes.get("/<token>/card.svg", defaults={"dark": False})
    @routes.get("/<token>/card-dark.svg", defaults={"dark": True})
    def card(token: str, dark: bool) -> Response:
        with world.sessions() as session:
            chart = _chart(session, _open(world, session, token))
        answer = Response(draw_svg(replace(chart, dark=dark)), mimetype="image/svg+xml")
        answer.headers["Content-Security-Policy"] = AS_PICTURE
        return answer

    @routes.get("/<token>/card.png")
    def png(token: str) -> Response:
        """Return the picture for the phone's share function, once a worker has drawn it."""
        with transaction(world) as session:
            share = _open(world, session, token)
            kept = media.find_drawn(session, json.dumps(asdict(_chart(session, share)), sort_keys=True))
            if kept is None:
                shares.ask_for_picture(session, share)
        if kept is None:
            return Response(render_page("being_drawn.txt"), 503, {"Retry-After": WAIT}, mimetype="text/plain")
        answer = Response(kept.png, mimetype="image/png")
        answer.headers["Content-Disposition"] = "inline; filename=digest.png"
        return answer

    return routes


def _open(world: World, session: Session, token: str) -> Share:
    share = shares.find(session, token)
    if share is None:
        abort(404)
    if not shares.is_open(share, world.now()):
        abort(410)
    return share


def _chart(session: Session, share: Share) -> Leaderboard:
    chart = shares.make_shared_page(session, share).chart
    if chart is None:
        abort(404)
    return chart
