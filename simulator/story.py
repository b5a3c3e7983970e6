"""Plays a whole evening of chat on the real processes and prints it. Exit code 0 only if every expected line came."""

import re
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from simulator.cast import FRIENDS, move_in
from simulator.forms import Form
from simulator.services import SetUpProblem
from simulator.stage import Stage, open_for_business, stage
from simulator.twilio.phones import Phone

PATIENCE = 25.0
EVENING = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)  # a Friday: the digest is two days away


class Missing(Exception):
    """A line that should have come did not come."""


class Narrator:
    """Sends people's lines and prints the answers."""

    def __init__(self, on: Stage) -> None:
        self.on = on
        self.lines = 0

    def scene(self, title: str) -> None:
        """Print a heading."""
        self._print(f"\n── {title} " + "─" * max(2, 60 - len(title)))

    def says(self, phone: Phone, line: str, expect: str) -> str:
        """Let a person write, and wait for an answer that contains `expect`."""
        self._print(f"\n{self.on.clock():%H:%M} {phone.name} › {line}")
        return self._answer(phone, lambda: phone.says(line), expect)

    def taps(self, phone: Phone, label: str, expect: str) -> str:
        """Let a person tap a button, and wait for the answer."""
        self._print(f"\n{self.on.clock():%H:%M} {phone.name} › [{label}]")
        return self._answer(phone, lambda: phone.taps(label), expect)

    def hears(self, phone: Phone, expect: str, *, picture: bool = False, after: int = 0) -> str:
        """Wait until the phone shows a message with `expect` in it, and print it."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for message in phone.heard[after:]:
                if expect in message.text and (message.picture_url or not picture):
                    self._print_message(phone, message.text, [title for title, _ in message.buttons], picture)
                    self.lines += 1
                    return str(message.text)
            time.sleep(0.05)
        got = [message.text for message in phone.heard[after:]] or ["nothing"]
        raise Missing(f"{phone.name} should have heard “{expect}”, and heard: {got[-1]}")

    def _answer(self, phone: Phone, act: Callable[[], object], expect: str) -> str:
        before = len(phone.heard)
        act()
        return self.hears(phone, expect, after=before)

    def _print_message(self, phone: Phone, text: str, buttons: list[str], picture: bool) -> None:
        lines = (["[picture]"] if picture else []) + text.splitlines() + [f"[ {label} ]" for label in buttons]
        self._print("\n".join(f"      │ {line}" for line in lines))
        if picture:
            self._print(f"      ✓ on {phone.name}'s phone")

    def _print(self, text: str) -> None:
        print(text, flush=True)


def play(on: Stage, tell: Narrator, worker_stops: bool) -> None:
    """Play the evening: start a group, join it, connect Garmin, look at a board; on Sunday the digest comes."""
    zoe, jose, sara = (move_in(role, on.garmin, on.phones, seed)[0] for seed, role in enumerate(FRIENDS, 1))
    tell.scene("Zoë starts a group")
    tell.says(zoe, "hi", "I'm *Gruppetto*")
    created = tell.says(zoe, "new group Sunday Legends", "*Sunday Legends* is ready")
    code = _found(r"join%20([A-Z2-9]{6})", created)
    tell.scene("José and سارة open the invite link and press send")
    tell.says(jose, f"join {code}", "You're asking to join")
    tell.taps(jose, "Yes, join", "You're in *Sunday Legends*")
    tell.says(sara, f"join {code}", "You're asking to join")
    tell.says(sara, "yes", "You're in *Sunday Legends*")
    if worker_stops:
        on.processes["worker"].send_signal(signal.SIGTERM)
        on.processes["worker"].wait(15)
    tell.scene("All three connect their Garmin, José with a code")
    for phone, role in zip((zoe, jose, sara), FRIENDS, strict=True):
        link = _found(r"https?://\S+/link/\S+", tell.says(phone, "link garmin", "/link/"))
        before = len(phone.heard)
        line = connect(link, role.email, role.password, role.code)
        tell.says(phone, line, "That's the right code.")
        tell.hears(phone, "Your Garmin is connected", after=before)
    tell.scene("How did we do?")
    tell.says(zoe, "leaderboard last week", "*Sunday Legends*")
    tell.says(jose, "lb distance run october", "🏃 Run")
    tell.says(jose, "me last month", "*You,")
    tell.says(sara, "leadrboard", 'I read "leadrboard"')
    tell.says(sara, "is the pool open on sunday", "I didn't get that")
    tell.says(zoe, "members", "All 3 are connected")
    tell.says(zoe, "schedule sun 17:30", "Every Sunday at 17:30")
    tell.scene("Sunday evening")
    _pass_to(on, datetime(2026, 11, 22, 16, 24, tzinfo=UTC))
    for phone in (zoe, jose, sara):
        phone.says("status")
    heard = {phone.name: len(phone.heard) for phone in (zoe, jose, sara)}
    _pass_to(on, datetime(2026, 11, 22, 16, 30, 5, tzinfo=UTC))
    for phone in (zoe, jose, sara):
        tell.hears(phone, "🏁 *Sunday Legends* · 16–22 Nov", picture=True, after=heard[phone.name])
    tell.says(jose, "mute 2 weeks", "No digest of *Sunday Legends* for you until")


def connect(link: str, email: str, password: str, code: str | None) -> str:
    """Do on the link page what a person does, and return the line that must be sent in the chat.

    Raises `Missing`.
    """
    browser = requests.Session()
    base = link.split("/link/", maxsplit=1)[0]
    page = browser.get(link, timeout=10)
    page = browser.post(base + Form(page.text).action, timeout=10)
    form = Form(page.text, having="email")
    browser.post(base + form.action, data=form.fields | {"email": email, "password": password}, timeout=10)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        page = browser.get(f"{base}/link/garmin", timeout=10)
        if found := re.search(r'<p class="line">([^<]+)</p>', page.text):
            return found[1]
        form = Form(page.text, having="code")
        if code and form.action:
            browser.post(base + form.action, data=form.fields | {"code": code}, timeout=10)
        time.sleep(0.2)
    raise Missing("the link page never showed the code to send")


def _pass_to(on: Stage, instant: datetime) -> None:
    """Set the time forward, and let the clock ring at once instead of within the minute."""
    from jobs.schedule import ring_in
    from jobs.tick import tick

    on.clock.travel_to(instant)
    ring_in(on.clock.redis, tick, 0)
    time.sleep(1.5)


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise Missing(f"no {pattern} in: {text}")
    return match[match.lastindex or 0]


def main(arguments: list[str]) -> int:
    """Play the story. `--stop-worker` stops the worker half-way, to check that the story notices it."""
    began = time.monotonic()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="gruppetto-story-") as folder,
            stage(Path(folder), kept=False) as on,
        ):
            on.clock.travel_to(EVENING)
            open_for_business(on)
            tell = Narrator(on)
            play(on, tell, "--stop-worker" in arguments)
    except Missing as missing:
        print(f"\n✗ {missing}", file=sys.stderr)
        return 1
    except SetUpProblem as problem:
        print(f"The story cannot be played: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe story was stopped.", file=sys.stderr)
        return 128 + signal.SIGINT
    took = timedelta(seconds=round(time.monotonic() - began))
    print(f"\n✓ {tell.lines} answers came, all as expected, in {took.seconds} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
