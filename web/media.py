"""/m/<token>.png: pictures for Twilio to fetch."""

from flask import Blueprint, Response, abort

from services.digest import media
from world import World


def pictures(world: World) -> Blueprint:
    """Serve what was published, as often as it is asked for."""
    routes = Blueprint("media", __name__)

    @routes.get("/m/<token>.png")
    def picture(token: str) -> Response:
        with world.sessions() as session:
            found = media.find(session, token)
        if found is None:
            abort(404)
        if found.expires_at <= world.now():
            abort(410)
        answer = Response(found.png, mimetype="image/png")
        answer.headers["Cache-Control"] = "private, max-age=3600"
        answer.headers["Content-Disposition"] = "inline; filename=gruppetto.png"
        answer.set_etag(found.token_hash[:32])
        return answer

    return routes
