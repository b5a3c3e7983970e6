"""How Alembic reaches the database. Two releases at once wait for each other."""

from typing import Literal

import structlog
from alembic import context
from sqlalchemy import Connection, text

import starting
from models import Base
from models.base import NOTICES_WHO_IS_GONE, EnumColumn, UtcDateTime, open_engine

log = structlog.get_logger()

LOCK = 710_000


def _plain(kind: str, what: object, _context: object) -> str | Literal[False]:
    """Write our own column types as what they are in Postgres, so that old migrations need none of our code."""
    if kind == "type" and isinstance(what, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(what, EnumColumn):
        return "sa.String(24)"
    return False


def run() -> None:
    """Run the migrations on DATABASE_URL, or on the database that a test hands over.

    A release with settings that are missing or wrong ends here, before the old version makes room for the new one.
    """
    url = context.config.attributes.get("url") or starting.begin("release").database_url
    engine = open_engine(url, patience=NOTICES_WHO_IS_GONE)
    with engine.begin() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_item=_plain,
            compare_type=True,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            _await_turn(connection)
            context.run_migrations()
    engine.dispose()


def _await_turn(connection: Connection) -> None:
    """Wait until no other release migrates, however long that takes. A table that is locked is waited for no longer
    than anywhere else: the old version goes on serving meanwhile, and would wait behind us.
    """
    if connection.scalar(text(f"SELECT pg_try_advisory_xact_lock({LOCK})")):
        return
    log.info("another release migrates")
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
    connection.execute(text("SET LOCAL lock_timeout TO DEFAULT"))


run()
