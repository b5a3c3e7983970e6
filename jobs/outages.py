"""Whether what failed may be done later, because Postgres cannot do its work now."""

from sqlalchemy.exc import SQLAlchemyError

from models.outages import is_away, is_not_as_expected
from services.health import database
from world import World


def is_outage(world: World, error: BaseException) -> bool:
    """Whether Postgres is away, full, only reading, or has an older schema than this code.

    An unknown column may also be a mistake of ours, which no waiting mends. So Postgres is looked at.
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
