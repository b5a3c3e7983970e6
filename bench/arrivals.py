"""Compares the outbox with Twilio: which messages have reached it, and how often."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import create_engine, text

from bench.house import NAME
from bench.people import Line
from bench.truth import reference
from bench.verdict import Answer, Counted
from simulator.twilio.server import PretendTwilio
from simulator.twilio.values import LOST

REPLY, DIGEST = "reply:", "digest:"


@dataclass(frozen=True)
class Row:
    """A message of the outbox: its key, its state, and when copies of it reached Twilio (epoch seconds)."""

    key: str
    state: str
    arrived: tuple[float, ...]


class Arrivals:
    """Reads the outbox and Twilio's list of messages. `sids` are those of the lines whose answers are judged."""

    def __init__(self, database_url: str, twilio: PretendTwilio, sids: Sequence[str]) -> None:
        self._url, self._twilio = database_url, twilio
        self._awaited = {f"{REPLY}{sid}" for sid in sids}
        self.rows: dict[str, Row] = {}
        self.look()

    def look(self) -> None:
        """Read the outbox and Twilio's list again."""
        engine = create_engine(self._url, connect_args={"application_name": NAME})
        with engine.connect() as line:
            found = line.execute(text("SELECT dedupe_key, id, state FROM outbound_messages")).all()
        engine.dispose()
        by_reference: defaultdict[str, list[float]] = defaultdict(list)
        for message in list(self._twilio.messages.values()):
            if not message.inbound and message.status not in LOST:
                by_reference[reference(message)].append(message.created_at.timestamp())
        self.rows = {key: Row(key, state, tuple(sorted(by_reference[str(identity)]))) for key, identity, state in found}

    def await_all(self, seconds: float, *, digests: int) -> None:
        """Wait until every line has its answer and everybody has the digest, for at most `seconds`."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.look()
            some = [each for each in self.rows.values() if each.arrived]
            answered = self._awaited <= {each.key for each in some}
            if answered and sum(each.key.startswith(DIGEST) for each in some) >= digests:
                return
            time.sleep(0.5)

    def answers(self, lines: Sequence[Line]) -> list[Answer]:
        """Return the answers to each line."""
        return [Answer(each.said_at, self._arrived(each)) for each in lines]

    def digest(self, wanted: int) -> Counted:
        """Return how many digests have arrived, and how many of them more than once."""
        found = [each for each in self.rows.values() if each.key.startswith(DIGEST)]
        return Counted(wanted, sum(bool(each.arrived) for each in found), sum(len(each.arrived) > 1 for each in found))

    def digest_took(self, due: float) -> float | None:
        """Return the seconds from `due` until the last digest had reached Twilio, or None."""
        arrived = [moment for each in self.rows.values() if each.key.startswith(DIGEST) for moment in each.arrived]
        return max(arrived) - due if arrived else None

    def others(self) -> Counted:
        """Return how many of all other messages have arrived, and how many of them more than once."""
        found = [
            each for each in self.rows.values() if each.key not in self._awaited and not each.key.startswith(DIGEST)
        ]
        arrived = sum(bool(each.arrived) for each in found)
        return Counted(len(found), arrived, sum(len(each.arrived) > 1 for each in found))

    def astray(self, lines: Sequence[Line]) -> list[str]:
        """Return a sentence about each line that was not answered exactly once."""
        strange = [each for each in lines if len(self._arrived(each)) != 1]
        return [f"  {each.text!r}: {self._state(each)}, answered {len(self._arrived(each))}×" for each in strange]

    def _arrived(self, line: Line) -> tuple[float, ...]:
        row = self.rows.get(f"{REPLY}{line.sid}")
        return row.arrived if row else ()

    def _state(self, line: Line) -> str:
        row = self.rows.get(f"{REPLY}{line.sid}")
        heard = "taken by the webhook" if line.taken else f"refused {line.attempts} times by the webhook"
        return f"{heard}, {row.state if row else 'no answer was written'}"
