"""Asks `/readyz` once a second from outside, as a monitor does."""

import time
from collections.abc import Collection
from dataclasses import dataclass
from threading import Event, Thread
from typing import Self

import requests

EVERY, PATIENCE = 1.0, 5.0  # seconds between two probes, and until one is given up


@dataclass(frozen=True)
class Probe:
    """One answer: its time (epoch seconds), its HTTP status (0: no answer), the names in it, and which of them are only
    remarks.
    """

    at: float
    status: int
    names: frozenset[str]
    remarks: frozenset[str] = frozenset()

    @property
    def judged(self) -> frozenset[str]:
        """The names without remarks, because which fonts are installed depends on the machine."""
        return self.names - self.remarks


class Probes:
    """Asks `/readyz` until the block ends, and keeps all answers."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.taken: list[Probe] = []
        self._done = Event()
        self._thread = Thread(target=self._ask_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def noticed(self, names: Collection[str], since: float, until: float = float("inf")) -> float | None:
        """Return the seconds from `since` to the first answer with one of these names; None if there is
        none before `until`.
        """
        named = [each.at for each in list(self.taken) if since <= each.at <= until and each.names & set(names)]
        return named[0] - since if named else None

    def alarms(self, since: float, until: float) -> frozenset[str]:
        """Return all names between two times, without remarks."""
        return frozenset[str]().union(*(each.judged for each in list(self.taken) if since <= each.at <= until))

    def await_named(self, names: Collection[str], since: float, seconds: float) -> None:
        """Wait until one of these is named, but for no longer than this after `since`."""
        while self.noticed(names, since) is None and time.time() < since + seconds:
            time.sleep(0.1)

    def await_calm(self, seconds: float) -> frozenset[str]:
        """Wait until nothing is named, for at most so long. Returns the names that are left."""
        since, until = time.time(), time.time() + seconds
        while True:
            newest = next((each for each in reversed(self.taken) if each.at >= since and each.status), None)
            if (newest is not None and not newest.judged) or time.time() > until:
                return newest.judged if newest else frozenset({"no answer"})
            time.sleep(0.1)

    def await_answer(self, since: float, seconds: float) -> None:
        """Wait for any answer after a moment, for at most so long."""
        while time.time() < since + seconds and not any(each.at > since and each.status for each in self.taken):
            time.sleep(0.1)

    def _ask_on(self) -> None:
        while not self._done.wait(EVERY):
            self.taken.append(self._ask())

    def _ask(self) -> Probe:
        try:
            answer = requests.get(f"{self.url}/readyz", timeout=PATIENCE)
            said = answer.json()
        except (requests.RequestException, ValueError):
            return Probe(time.time(), 0, frozenset())
        remarks = frozenset(said.get("remarks", []))
        names = {*said.get("degraded", []), *remarks} | ({"not ready"} if answer.status_code == 503 else set())
        return Probe(time.time(), answer.status_code, frozenset(names), remarks)
