"""`python -m bench.restore`: a backup of a database at size, made under load, restored into a new database that works.

Postgres itself writes most of the rows. Beside them, some hundred messages are handed to the pretend Twilio: some
before the backup with an answer that got lost, so that they are in doubt in the backup, and some after it, so that they
wait in the backup. After the restore the same jobs run on the new database, and it is counted what Twilio gets a second
time.

Minutes are elapsed time, so other work on the machine makes them longer.
"""

import argparse
import logging
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Self

import structlog
from alembic import command
from alembic.config import Config
from flask import Flask
from sqlalchemy import create_engine, make_url, select, text
from werkzeug.serving import make_server

from bench.figures import table
from bench.health import filling
from config import Settings
from jobs import backups, delivery, reconciling, restoring
from messages.message import Approved, Message
from models import Member, MessageKind, OutboundMessage
from models.base import make_sessions, open_engine
from models.vault import new_key
from providers.clock import read_system_clock
from services.data import erasure
from services.delivery import mailbox
from simulator.services import SetUpProblem, services
from simulator.twilio.phones import Phones
from simulator.twilio.server import PretendTwilio
from world import World

MEMBERS, WAITING, DOUBTFUL, ERASED = 1_000, 300, 100, 50
ACCOUNT, TOKEN, SENDER = "AC" + "0" * 32, "a token for the bench", "whatsapp:+14155238886"
READY = Approved("digest_ready", {"1": "A", "2": "B", "3": "C", "4": "D", "5": "E", "6": "F"})


@dataclass
class Load:
    """Writes to the database without a pause, as a busy evening does, and counts its transactions."""

    world: World
    count: int = 0

    def __enter__(self) -> Self:
        self._done = Event()
        self._thread = Thread(target=self._write, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _write(self) -> None:
        change = text(
            "WITH chosen AS (SELECT id FROM outbound_messages WHERE state = 'read' ORDER BY id OFFSET :at LIMIT 20) "
            "UPDATE outbound_messages SET looks = looks + 1 WHERE id IN (SELECT id FROM chosen)"
        )
        while not self._done.is_set():
            with self.world.sessions.begin() as session:
                session.execute(change, {"at": 20 * (self.count % 1000)})
            self.count += 1


def measure(messages: int) -> tuple[list[tuple[str, str]], bool]:
    """Fill, back up, lose, restore. Returns the rows of the table, and whether both checks hold."""
    with _deployment(messages) as (world, twilio):
        _leave_in_doubt(world, twilio)
        waiting = _post(world, "waits", DOUBTFUL, WAITING)
        with Load(world) as load:
            made = backups.make_backup(world)
        written = load.count
        _drain(world)
        gone = _erase(world)
        before = _sent(twilio)
        url = make_url(world.settings.database_url).set(database="restored")
        _create(world, "restored")
        there = _on(world, url.render_as_string(hide_password=False))
        world.sessions.kw["bind"].dispose()
        restored = restoring.restore_backup(there, restoring.find_source(there, backups.LATEST))
        began = time.monotonic()
        for _ in range(3):
            _drain(there)
            reconciling.reconcile.body(there)
            time.sleep(there.settings.look_seconds)
        again = _sent(twilio) - before
        _post(there, "new", 500, 5)
        _drain(there)
        is_running = (_sent(twilio) - before).total() == 5 + again.total()
        working = time.monotonic() - began
        with there.sessions() as session:
            back = len(session.scalars(select(Member.id).where(Member.id.in_(gone), Member.name != "friend")).all())
            left = Counter(
                session.scalars(select(OutboundMessage.state).where(OutboundMessage.dedupe_key.like("bench:x%")))
            )
        drilled = restoring.run_drill(there, restoring.find_source(there, made.name))
        there.sessions.kw["bind"].dispose()
    rows = [
        ("messages in the database", f"{messages:,}"),
        ("rows in the backup", f"{made.rows:,}"),
        ("size of the backup (MB)", f"{made.size / 1e6:.1f}"),
        ("transactions during the dump", f"{written:,}"),
        ("dump under load (min)", f"{made.seconds / 60:.2f}"),
        ("restore, migrate, erase again, settle (min)", f"{restored.seconds / 60:.2f}"),
        ("until searches in Twilio's list had ended and new messages left (min)", f"{working / 60:.2f}"),
        ("new messages leave", "yes" if is_running else "NO"),
        ("messages that waited or were in doubt in the backup", f"{waiting + DOUBTFUL:,}"),
        ("sent twice", f"{again.total():,}"),
        ("erased after the backup, and back after the restore", f"{len(gone):,}, {back:,}"),
        ("drill (min)", f"{sum(drilled.seconds.values()) / 60:.2f}"),
        ("what the drill found wrong", f"{len(drilled.problems)}"),
        *((f"left: {state}", f"{count:,}") for state, count in sorted(left.items())),
    ]
    return rows, not again and not back and is_running and not drilled.problems


@contextmanager
def _deployment(messages: int) -> Iterator[tuple[World, PretendTwilio]]:
    folder = Path(tempfile.mkdtemp(prefix="gruppetto-bench-"))
    twilio = PretendTwilio(read_system_clock, account_sid=ACCOUNT, auth_token=TOKEN, sender=SENDER)
    twilio.faults.callbacks = "off"
    app = Flask("simulator")
    app.register_blueprint(twilio.blueprint(), url_prefix="/twilio")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    with services() as running:
        config = Config("alembic.ini")
        config.attributes["url"] = running.database_url
        command.upgrade(config, "head")
        _fill(running.database_url, messages)
        address = f"http://127.0.0.1:{server.server_port}/twilio"
        world = World.from_settings(_settings(running.database_url, running.redis_url, address, folder))
        phones = Phones(twilio)
        for number in range(1, MEMBERS + 1):
            phones.add(f"Member {number}", f"+3247{number:07}").last_inbound_at = read_system_clock()
        yield world, twilio
        world.redis.close()
    server.shutdown()
    server.server_close()
    twilio.close()
    shutil.rmtree(folder)


def _fill(url: str, messages: int) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as line:
        line.execute(text("SET session_replication_role = replica"))  # do not check foreign keys, which is faster
        for statement in filling(MEMBERS, messages):
            line.execute(text(statement), {"now": read_system_clock()} if ":now" in statement else {})
        line.execute(
            text("UPDATE members SET last_inbound_at = created_at, quiet_from = '00:00', quiet_until = '00:00'")
        )
        # What would wait for three hours is left out of this: only the messages of `_post` are to leave.
        line.execute(text("UPDATE outbound_messages SET state = 'read' WHERE state IN ('queued', 'accepted')"))
        line.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def _settings(database_url: str, redis_url: str, twilio: str, folder: Path) -> Settings:
    return Settings.model_validate(
        {
            "database_url": database_url,
            "redis_url": redis_url,
            "public_base_url": "http://127.0.0.1:9",
            "secret_key": "a secret key for the bench only, of 32 characters and more",
            "data_keys": new_key("bench"),
            "twilio_account_sid": ACCOUNT,
            "twilio_auth_token": TOKEN,
            "twilio_whatsapp_from": SENDER,
            "twilio_api_base_url": twilio,
            "backup_to": str(folder),
            "backup_key": new_key("b1"),
            "send_rate": 80,
            "look_seconds": 2,
            "linger_seconds": 0,
        }
    )


def _post(world: World, words: str, first: int, count: int) -> int:
    """Put a message for each of so many members into the outbox."""
    with world.sessions.begin() as session:
        members = session.scalars(select(Member).order_by(Member.id).offset(first).limit(count)).all()
        posts = [
            mailbox.Post(each.id, Message(f"{words} {each.id}", approved=READY), f"bench:x{words}{each.id}")
            for each in members
        ]
        mailbox.post_many(session, posts, world.now(), kind=MessageKind.NOTICE)
    return len(posts)


def _leave_in_doubt(world: World, twilio: PretendTwilio) -> None:
    """Have messages accepted whose answers get lost."""
    twilio.faults.random, twilio.faults.fault_rate = Random(1), {"500_after_accept": 1.0}
    _post(world, "doubtful", 0, DOUBTFUL)
    _drain(world)
    twilio.faults.fault_rate = {}


def _drain(world: World) -> None:
    delivery.drain.body(world)


def _erase(world: World) -> list[int]:
    """Erase members, as after the backup, and keep the list of them beside it."""
    with world.sessions.begin() as session:
        members = session.scalars(select(Member).order_by(Member.id.desc()).limit(ERASED)).all()
        for each in members:
            erasure.erase(session, each, world.now())
        gone = [each.id for each in members]
    backups.keep_erased(world)
    return gone


def _sent(twilio: PretendTwilio) -> Counter[tuple[str, str]]:
    return Counter((each.to, each.text or each.body) for each in list(twilio.messages.values()) if not each.inbound)


def _create(world: World, name: str) -> None:
    engine = create_engine(world.settings.database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as line:
        line.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    engine.dispose()


def _on(world: World, url: str) -> World:
    settings = world.settings.model_copy(update={"database_url": url})
    return replace(world, settings=settings, sessions=make_sessions(open_engine(url), world.vault, world.now))


def main(arguments: Sequence[str]) -> int:
    """Measure once, and print the table. Exit 1 if a message was sent twice or somebody erased is back."""
    parser = argparse.ArgumentParser(prog="python -m bench.restore", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--messages", type=int, default=100_000)
    chosen = parser.parse_args(arguments)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        rows, is_well = measure(chosen.messages)
    except SetUpProblem as problem:
        print(f"Nothing can be measured: {problem}", file=sys.stderr)
        return 1
    print(table(rows))
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
