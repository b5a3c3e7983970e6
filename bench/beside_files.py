"""Measures how long another member's Garmin account waits to be read while hostile files are being read.

The Procfile's processes run on this computer, with their own Postgres and Redis and the pretend Twilio and Garmin. Zoë
sends files into the chat. José's account becomes due as soon as a worker has begun to read the first of them, and the
time is measured until his account has been read.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import exists, select, update

import worker  # noqa: F401 - lets the bells find who answers them
from bench.hostile import Hostile
from bench.people import await_message
from config import Settings
from jobs.work import transaction
from models import GarminAccount, SentFile
from providers.clock import read_system_clock
from services.ground.bells import Bell, ring
from simulator.cast import newcomer
from simulator.stage import Stage, open_for_business, stage
from simulator.story import connect
from simulator.twilio.phones import Phone
from world import World

FILES_EACH = 2  # copies of each file, so that one still waits while the account is read
ALONE = 5  # how often the account is read without any file, for comparison
PATIENCE = 240.0  # seconds


@dataclass(frozen=True)
class Delay:
    """The seconds until a due account was read while files of this kind were read too."""

    kind: str
    seconds: float


def delays(files: Iterable[Hostile], workers: int) -> tuple[list[Delay], list[Delay]]:
    """Measure with so many workers, without files and with each of these files. Raises TimeoutError."""
    with _open(workers) as (on, world):
        jose, zoe = on.phones.add("José", "+34600000002"), on.phones.add("Zoë", "+32470000001")
        _connect(on, world, jose)
        alone = [Delay("no file", _until_read(world)) for _ in range(ALONE)]
        return alone, [Delay(each.kind, _beside(world, zoe, each)) for each in files]


@contextmanager
def _open(workers: int) -> Iterator[tuple[Stage, World]]:
    """Run the product with so many workers. Yields it, and a world for reading its database. Its logs are
    deleted at the end.
    """
    folder = Path(tempfile.mkdtemp(prefix="gruppetto-bench-"))
    settings = {"PRETEND_CLOCK": "0", "WORKERS": str(workers), "FILES_A_DAY": "1000000"}
    with stage(folder, kept=False, settings=settings) as on:
        on.twilio.now = on.garmin.now = on.garmin.personal.now = read_system_clock
        open_for_business(on)
        known = {name: on.environment[name.upper()] for name in Settings.model_fields if name.upper() in on.environment}
        world = World.from_settings(Settings.model_validate(known))
        try:
            yield on, world
        finally:
            world.sessions.kw["bind"].dispose()
            world.redis.close()
    shutil.rmtree(folder)


def _connect(on: Stage, world: World, phone: Phone) -> None:
    """Give a person a Garmin account, connect it on the page, and wait until it has been read for the first time."""
    athlete = newcomer(phone, on.garmin)
    phone.says("link garmin")
    link = await_message(phone, r"https?://\S+/link/\S+", PATIENCE)
    phone.says(connect(link, athlete.email, athlete.password, None))
    _wait(lambda: not _has(world, GarminAccount.last_sync_at.is_(None)) and _has(world, GarminAccount.id > 0))


def _beside(world: World, sender: Phone, file: Hostile) -> float:
    """Return the seconds until the account is read; it becomes due while the first of some files is being read."""
    for _ in range(FILES_EACH):
        sender.sends_file(file.data, "application/octet-stream", file.name)
    _wait(lambda: _has(world, SentFile.done_at.is_(None), SentFile.tries > 0) or _is_all_read(world))
    took = _until_read(world)
    _wait(lambda: _is_all_read(world))
    return took


def _until_read(world: World) -> float:
    """Make the account due, and return the seconds until it has been read."""
    with transaction(world) as session:
        due = world.now()
        session.execute(update(GarminAccount).values(next_sync_at=due))
        ring(session, Bell.GARMIN)
    began = time.monotonic()
    _wait(lambda: _has(world, GarminAccount.last_sync_at >= due))
    return time.monotonic() - began


def _is_all_read(world: World) -> bool:
    return not _has(world, SentFile.done_at.is_(None))


def _has(world: World, *where: object) -> bool:
    """Return whether there is a row with all these conditions."""
    with world.sessions() as session:
        return bool(session.scalar(select(exists().where(*where))))  # type: ignore[arg-type]


def _wait(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError(
                f"not after {PATIENCE:.0f} s; the logs are in the folder gruppetto-bench-* of temporary files"
            )
        time.sleep(0.02)
