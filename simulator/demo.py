"""`make demo`: the whole product on this computer, with pretend phones and pretend Garmin accounts."""

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path

from flask import Blueprint
from sqlalchemy import Select, create_engine, func, or_, select

from jobs.queue import enqueue
from jobs.tick import tick
from models import DigestRun, GarminAccount, GarminStatus, Group, Membership, RunStatus
from services.digest.digests import FRESH
from simulator import services
from simulator.alone import AlreadyRunning, alone
from simulator.cast import FRIENDS, move_in, newcomer
from simulator.page.views import page
from simulator.services import SetUpProblem
from simulator.stage import ROOT, Stage, free_port, open_for_business, stage, write_whole
from simulator.twilio.phones import Phone

FOLDER = Path(os.environ.get("DEMO_FOLDER") or ROOT / ".demo").absolute()
PAGE_PORT, BOT_PORT = 8100, 8101
SYNC_FIRST, PATIENCE = timedelta(minutes=10), 15
WINDOW = timedelta(hours=24)
SHUT = "After 24 hours of silence WhatsApp lets only an approved message through: “Show digest” brings the picture."
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
KEEP_EVERY = 10.0  # seconds between saving the chats; more than that is not lost if the demo is killed
LEAVING = 20.0  # seconds within which the processes of a killed demo should have ended
OURS = ("*.log", "keys.json", "keys.new", "pretend.json", "pretend.new", "running")
CHEAT_SHEET = [
    "hi",
    "new group Sunday Legends",
    "link garmin",
    "leaderboard last week",
    "me last month",
    "digest",
    "help",
]


class Levers:
    """The actions of the controls in the page's header."""

    bot_name = "Gruppetto"

    def __init__(self, on: Stage) -> None:
        self.on = on
        self.keys: dict[str, str] = {}
        self.database = create_engine(on.environment["DATABASE_URL"])

    def now(self) -> datetime:
        """Return the time in the demo."""
        return self.on.clock()

    def travel_to(self, moment: datetime, /) -> None:
        """Set the time in the demo, and let everything that has become due happen at once."""
        self.on.clock.travel_to(moment)
        enqueue(self.on.clock.redis, tick.name, tick.queue, timeout=tick.timeout)

    def send_digest(self) -> str:
        """Travel to the next digest of any group, first to a time shortly before it, so that activities are fetched.
        Returns a sentence about what happened.
        """
        due = self._ask(select(func.min(Group.next_digest_at)).where(Group.is_active))
        if due is None:
            return "No group has a digest to come. Start one with “new group …” on a phone."
        if due - SYNC_FIRST > self.now():
            self.on.clock.travel_to(due - SYNC_FIRST)
            self._ring_until(lambda: not self._ask(_stale(due, self.now() - FRESH)))
        self.travel_to(due + timedelta(seconds=1))
        made = self._ring_until(lambda: not self._ask(_undone(due)))
        told = f"It is {due:%A %H:%M} UTC now, and the digest is {'out' if made else 'on its way'}."
        return f"{told} {SHUT}" if self._anybody_shut() else told

    def cheat_sheet(self) -> list[str]:
        """Return lines to try; they are shown under each phone."""
        return CHEAT_SHEET

    def moves_in(self, phone: Phone, /) -> None:
        """Give a person with a new phone a Garmin account."""
        newcomer(phone, self.on.garmin)

    def hint(self, phone: Phone, /) -> str:
        """Return how this person signs in to the pretend Garmin."""
        athlete = next((each for each in self.on.garmin.athletes.values() if each.name == phone.name), None)
        if athlete is None:
            return ""
        code = f" · code {athlete.code}" if athlete.code else ""
        return f"Garmin: {athlete.email}\npassword {athlete.password}{code}\nor by key: {self._key(athlete.email)}"

    def _key(self, email: str) -> str:
        """Return a Personal API key to paste, because in the demo nobody can make one on Garmin's own page."""
        if email not in self.keys:
            self.keys[email] = self.on.garmin.make_key(email)
        return self.keys[email]

    def _anybody_shut(self) -> bool:
        """Return whether there is a person who has written to the bot, but not in the last 24 hours."""
        said = [phone.last_inbound_at for phone in self.on.phones.by_number.values() if phone.last_inbound_at]
        return any(self.now() - at >= WINDOW for at in said)

    def _ring_until(self, sign: Callable[[], bool]) -> bool:
        """Ring every second until `sign` returns True, for at most `PATIENCE` seconds. Returns whether it did."""
        for _ in range(PATIENCE):
            enqueue(self.on.clock.redis, tick.name, tick.queue, timeout=tick.timeout)
            until = time.monotonic() + 1
            while time.monotonic() < until:
                if sign():
                    return True
                time.sleep(0.05)
        return False

    def _ask[Answer](self, query: Select[Answer]) -> Answer | None:
        with self.database.connect() as connection:
            return connection.scalar(query)


def _stale(due: datetime, fresh: datetime) -> Select[int]:
    """Return a query: how many readable accounts for the digests due at that time have not been read lately."""
    readable = (GarminAccount.status == GarminStatus.LINKED, GarminAccount.last_error.is_(None))
    old = or_(GarminAccount.last_sync_at.is_(None), GarminAccount.last_sync_at < fresh)
    members = select(Membership.member_id).join(Group).where(Group.next_digest_at == due, Membership.left_at.is_(None))
    return select(func.count(GarminAccount.id)).where(*readable, old, GarminAccount.member_id.in_(members))


def _undone(due: datetime) -> Select[int]:
    """Return a query: how many due digests have not been made."""
    groups = select(func.count(Group.id)).where(Group.is_active, Group.next_digest_at <= due).scalar_subquery()
    runs = select(func.count(DigestRun.id)).where(DigestRun.status == RunStatus.PENDING).scalar_subquery()
    return select(groups + runs)


class Fallen(Exception):
    """A process of the product stopped by itself."""


def run() -> None:
    """Set up, open the page, and stay until Ctrl-C."""
    began = time.monotonic()
    port, bot_port = _port("PORT", PAGE_PORT), _port("BOT_PORT", BOT_PORT)
    if port == bot_port:
        raise SetUpProblem(f"PORT and BOT_PORT are both {port}: choose another for one of them")
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        if stack.enter_context(alone(FOLDER, url)):
            _await_free(bot_port)
        on = stack.enter_context(stage(FOLDER, kept=True, port=port, bot_port=bot_port, pages=_page))
        _restore(on)
        open_for_business(on)
        _keep(on)
        print(f"""
  Gruppetto is ready after {time.monotonic() - began:.0f} s.

    the phones   {url}
    the bot      http://127.0.0.1:{bot_port}/readyz
    the logs     {os.path.relpath(FOLDER)}/*.log

  Nothing leaves this computer. Ctrl-C stops it; what was said is kept until `make demo-reset`.
""", flush=True)  # fmt: skip
        try:
            _stay(on)
        finally:
            _keep(on)


def _port(name: str, otherwise: int) -> int:
    """Return the port in an environment variable; 0 means any free port."""
    text = os.environ.get(name) or str(otherwise)
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise SetUpProblem(f"{name} is to be a number below 65536, and is “{text}”")
    return int(text) or free_port()


def _await_free(port: int) -> None:
    """Wait until the processes of a killed demo have released a port."""
    until = time.monotonic() + LEAVING
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.1)


def _page(on: Stage) -> Blueprint:
    return page(on.twilio, on.phones, Levers(on))


def _stay(on: Stage) -> None:
    """Check every second that all processes run, and save now and then what is only in memory."""
    kept = time.monotonic()
    while True:
        time.sleep(1)
        if name := on.fallen():
            raise Fallen(f"{name} stopped by itself; the end of its log: {on.last_words(name)}")
        if time.monotonic() > kept + KEEP_EVERY:
            _keep(on)
            kept = time.monotonic()


def _restore(on: Stage) -> None:
    """Restore the phones and accounts of the last run; in the first run, create the three friends."""
    path = FOLDER / "pretend.json"
    if not path.exists():
        for role in FRIENDS:
            move_in(role, on.garmin, on.phones)
        return
    try:
        kept = json.loads(path.read_text())
        on.twilio.restore(kept["twilio"])
        on.garmin.restore(kept["garmin"])
        on.phones.restore(kept["phones"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SetUpProblem(f"{path} is damaged or of another version: `make demo-reset` forgets it") from None


def _keep(on: Stage) -> None:
    for _ in range(5):
        with suppress(RuntimeError):  # something changed while it was read, so try again
            kept = {"twilio": on.twilio.snapshot(), "garmin": on.garmin.snapshot(), "phones": on.phones.snapshot()}
            write_whole(FOLDER / "pretend.json", json.dumps(kept))
            return


def _reset() -> None:
    """Delete the demo's data, and no other files in the folder."""
    if FOLDER.exists():
        with alone(FOLDER, ""):
            services.erase(FOLDER / "data")
            for path in (each for pattern in OURS for each in FOLDER.glob(pattern)):
                path.unlink()
    print("The demo has forgotten everything.")


def _leave(_number: int, _frame: object) -> None:
    """Stop at the first signal, and ignore further ones, so that they do not interrupt the stopping."""
    for each in SIGNALS:
        signal.signal(each, _stay_deaf)  # ignoring a signal that is already on its way would print a traceback
    with suppress(OSError, RuntimeError):
        print("\n  Stopping …", flush=True)
    raise KeyboardInterrupt


def _stay_deaf(_number: int, _frame: object) -> None:
    pass


def main(arguments: Sequence[str]) -> int:
    """Run or reset the demo. A problem with the set-up is printed as one sentence."""
    for each in SIGNALS:
        if signal.getsignal(each) is not signal.SIG_IGN:  # by nohup, or in the background
            signal.signal(each, _leave)
    try:
        _reset() if "--reset" in arguments else run()
    except AlreadyRunning as other:
        return _failed(str(other))
    except SetUpProblem as problem:
        return _failed(f"The demo cannot start: {problem}")
    except Fallen as fallen:
        return _failed(f"The demo has stopped: {fallen}")
    except OSError as error:
        return _failed(f"The demo cannot work in {FOLDER}: {error}")
    except KeyboardInterrupt:
        with suppress(OSError):
            print("  Stopped. `make demo` goes on where you left.")
    return 0


def _failed(sentence: str) -> int:
    print(f"{sentence.rstrip('.')}.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
