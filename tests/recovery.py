"""Backups of a town, and towns that are restored from them on another database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, make_url, text

import world as worlds
from models.base import make_sessions, open_engine
from models.vault import new_key
from tests.town import PATIENT, Person, Served, Town
from web.app import create_app
from world import World

KEY = new_key("b1")


def with_backups(world: World, folder: Path | str, **changes: object) -> World:
    """Return the same world with backups in this folder or bucket."""
    chosen = {"backup_to": str(folder), "backup_key": KEY} | changes
    known = {name: getattr(world.settings, name) for name in type(world.settings).model_fields}
    return replace(world, settings=type(world.settings)(**known | chosen))


@contextmanager
def another_database(world: World) -> Iterator[str]:
    """Create an empty database on the same server, yield its address, and drop it afterwards."""
    name = f"gruppetto_restored_{uuid4().hex[:8]}"
    admin = create_engine(world.settings.database_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    try:
        yield make_url(world.settings.database_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@contextmanager
def on_database(world: World, url: str) -> Iterator[World]:
    """Yield the same world with another database."""
    engine = open_engine(url, PATIENT, pool=world.settings.database_pool)
    settings = world.settings.model_copy(update={"database_url": url})
    yield replace(world, settings=settings, sessions=make_sessions(engine, world.vault, world.now))
    engine.dispose()


def take_over(town: Town, world: World, served: Served) -> Town:
    """Let the town go on in this world: its jobs and its pages use the restored database from now on."""
    town.world.redis.flushdb()
    worlds.use(world)
    served.app = create_app(world)
    return replace(town, world=world)


def moved_to(town: Town, person: Person) -> Person:
    """Return the same person in another town."""
    return replace(person, town=town)
