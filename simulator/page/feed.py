"""The events on the phones, numbered, so that the page can ask for new ones."""

from collections import deque
from threading import Lock
from typing import Literal

State = Literal["typing", "online"]


class PhoneEvents:
    """The newest events. An event says that a message is new or changed, or what the bot is doing."""

    def __init__(self, limit: int = 5_000) -> None:
        self.last = 0
        self._events: deque[tuple[int, str, str, bool]] = deque(maxlen=limit)
        self._lock = Lock()

    def message(self, phone: str, sid: str) -> None:
        """Note that this message must be drawn again."""
        self._note(phone, sid, is_state=False)

    def state(self, phone: str, state: State) -> None:
        """Note what the bot is seen to do on this phone."""
        self._note(phone, state, is_state=True)

    def after(self, seq: int) -> list[tuple[int, str, str]] | None:
        """Return number, phone and SID or state of the events after `seq`; None if the page must be reloaded.

        A message is listed once, at the place where it first appeared; a state at the place of its last change.
        """
        with self._lock:
            events = [event for event in self._events if event[0] > seq]
            if seq > self.last or (self.last > seq and events[0][0] > seq + 1):
                return None
        newest: dict[tuple[str, str], tuple[int, str, str]] = {}
        for number, phone, what, is_state in events:
            key = (phone, "" if is_state else what)
            if is_state:
                newest.pop(key, None)
            newest[key] = (number, phone, what)
        return list(newest.values())

    def _note(self, phone: str, what: str, *, is_state: bool) -> None:
        with self._lock:
            self.last += 1
            self._events.append((self.last, phone, what, is_state))
