"""The messages of the account, with indexes by SID, receiver and sender."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from threading import RLock

from simulator.twilio.values import PretendMessage


class Ledger(dict[str, PretendMessage]):
    """All messages by SID, oldest first. Add and drop only through its own two methods."""

    def __init__(self, messages: Iterable[PretendMessage] = ()) -> None:
        super().__init__()
        self._to: defaultdict[str, dict[str, PretendMessage]] = defaultdict(dict)
        self._from: defaultdict[str, dict[str, PretendMessage]] = defaultdict(dict)
        self._lock = RLock()
        self._last = 0
        for message in messages:
            self.add(message)

    def add(self, message: PretendMessage) -> None:
        """Number the message and add it."""
        with self._lock:
            self._last += 1
            message.number = self._last
            for index in self, self._to[message.to], self._from[message.from_]:
                index[message.sid] = message

    def drop(self, sid: str) -> None:
        """Remove a message."""
        with self._lock:
            message = self.pop(sid)
            del self._to[message.to][sid]
            del self._from[message.from_][sid]

    def newest_first(self, to: str | None = None, from_: str | None = None) -> Iterator[PretendMessage]:
        """Return the messages to and from these addresses, newest first."""
        with self._lock:
            indexes = [self._to.get(to, {})] if to else []
            indexes += [self._from.get(from_, {})] if from_ else []
            found = list(min(indexes, key=len, default=self).values())
        return (one for one in reversed(found) if to in (None, one.to) and from_ in (None, one.from_))
