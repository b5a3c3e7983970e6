"""Personal records: the fastest splits, the longest and highest sessions, and which of them are announced to others."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from fitness.sports import Sport, Style

RULES = 1  # raise it when a change below leads to other records for the same sessions
HISTORY = 8  # so many earlier sessions of a sport are needed before its records are announced: beginners set too many
SECONDS, SHARE = 1.0, 0.01
NEAR = 0.02  # without splits, a whole session within 2 % of a distance counts as that distance
DISTANCES: Mapping[Sport, tuple[int, ...]] = {
    Sport.RUN: (1000, 1609, 5000, 10000, 21098, 42195),
    Sport.SWIM: (100, 400, 1000, 1500),
}


class RecordKind(StrEnum):
    """The kinds of records: SPLIT (seconds for a distance), FARTHEST (metres), HIGHEST (metres climbed) and LONGEST
    (seconds).
    """

    SPLIT = "split"
    FARTHEST = "farthest"
    HIGHEST = "highest"
    LONGEST = "longest"


@dataclass(frozen=True)
class RecordedSession:
    """A session for which records are computed. `splits` maps metres to seconds; `praised` means that Garmin calls it a
    personal record.
    """

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
class BrokenRecord:
    """A session that was the best so far in something: its value, and the value that it beat. `metres` is the distance
    of a split. `deserves` says whether it is announced to others.
    """

    session_id: int
    sport: Sport
    day: date
    kind: RecordKind
    metres: int
    value: float
    before: float | None
    deserves: bool


def find_records(sessions: Iterable[RecordedSession]) -> list[BrokenRecord]:
    """Return every record at the time when it was set, oldest first. The sessions may come in any order."""
    best: dict[tuple[Sport, RecordKind, int], float] = {}
    seen: Counter[Sport] = Counter()
    found: list[BrokenRecord] = []
    for session in sorted(sessions, key=lambda each: (each.start, each.seconds, each.metres)):
        for (kind, metres), value in _feats(session).items():
            before = best.get((session.sport, kind, metres))
            if before is None or _gain(kind, value, before) > 0:
                best[session.sport, kind, metres] = value
                deserves = _deserves(session, kind, value, before, seen[session.sport])
                found.append(
                    BrokenRecord(session.id, session.sport, session.day, kind, metres, value, before, deserves)
                )
        seen[session.sport] += 1
    return found


def _feats(session: RecordedSession) -> dict[tuple[RecordKind, int], float]:
    wanted = DISTANCES.get(session.sport, ())
    splits = {metres: session.splits[metres] for metres in wanted if session.splits.get(metres)} or {
        metres: session.seconds for metres in wanted if abs(session.metres - metres) <= NEAR * metres
    }
    feats = {(RecordKind.SPLIT, metres): seconds for metres, seconds in splits.items() if seconds > 0}
    if session.sport.style is not Style.TIME and session.metres > 0:
        feats[RecordKind.FARTHEST, 0] = session.metres
    if session.sport.style in {Style.FOOT, Style.WHEELS} and session.climbed > 0:
        feats[RecordKind.HIGHEST, 0] = session.climbed
    if session.seconds > 0:
        feats[RecordKind.LONGEST, 0] = session.seconds
    return feats


def _gain(kind: RecordKind, value: float, before: float) -> float:
    return before - value if kind is RecordKind.SPLIT else value - before


def _deserves(session: RecordedSession, kind: RecordKind, value: float, before: float | None, history: int) -> bool:
    """Return whether a record is announced to others: it beats the one before by a second (splits) or by
    one per cent, there were enough earlier sessions of the sport or Garmin calls it a record, and the
    session does not seem impossible.
    """
    if before is None or session.doubtful or not (history >= HISTORY or session.praised):
        return False
    least = SECONDS if kind is RecordKind.SPLIT else SHARE * before
    return _gain(kind, value, before) >= least
