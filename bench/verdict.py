"""The findings of the drill, and the rules that they break."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

MOST_CONNECTIONS = 16
ANSWERED_WITHIN = 5.0  # seconds, outside the outages
NOTICED_WITHIN = 60.0
GONE_WITHIN = 25.0
MOST_STOLEN = 0.25  # of the processor time; with less than the rest, restarts pile up and every answer is late
FEWEST_MEASURED = 100  # lines outside the outages: fewer prove nothing


@dataclass(frozen=True)
class Answer:
    """A line that a person wrote (`said_at`, epoch seconds), and when answers to it reached Twilio."""

    said_at: float
    arrived: tuple[float, ...]

    @property
    def seconds(self) -> float | None:
        return min(self.arrived) - self.said_at if self.arrived else None


@dataclass
class Trouble:
    """One row of the table. Times are epoch seconds.

    It lasts from `began` to `over`. If it is an outage, answers may wait until `back`: by then the people who were
    waiting at `over` have their answers. `names` are the names in `/readyz` for it; without any it need not be noticed.
    `gone_in` are the seconds that each process took to stop.
    """

    name: str
    began: float
    is_outage: bool = False
    names: tuple[str, ...] = ()
    over: float = float("inf")
    back: float = float("inf")
    noticed: float | None = None
    gone_in: list[float] = field(default_factory=list)

    def excuses(self, answer: Answer) -> bool:
        """Return whether this answer may have waited for the outage. The line may have come shortly before it."""
        return self.is_outage and self.began - ANSWERED_WITHIN <= answer.said_at < self.back


@dataclass(frozen=True)
class Counted:
    """Counts of messages that had to arrive once each."""

    wanted: int
    arrived: int
    doubled: int

    @property
    def lost(self) -> int:
        return self.wanted - self.arrived


@dataclass(frozen=True)
class Logged:
    """Counts of a process's log lines: all, those that are no JSON object, and those that contain a one-time
    token or a phone number.
    """

    lines: int
    not_json: int = 0
    telling: int = 0


@dataclass(frozen=True)
class Findings:
    """Everything that the drill has measured. `fell` counts processes that stopped by themselves; `alarms` are names in
    `/readyz` when nothing was wrong; `refused` are connections that a server refused. `slowness` is how many times
    longer than usual the machine itself took; answers may take that much longer. `stolen` is the part of the processor
    time that the host of this machine gave to others; if it is large, the seconds of answers say nothing about us.
    """

    troubles: Sequence[Trouble]
    answers: Sequence[Answer]
    digest: Counted
    others: Counted
    connections: Mapping[str, int]
    logs: Mapping[str, Logged]
    refused: int = 0
    fell: Mapping[str, int] = field(default_factory=dict)
    alarms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    slowness: float = 1.0
    stolen: float = 0.0

    @property
    def is_speed_judged(self) -> bool:
        """Return whether the machine had its processors, so that the seconds of answers can be judged."""
        return self.stolen <= MOST_STOLEN

    def outside(self) -> list[Answer]:
        """Return the answers that no outage excuses."""
        return [each for each in self.answers if not any(trouble.excuses(each) for trouble in self.troubles)]

    def during(self, trouble: Trouble) -> list[Answer]:
        """Return the answers of a row: those to lines after its beginning and before the next row's."""
        later = min((each.began for each in self.troubles if each.began > trouble.began), default=float("inf"))
        return [each for each in self.answers if trouble.began <= each.said_at < later]


def count(answers: Sequence[Answer]) -> Counted:
    """Return how many of these lines were answered, and how many of them more than once."""
    answered = [each for each in answers if each.arrived]
    return Counted(len(answers), len(answered), sum(len(each.arrived) > 1 for each in answered))


def breaches(found: Findings) -> list[str]:
    """Return a sentence for every broken rule."""
    rules = (_of_messages, _of_speed, _of_connections, _of_notice, _of_processes, _of_logs)
    return [sentence for rule in rules for sentence in rule(found)]


def _of_messages(found: Findings) -> Iterator[str]:
    for what, counted in (
        ("answers", count(found.answers)),
        ("digests", found.digest),
        ("other messages", found.others),
    ):
        if counted.lost:
            yield f"{counted.lost} of {counted.wanted} {what} never arrived"
        if counted.doubled:
            yield f"{counted.doubled} {what} arrived more than once"
    if not found.digest.wanted:
        yield "nobody was to get a digest"


def _of_speed(found: Findings) -> Iterator[str]:
    outside, most = found.outside(), ANSWERED_WITHIN * found.slowness
    took = [each.seconds for each in outside if each.seconds is not None]
    slow = [seconds for seconds in took if seconds > most and found.is_speed_judged]
    if slow:
        told = f"{len(slow)} answers took more than {most:.1f} s outside the outages"
        yield f"{told}, the slowest {max(slow):.1f} s"
    if len(outside) < FEWEST_MEASURED and found.is_speed_judged:
        yield f"only {len(outside)} lines were said outside the outages: too few to judge by"


def _of_connections(found: Findings) -> Iterator[str]:
    for server, most in found.connections.items():
        if most > MOST_CONNECTIONS:
            yield f"{most} connections to {server} at once, where {MOST_CONNECTIONS} are allowed"
        if not most:
            yield f"no connection to {server} was seen: nothing was counted"
    if found.refused:
        yield f"{found.refused} connections were turned away"


def _of_notice(found: Findings) -> Iterator[str]:
    for each in found.troubles:
        if each.names and each.noticed is None:
            yield f"/readyz never named this: {each.name}"
        elif each.names and each.noticed is not None and each.noticed > NOTICED_WITHIN:
            yield f"/readyz named this only after {each.noticed:.0f} s: {each.name}"
    for when, names in found.alarms.items():
        if names:
            yield f"/readyz named {', '.join(sorted(names))} {when}"


def _of_processes(found: Findings) -> Iterator[str]:
    for each in found.troubles:
        late = [seconds for seconds in each.gone_in if seconds > GONE_WITHIN]
        if late:
            yield f"a process took {max(late):.1f} s to stop: {each.name}"
    for name, times in found.fell.items():
        if times:
            yield f"{name} stopped by itself {times}×"


def _of_logs(found: Findings) -> Iterator[str]:
    for name, logged in found.logs.items():
        if not logged.lines:
            yield f"{name} has logged nothing, so its log was not judged"
        if logged.not_json:
            yield f"{logged.not_json} of {logged.lines} lines in the log of {name} are not JSON"
        if logged.telling:
            yield f"{logged.telling} lines in the log of {name} hold a one-time token or a phone number"
    if not found.logs:
        yield "no log was judged"
