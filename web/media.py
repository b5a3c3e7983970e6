"""/m/<token>.png: the pictures that Twilio fetches."""

from flask import Blueprint, Response, abort

from services.digest import media
from world import World


def make_picture_pages(world: World) -> Blueprint:
    """Return the address that serves published pictures, any number of times."""
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
