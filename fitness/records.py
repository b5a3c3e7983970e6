"""Personal records: fastest splits, longest and most, and which of them are worth telling."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from fitness.sports import Sport, Style

RULES = 1  # goes up with any change below that makes other records of the same sessions
HISTORY = 8  # so many sessions of a sport come before any of its records is told: a first month is full of firsts
SECONDS, SHARE = 1.0, 0.01
NEAR = 0.02  # without splits, a whole session within 2 % of a distance stands for it
DISTANCES: Mapping[Sport, tuple[int, ...]] = {
    Sport.RUN: (1000, 1609, 5000, 10000, 21098, 42195),
    Sport.SWIM: (100, 400, 1000, 1500),
}


class Kind(StrEnum):
    """What is the best of its kind: a time over a distance (seconds), or metres, metres climbed, or seconds."""

    SPLIT = "split"
    FARTHEST = "farthest"
    HIGHEST = "highest"
    LONGEST = "longest"


@dataclass(frozen=True)
class Session:
    """What records are read from. `splits` are seconds by metres; `praised` is Garmin's own "personal record"."""

    id: int
    sport: Sport
    day: date
    start: datetime
    seconds: float
    metres: float = 0.0
    climbed: float = 0.0
    splits: Mapping[int, float] = field(default_factory=dict)
    praised: bool = False
    doubtful: bool = False


@dataclass(frozen=True)
class Record:
    """A session was the best so far in something: by the value, against the one before. `metres` belong to a split."""

    session_id: int
    sport: Sport
    day: date
    kind: Kind
    metres: int
    value: float
    before: float | None
    deserves: bool


def records(sessions: Iterable[Session]) -> list[Record]:
    """Every time that something was the best so far. The order that sessions come in does not matter."""
    best: dict[tuple[Sport, Kind, int], float] = {}
    seen: Counter[Sport] = Counter()
    found: list[Record] = []
    for session in sorted(sessions, key=lambda each: (each.start, each.seconds, each.metres)):
        for (kind, metres), value in _feats(session).items():
            before = best.get((session.sport, kind, metres))
            if before is None or _gain(kind, value, before) > 0:
                best[session.sport, kind, metres] = value
                deserves = _deserves(session, kind, value, before, seen[session.sport])
                found.append(Record(session.id, session.sport, session.day, kind, metres, value, before, deserves))
        seen[session.sport] += 1
    return found


def _feats(session: Session) -> dict[tuple[Kind, int], float]:
    wanted = DISTANCES.get(session.sport, ())
    splits = {metres: session.splits[metres] for metres in wanted if session.splits.get(metres)} or {
        metres: session.seconds for metres in wanted if abs(session.metres - metres) <= NEAR * metres
    }
    feats = {(Kind.SPLIT, metres): seconds for metres, seconds in splits.items() if seconds > 0}
    if session.sport.style is not Style.TIME and session.metres > 0:
        feats[Kind.FARTHEST, 0] = session.metres
    if session.sport.style in {Style.FOOT, Style.WHEELS} and session.climbed > 0:
        feats[Kind.HIGHEST, 0] = session.climbed
    if session.seconds > 0:
        feats[Kind.LONGEST, 0] = session.seconds
    return feats


def _gain(kind: Kind, value: float, before: float) -> float:
    return before - value if kind is Kind.SPLIT else value - before


def _deserves(session: Session, kind: Kind, value: float, before: float | None, history: int) -> bool:
    """Beaten by a second or a hundredth, of a known sport, and not doubted."""
    if before is None or session.doubtful or not (history >= HISTORY or session.praised):
        return False
    least = SECONDS if kind is Kind.SPLIT else SHARE * before
    return _gain(kind, value, before) >= least
