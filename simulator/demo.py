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
KEEP_EVERY = 10.0  # seconds; whoever kills the demo loses no more of the chats
LEAVING = 20.0  # seconds in which the processes of a demo that was killed should be gone
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
    """What the page's header does to the demo."""

    bot_name = "Gruppetto"

    def __init__(self, on: Stage) -> None:
        self.on = on
        self.keys: dict[str, str] = {}
        self.database = create_engine(on.environment["DATABASE_URL"])

    def now(self) -> datetime:
        """What time it is in the demo."""
        return self.on.clock()

    def travel_to(self, moment: datetime, /) -> None:
        """Let it be another time, and what became due by that happen at once."""
        self.on.clock.travel_to(moment)
        enqueue(self.on.clock.redis, tick.name, tick.queue, timeout=tick.timeout)

    def send_digest(self) -> str:
        """Travel to the next digest of any group: first to shortly before, so that activities are fetched."""
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
        """Lines to try, under each phone."""
        return CHEAT_SHEET

    def moves_in(self, phone: Phone, /) -> None:
        """Whoever gets a phone gets a watch."""
        newcomer(phone, self.on.garmin)

    def hint(self, phone: Phone, /) -> str:
        """How this person signs in to the pretend Garmin."""
        athlete = next((each for each in self.on.garmin.athletes.values() if each.name == phone.name), None)
        if athlete is None:
            return ""
        code = f" · code {athlete.code}" if athlete.code else ""
        return f"Garmin: {athlete.email}\npassword {athlete.password}{code}\nor by key: {self._key(athlete.email)}"

    def _key(self, email: str) -> str:
        """A Personal API key ready to be pasted: in the demo nobody can go to Garmin's own page and make one."""
        if email not in self.keys:
            self.keys[email] = self.on.garmin.make_key(email)
        return self.keys[email]

    def _anybody_shut(self) -> bool:
        """Whether somebody wrote to the bot once, and not in the last 24 hours."""
        said = [phone.last_inbound_at for phone in self.on.phones.by_number.values() if phone.last_inbound_at]
        return any(self.now() - at >= WINDOW for at in said)

    def _ring_until(self, sign: Callable[[], bool]) -> bool:
        """Ring, and again every second, until the sign is seen; no longer than one waits for a button."""
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
    """How many accounts that count in digests of that moment have not been read lately, and can be."""
    readable = (GarminAccount.status == GarminStatus.LINKED, GarminAccount.last_error.is_(None))
    old = or_(GarminAccount.last_sync_at.is_(None), GarminAccount.last_sync_at < fresh)
    members = select(Membership.member_id).join(Group).where(Group.next_digest_at == due, Membership.left_at.is_(None))
    return select(func.count(GarminAccount.id)).where(*readable, old, GarminAccount.member_id.in_(members))


def _undone(due: datetime) -> Select[int]:
    """How many digests that are due are not made."""
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
    """The port that an environment variable names; 0 means any that is free."""
    text = os.environ.get(name) or str(otherwise)
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise SetUpProblem(f"{name} is to be a number below 65536, and is “{text}”")
    return int(text) or free_port()


def _await_free(port: int) -> None:
    """Wait for a port that a demo which was killed has not let go of yet."""
    until = time.monotonic() + LEAVING
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        time.sleep(0.1)


def _page(on: Stage) -> Blueprint:
    return page(on.twilio, on.phones, Levers(on))


def _stay(on: Stage) -> None:
    """Look every second whether all is well, and keep now and then what is in memory only."""
    kept = time.monotonic()
    while True:
        time.sleep(1)
        if name := on.fallen():
            raise Fallen(f"{name} stopped by itself; the end of its log: {on.last_words(name)}")
        if time.monotonic() > kept + KEEP_EVERY:
            _keep(on)
            kept = time.monotonic()


def _restore(on: Stage) -> None:
    """The phones and accounts of last time, or the three friends for the first."""
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
        with suppress(RuntimeError):  # something came while it was read: once more
            kept = {"twilio": on.twilio.snapshot(), "garmin": on.garmin.snapshot(), "phones": on.phones.snapshot()}
            write_whole(FOLDER / "pretend.json", json.dumps(kept))
            return


def _reset() -> None:
    """Forget the demo's data, and nothing else that may lie in a folder of somebody's choice."""
    if FOLDER.exists():
        with alone(FOLDER, ""):
            services.erase(FOLDER / "data")
            for path in (each for pattern in OURS for each in FOLDER.glob(pattern)):
                path.unlink()
    print("The demo has forgotten everything.")


def _leave(_number: int, _frame: object) -> None:
    """Stop at the first signal, and do not let another one break off the stopping."""
    for each in SIGNALS:
        signal.signal(each, _stay_deaf)  # one that is ignored while it is on its way would print a traceback
    with suppress(OSError, RuntimeError):
        print("\n  Stopping …", flush=True)
    raise KeyboardInterrupt


def _stay_deaf(_number: int, _frame: object) -> None:
    pass


def main(arguments: Sequence[str]) -> int:
    """Run or reset. A problem of set-up is one sentence."""
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
