"""What really happened: the pretend Twilio's ledger against what was to be said."""

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
    """A message that is to be said once: its key in the outbox, and its words where they are one of a kind."""

    phase: str
    key: str
    body: str | None


@dataclass(frozen=True)
class Verdict:
    """What became of the messages of one phase. `misjudged` are those that the product calls unsent and Twilio has."""

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
    """Looks at the database beside the product's own way to it. `misfits` are the keys of what went wrong."""

    def __init__(self, database: Engine) -> None:
        self.database = database
        self.misfits: list[str] = []

    def waiting(self, expected: Iterable[Expected]) -> int:
        """How many of these have not reached an end, or Twilio, as far as the product knows; or are not written yet."""
        query = text("SELECT count(*) FROM outbound_messages WHERE dedupe_key = ANY(:keys) AND state NOT IN :waiting")
        query, keys = query.bindparams(bindparam("waiting", WAITING, expanding=True)), [each.key for each in expected]
        with self.database.connect() as line:
            return len(keys) - int(line.scalar(query, {"keys": keys}) or 0)

    def verdicts(self, expected: Iterable[Expected], sent: Iterable[PretendMessage]) -> dict[str, Verdict]:
        """Count for each phase."""
        self.misfits = []
        # What came back because the 24 hours were over was on nobody's phone.
        arrived = [each for each in sent if not each.inbound and each.error_code != WINDOW_CLOSED]
        rows, ours = self._rows(), arrived
        byreference, by_body = Counter(map(reference, ours)), Counter(each.text for each in ours)
        found: defaultdict[str, list[Verdict]] = defaultdict(list)
        for each in expected:
            identity, state = rows.get(each.key, ("", ""))
            # Twice under one reference, or the same words under two: either is twice on somebody's phone.
            times = max(byreference[identity], by_body[each.body] if each.body else 0)
            found[each.phase].append(verdict := _verdict(state, times))
            if verdict.misjudged or not verdict.is_clean:
                self.misfits.append(each.key)
        return {phase: _sum(verdicts) for phase, verdicts in found.items()}

    def story(self, key: str) -> str:
        """What the product itself wrote down about a message, step by step."""
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
    """Our own id of a message, from the address that its receipts go to."""
    return parse_qs(urlsplit(message.callback).query).get("m", [""])[0]
