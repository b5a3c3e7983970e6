"""Decides whether a failed job may be done later, because Postgres cannot be used now."""

from sqlalchemy.exc import SQLAlchemyError

from models.outages import is_away, is_not_as_expected
from services.health import database
from world import World


def is_outage(world: World, error: BaseException) -> bool:
    """Return whether Postgres cannot be reached, is full, is read-only, or has an older schema than this code.

    An unknown column may also be a mistake of ours, which does not end by waiting. So the schema's version is read.
    """
    if is_away(error):
        return True
    if not is_not_as_expected(error):
        return False
    try:
        with world.sessions() as session:
            return not database.look(session).is_usable
    except SQLAlchemyError as worse:
        return is_away(worse)
