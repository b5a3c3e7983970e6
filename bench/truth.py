"""Compares the messages that had to be sent with the list of the pretend Twilio."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import Engine, bindparam, text

from simulator.twilio.values import PretendMessage

WAITING = ("queued", "sending", "unknown")
WINDOW_CLOSED = 63016
UNSENT = ("failed", "expired", "suppressed")


@dataclass(frozen=True)
class Expected:
    """A message that must be sent once: its key in the outbox, and its text if that is unique."""

    phase: str
    key: str
    body: str | None


@dataclass(frozen=True)
class Verdict:
    """The results of the messages of one phase. `misjudged` are messages that Twilio has but the
    product calls unsent.
    """

    messages: int = 0
    lost: int = 0
    doubled: int = 0
    waiting: int = 0
    misjudged: int = 0

    def __str__(self) -> str:
        return f"{self.messages} messages, {self.lost} lost, {self.doubled} doubled, {self.waiting} waiting"

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.waiting)


class Truth:
    """Reads the database on a connection of its own. `misfits` are the keys of messages with wrong results."""

    def __init__(self, database: Engine) -> None:
        self.database = database
        self.misfits: list[str] = []

    def waiting(self, expected: Iterable[Expected]) -> int:
        """Return how many of these have not reached a final state or Twilio as far as the product knows, or are
        not written yet.
        """
        query = text("SELECT count(*) FROM outbound_messages WHERE dedupe_key = ANY(:keys) AND state NOT IN :waiting")
        query, keys = query.bindparams(bindparam("waiting", WAITING, expanding=True)), [each.key for each in expected]
        with self.database.connect() as line:
            return len(keys) - int(line.scalar(query, {"keys": keys}) or 0)

    def verdicts(self, expected: Iterable[Expected], sent: Iterable[PretendMessage]) -> dict[str, Verdict]:
        """Count for each phase."""
        self.misfits = []
        # Messages that failed because the 24 hours were over were on nobody's phone.
        arrived = [each for each in sent if not each.inbound and each.error_code != WINDOW_CLOSED]
        rows, ours = self._rows(), arrived
        byreference, by_body = Counter(map(reference, ours)), Counter(each.text for each in ours)
        found: defaultdict[str, list[Verdict]] = defaultdict(list)
        for each in expected:
            identity, state = rows.get(each.key, ("", ""))
            # Two messages with one reference, or the same text with two references, are both twice on a phone.
            times = max(byreference[identity], by_body[each.body] if each.body else 0)
            found[each.phase].append(verdict := _verdict(state, times))
            if verdict.misjudged or not verdict.is_clean:
                self.misfits.append(each.key)
        return {phase: _sum(verdicts) for phase, verdicts in found.items()}

    def story(self, key: str) -> str:
        """Return the steps that the product has stored about a message."""
        query = text(
            "SELECT to_char(e.at, 'HH24:MI:SS.MS'), e.source, e.state, e.detail FROM message_events e"
            " JOIN outbound_messages m ON m.id = e.message_id WHERE m.dedupe_key = :key ORDER BY e.id"
        )
        with self.database.connect() as line:
            steps = [
                f"    {at} {source} → {state} {why}" for at, source, state, why in line.execute(query, {"key": key})
            ]
        return "\n".join([f"  {key}", *(steps or ["    no step is known"])])

    def _rows(self) -> Mapping[str, tuple[str, str]]:
        with self.database.connect() as line:
            rows = line.execute(text("SELECT dedupe_key, id, state FROM outbound_messages"))
            return {key: (str(identity), state) for key, identity, state in rows}


def _verdict(state: str, times: int) -> Verdict:
    return Verdict(
        messages=1,
        lost=int(times == 0 and state not in WAITING),
        doubled=max(times - 1, 0),
        waiting=int(state in WAITING),
        misjudged=int(times > 0 and state in UNSENT),
    )


def _sum(verdicts: list[Verdict]) -> Verdict:
    def total(what: str) -> int:
        return sum(getattr(each, what) for each in verdicts)

    return Verdict(len(verdicts), total("lost"), total("doubled"), total("waiting"), total("misjudged"))


def reference(message: PretendMessage) -> str:
    """Return our own id of a message, from the address of its receipts."""
    return parse_qs(urlsplit(message.callback).query).get("m", [""])[0]
