"""The results of `flask doctor`: whether a thing works, and the setting or command that repairs it."""

from dataclasses import dataclass
from enum import StrEnum

from services.health.findings import MENDS, Finding, State


class Verdict(StrEnum):
    """OK: it was checked and works. NOTE: it works, but could be better. WRONG: repair it before people rely on it.
    UNKNOWN: it could not be checked because of another problem, which has its own diagnosis.
    """

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Diagnosis:
    """The result of one check. `says` and `mend` never contain a secret or a member's number."""

    name: str
    verdict: Verdict = Verdict.OK
    says: str = ""
    mend: str = ""


def describe_well(name: str, says: str = "") -> Diagnosis:
    """Return the diagnosis that the thing works."""
    return Diagnosis(name, Verdict.OK, says)


def note(name: str, says: str, mend: str) -> Diagnosis:
    """Return the diagnosis that the thing works, but could be better."""
    return Diagnosis(name, Verdict.NOTE, says, mend)


def describe_wrong(name: str, says: str, mend: str) -> Diagnosis:
    """Return the diagnosis that the thing must be repaired."""
    return Diagnosis(name, Verdict.WRONG, says, mend)


def describe_unknown(name: str, says: str) -> Diagnosis:
    """Return the diagnosis that the thing could not be checked."""
    return Diagnosis(name, Verdict.UNKNOWN, says)


_VERDICTS = {
    State.OK: Verdict.OK,
    State.REMARK: Verdict.NOTE,
    State.DEGRADED: Verdict.WRONG,
    State.UNKNOWN: Verdict.UNKNOWN,
}


def describe_finding(finding: Finding) -> Diagnosis:
    """Return the result of a health check as a diagnosis."""
    verdict = _VERDICTS[finding.state]
    mend = MENDS[finding.name] if verdict in (Verdict.NOTE, Verdict.WRONG) else ""
    return Diagnosis(finding.name, verdict, finding.says, mend)
