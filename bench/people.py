"""People who talk with the bot, each in a thread of their own, as long as the drill lasts."""

import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle, islice
from random import Random
from threading import Event, Thread
from typing import Self

from simulator.story import Missing
from simulator.twilio.phones import Phone

# Lines with answers of every kind: text, buttons, lists, pictures; questions in plain words, settings and undo.
LINES = (
    "hi", "help", "me", "leaderboard", "goal 120 km run month", "chart", "last", "lb distance run last week",
    "how far did I run last week?", "groups", "units imperial", "units metric", "pb", "streak", "compare last month",
    "we", "quiet", "why", "wrapped", "goal", "digest last week", "sync", "help leaderboard", "members",
    "settings", "log yoga 45 min", "undo", "privacy", "rivalry", "season", "tour", "top points last week", "goal off",
    "schedule", "status", "name Robin", "about", "leadrboard", "challenge list", "terms", "quiet off", "language",
    "stats last month",
)  # fmt: skip
THINKS = (4.0, 7.0)  # seconds between two lines: fewer than 20 a minute, the most that the product answers
GIVES_UP = 10.0  # seconds without an answer, after which people write the next line
# How often Twilio repeats a webhook that fails, with the address of docs/deploying.md: `#rc=3`, and a fallback with the
# same.
REPEATS, WITHIN = 7, 15.0


def await_message(phone: Phone, pattern: str, seconds: float) -> str:
    """Wait for a message that matches, for at most so many seconds, and return the newest match. Raises `Missing`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for message in reversed(phone.heard):
            if match := re.search(pattern, message.text):
                return match[0]
        time.sleep(0.1)
    raise Missing(f"{phone.name} never got {pattern}")


@dataclass
class Line:
    """A line of a person: when it was first posted to the webhook (epoch seconds), and whether the product accepted it.

    `attempts` counts the posts, Twilio's repeats included.
    """

    sid: str
    text: str
    said_at: float
    taken: bool = True
    attempts: int = 1


@dataclass
class Talker:
    """One person: writes, waits for an answer, thinks, and writes again."""

    phone: Phone
    texts: Iterator[str]
    random: Random
    lines: list[Line] = field(default_factory=list)

    def talk(self, stop: Event) -> None:
        """Talk until `stop` is set."""
        while not stop.wait(self.random.uniform(*THINKS)):
            self.says(next(self.texts), stop)

    def says(self, text: str, stop: Event) -> None:
        """Write one line, and wait for an answer, for at most `GIVES_UP` seconds."""
        before = self._heard()
        line = self.tells(text)
        until = line.said_at + GIVES_UP
        while self._heard() == before and time.time() < until and not stop.wait(0.05):
            pass

    def tells(self, text: str) -> Line:
        """Write one line, and repeat the webhook as Twilio does until it answers with 2xx."""
        said_at = time.time()
        line = Line(self.phone.says(text), text, said_at)
        self.lines.append(line)
        self._insist(line)
        return line

    def has_heard_since(self, moment: float) -> bool:
        """Return whether a message has arrived since then (epoch seconds)."""
        return any(not each.inbound and each.created_at.timestamp() >= moment for each in list(self.phone.chat))

    def _insist(self, line: Line) -> None:
        line.taken = self.phone.twilio.messages[line.sid].error_code is None
        while not line.taken and line.attempts <= REPEATS and time.time() < line.said_at + WITHIN:
            line.attempts += 1
            line.taken = 200 <= self.phone.repeats(line.sid) < 300

    def _heard(self) -> int:
        return sum(not message.inbound for message in list(self.phone.chat))


class Talk:
    """All conversations during the block. `others` write only when everybody writes at once."""

    def __init__(self, phones: Sequence[Phone], others: Sequence[Phone], seed: int) -> None:
        self.others = [_talker(phone, place, Random(seed - place)) for place, phone in enumerate(others, 1)]
        self.talkers = [_talker(phone, place, Random(seed + place)) for place, phone in enumerate(phones)]
        self._stop = Event()
        self._broken: list[Exception] = []
        self._threads = [Thread(target=self._talking, args=(each,), daemon=True) for each in self.talkers]

    @property
    def lines(self) -> list[Line]:
        """All lines so far, oldest first."""
        return sorted(
            (line for each in (*self.talkers, *self.others) for line in list(each.lines)), key=lambda line: line.said_at
        )

    def find_waiting(self) -> list[Talker]:
        """Find those who have heard nothing since their newest line."""
        return [each for each in self.talkers if each.lines and not each.has_heard_since(each.lines[-1].said_at)]

    def write_at_once(self) -> None:
        """Let the others write one line each at the same moment, and wait until the product has accepted them."""
        with ThreadPoolExecutor(len(self.others)) as pool:
            list(pool.map(lambda each: each.tells(next(each.texts)), self.others))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Let everybody finish. Raises the error that has ended a person's thread."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self._broken:
            raise self._broken[0]

    def _talking(self, talker: Talker) -> None:
        try:
            talker.talk(self._stop)
        except Exception as error:  # noqa: BLE001 - raised again by `end`: silence would prove nothing
            self._broken.append(error)


def _talker(phone: Phone, place: int, random: Random) -> Talker:
    """Return a talker. Each begins at another place in the list, so that all kinds of lines are written at any time."""
    first = place * len(LINES) // 20 % len(LINES)
    return Talker(phone, islice(cycle(LINES), first, None), random)
