"""`make demo`: the whole product on this computer, with pretend phones and pretend Garmin accounts."""

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import create_engine, text

from jobs.schedule import ring_in
from jobs.tick import tick
from simulator import services
from simulator.cast import FRIENDS, move_in, newcomer
from simulator.page.views import page
from simulator.phones import Phone
from simulator.services import SetUpProblem
from simulator.stage import ROOT, Stage, open_for_business, stage

FOLDER = ROOT / ".demo"
PAGE_PORT, BOT_PORT = 8100, 8101
SYNC_FIRST = timedelta(minutes=10)
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

    def now(self) -> datetime:
        """What time it is in the demo."""
        return self.on.clock()

    def travel_to(self, moment: datetime, /) -> None:
        """Let it be another time, and what became due by that happen at once."""
        self.on.clock.travel_to(moment)
        self._ring()

    def send_digest(self) -> str:
        """Travel to the next digest of any group: first to shortly before, so that activities are fetched."""
        due = self._next_digest()
        if due is None:
            return "No group has a digest to come. Start one with “new group …” on a phone."
        if due - SYNC_FIRST > self.now():
            self.travel_to(due - SYNC_FIRST)
            time.sleep(3)
        self.travel_to(due + timedelta(seconds=1))
        return f"It is {due:%A %H:%M} UTC now, and the digest is on its way."

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
        return f"Garmin: {athlete.email} · password {athlete.password}{code}"

    def _next_digest(self) -> datetime | None:
        engine = create_engine(self.on.environment["DATABASE_URL"])
        with engine.connect() as connection:
            due = connection.scalar(text("SELECT min(next_digest_at) FROM groups WHERE is_active"))
        engine.dispose()
        return due if isinstance(due, datetime) else None

    def _ring(self) -> None:
        ring_in(self.on.clock.redis, tick, 0)


def run() -> None:
    """Set up, open the page, and stay until Ctrl-C."""
    began = time.monotonic()
    port, bot_port = int(os.environ.get("PORT") or PAGE_PORT), int(os.environ.get("BOT_PORT") or BOT_PORT)
    with stage(FOLDER, kept=True, port=port, bot_port=bot_port) as on:
        _restore(on)
        on.simulator.register_blueprint(page(on.twilio, on.phones, Levers(on)))
        open_for_business(on)
        print(f"""
  Gruppetto is ready after {time.monotonic() - began:.0f} s.

    the phones   http://127.0.0.1:{port}
    the bot      http://127.0.0.1:{bot_port}/readyz
    the logs     {FOLDER.relative_to(ROOT)}/*.log

  Nothing leaves this computer. Ctrl-C stops it; what was said is kept until `make demo-reset`.
""", flush=True)  # fmt: skip
        try:
            _stay(on)
        finally:
            _keep(on)


def _stay(on: Stage) -> None:
    while True:
        time.sleep(1)
        if name := on.fallen():
            raise SetUpProblem(f"{name} stopped by itself; the end of its log: {on.last_words(name)}")


def _restore(on: Stage) -> None:
    """The phones and accounts of last time, or the three friends for the first."""
    path = FOLDER / "pretend.json"
    if path.exists():
        kept = json.loads(path.read_text())
        on.twilio.restore(kept["twilio"])
        on.garmin.restore(kept["garmin"])
        on.phones.restore(kept["phones"])
        return
    for seed, role in enumerate(FRIENDS, 1):
        move_in(role, on.garmin, on.phones, seed)


def _keep(on: Stage) -> None:
    path = FOLDER / "pretend.json"
    kept = {"twilio": on.twilio.snapshot(), "garmin": on.garmin.snapshot(), "phones": on.phones.snapshot()}
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(kept))
    draft.replace(path)


def _reset() -> None:
    """Forget the demo's data."""
    if FOLDER.exists():
        services.erase(FOLDER / "data")
        for path in FOLDER.iterdir():
            if path.is_file():
                path.unlink()
    print("The demo has forgotten everything.")


def _leave(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str]) -> int:
    """Run or reset. A problem of set-up is one sentence."""
    signal.signal(signal.SIGTERM, _leave)
    try:
        _reset() if "--reset" in arguments else run()
    except SetUpProblem as problem:
        print(f"The demo cannot start: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        with suppress(OSError):
            print("\n  Stopped. `make demo` goes on where you left.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
