"""The faults of the pretend Twilio: scripted one by one, or random at a rate."""

from collections import Counter, deque
from dataclasses import dataclass, field
from random import Random
from threading import Lock
from typing import Literal

Callbacks = Literal["normal", "off", "doubled", "reordered", "before_answer"]
FAULTS = ("429", "500", "401", "hang", "reset", "500_after_accept", "hang_after_accept")


@dataclass
class TwilioFaults:
    """The faults. `next` and `undelivered_next` are used up one message at a time; the others stay
    until they are changed.

    `latency` is the time that every answer to a POST of a message takes. `drawn` counts the faults by name.
    """

    next: deque[str] = field(default_factory=deque)
    fault_rate: dict[str, float] = field(default_factory=dict)
    random: Random = field(default_factory=lambda: Random(0))
    hang_seconds: float = 30.0
    latency: float = 0.0
    callbacks: Callbacks = "normal"
    list_lag: float = 0.0
    list_status: int | None = None
    undelivered_next: deque[int] = field(default_factory=deque)
    drawn: Counter[str] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def draw(self) -> str | None:
        """Return the fault of this POST of a message, or None. "400:CODE" answers with that error code."""
        with self._lock:
            name = self.next.popleft() if self.next else self._by_chance()
        if name is not None and name not in FAULTS and not name.startswith("400:"):
            raise ValueError(f"unknown fault {name!r}; there are {', '.join(FAULTS)} and 400:CODE")
        if name is not None:
            self.count(name)
        return name

    def count(self, name: str) -> None:
        """Count a fault."""
        with self._lock:
            self.drawn[name] += 1

    def doom(self) -> int | None:
        """Return the error code with which the message that was just accepted will fail to arrive, or None."""
        with self._lock:
            return self.undelivered_next.popleft() if self.undelivered_next else None

    def _by_chance(self) -> str | None:
        if not self.fault_rate:
            return None
        roll = self.random.random()
        for name, rate in self.fault_rate.items():
            roll -= rate
            if roll < 0:
                return name
        return None
