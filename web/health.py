"""/livez and /readyz: is this process alive, and can it do its work?"""

from collections.abc import Callable

from flask import Blueprint, Response, jsonify
from redis import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from services import keyring
from world import World


def checks(world: World) -> Blueprint:
    """The two addresses; the second names what fails, and the scripts that pictures lack fonts for."""
    routes = Blueprint("health", __name__)

    @routes.get("/livez")
    def livez() -> Response:
        return Response("alive\n", mimetype="text/plain")

    @routes.get("/readyz")
    def readyz() -> tuple[Response, int]:
        failing = [name for name, check in CHECKS.items() if not check(world)]
        return jsonify(ready=not failing, failing=failing, no_fonts_for=world.charts.lacks), 503 if failing else 200

    return routes


def _database(world: World) -> bool:
    try:
        with world.sessions() as session:
            return bool(session.scalar(text("SELECT count(*) FROM alembic_version")) == 1)
    except SQLAlchemyError:
        return False


def _redis(world: World) -> bool:
    try:
        world.redis.ping()
    except RedisError:
        return False
    return True


def _secrets(world: World) -> bool:
    """Whether sealing works, and everything that is sealed can be opened with DATA_KEYS."""
    vault = world.vault
    if vault.open("health", 0, vault.seal("health", 0, "sound")) != "sound":
        return False
    try:
        with world.sessions() as session:
            return not keyring.missing_keys(session)
    except SQLAlchemyError:
        return True  # that is the database's failure, not the keys'


CHECKS: dict[str, Callable[[World], bool]] = {"database": _database, "redis": _redis, "secrets": _secrets}
