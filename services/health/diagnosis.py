"""What `flask doctor` says of one thing: whether it is well, and the setting or command that mends it."""

from dataclasses import dataclass
from enum import StrEnum

from services.health.findings import MENDS, Finding, State


class Verdict(StrEnum):
    """OK: looked at, and well. NOTE: works, and could be better. WRONG: to be mended before people rely on it.
    UNKNOWN: could not be looked at, because something that is named itself is in the way.
    """

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Diagnosis:
    """One thing that was looked at. `says` and `mend` never hold a secret or a member's number."""

    name: str
    verdict: Verdict = Verdict.OK
    says: str = ""
    mend: str = ""


def describe_well(name: str, says: str = "") -> Diagnosis:
    """Looked at, and well."""
    return Diagnosis(name, Verdict.OK, says)


def note(name: str, says: str, mend: str) -> Diagnosis:
    """Works, and could be better."""
    return Diagnosis(name, Verdict.NOTE, says, mend)


def describe_wrong(name: str, says: str, mend: str) -> Diagnosis:
    """To be mended."""
    return Diagnosis(name, Verdict.WRONG, says, mend)


def describe_unknown(name: str, says: str) -> Diagnosis:
    """Could not be looked at."""
    return Diagnosis(name, Verdict.UNKNOWN, says)


_VERDICTS = {
    State.OK: Verdict.OK,
    State.REMARK: Verdict.NOTE,
    State.DEGRADED: Verdict.WRONG,
    State.UNKNOWN: Verdict.UNKNOWN,
}


def describe_finding(finding: Finding) -> Diagnosis:
    """What a health check has found, as a diagnosis."""
    verdict = _VERDICTS[finding.state]
    mend = MENDS[finding.name] if verdict in (Verdict.NOTE, Verdict.WRONG) else ""
    return Diagnosis(finding.name, verdict, finding.says, mend)
