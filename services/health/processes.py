"""What each process reports with its heartbeat, and checks whether the processes fit together."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import permutations

from services.health.findings import Finding, report_problem, report_remark

WEB, WORKER, CLOCK = "web", "worker", "clock"
FLASK = "flask"  # an operator's command: it runs checks, but sends no heartbeat
MOST_AHEAD = 60.0  # largest allowed difference in seconds between a process's clock and the database's


@dataclass(frozen=True)
class Pulse:
    """The report of one process: its clock, and fingerprints of the values that must be the same in all processes. No
    secret can be computed from them.

    `keys` maps the names of the keys in DATA_KEYS to fingerprints; `writes_with` is the name of the key that encrypts;
    `settings` are fingerprints by name; `lacks` are the scripts for which the process has no fonts.
    """

    kind: str
    instance: str
    at: datetime
    writes_with: str
    keys: Mapping[str, str]
    settings: Mapping[str, str]
    lacks: Sequence[str] = ()

    def to_json(self) -> str:
        """Return it as JSON, for Redis."""
        return json.dumps(asdict(self) | {"at": self.at.isoformat()})

    @classmethod
    def from_json(cls, text: str) -> "Pulse":
        """Read what `to_json` returned, perhaps in an older or newer version of this code. Raises ValueError, TypeError
        or KeyError if it cannot be read.
        """
        facts = json.loads(text)
        known = {name: facts[name] for name in cls.__dataclass_fields__}
        return cls(**known | {"at": datetime.fromisoformat(facts["at"])})

    def __str__(self) -> str:
        return f"{self.kind} {self.instance}"


@dataclass(frozen=True)
class Heard:
    """A pulse, its age in seconds, and by how many seconds its clock was ahead of the database's when
    it was written.
    """

    pulse: Pulse
    age: float
    ahead: float


def judge_presence(heard: Sequence[Heard]) -> list[Finding]:
    """Return the findings `worker` and `clock`: is there at least one process of each kind?"""
    findings = []
    for kind in (WORKER, CLOCK):
        ages = [each.age for each in heard if each.pulse.kind == kind]
        problem = None if ages else f"No {kind} process has been heard of lately"
        findings.append(
            report_problem(kind, problem, running=len(ages), heard_seconds_ago=round(min(ages, default=0), 1))
        )
    return findings


def judge_time(heard: Sequence[Heard]) -> Finding:
    """Return the finding `time`: does a process's clock differ from the database's?"""
    wrong = [each for each in heard if abs(each.ahead) > MOST_AHEAD]
    says = [
        f"the clock of {each.pulse} is {abs(each.ahead):.0f} s {'ahead' if each.ahead > 0 else 'behind'}"
        for each in wrong
    ]
    most = max((each.ahead for each in heard), key=abs, default=0.0)
    return report_problem("time", _sentence(says), most_seconds_ahead=round(most, 1))


def judge_settings(heard: Sequence[Heard]) -> Finding:
    """Return the finding `settings`: do all processes have the same? If SECRET_KEY differs, only that is named, because
    all other fingerprints depend on it.
    """
    values: dict[str, set[str]] = {}
    for each in heard:
        for name, fingerprint in each.pulse.settings.items():
            values.setdefault(name, set()).add(fingerprint)
    different = [name for name, prints in values.items() if len(prints) > 1]
    named = ["SECRET_KEY"] if "SECRET_KEY" in different else sorted(different)
    return report_problem("settings", f"Processes have different values of {', '.join(named)}" if named else None)


def judge_keys(heard: Sequence[Heard], sealing: set[str] | None) -> Finding:
    """Return the finding `keys`: can every process decrypt all stored values, and those that the other
    processes encrypt? `sealing` are the names of the keys with which values in the database are encrypted; None
    if this is unknown now.
    """
    pulses = [each.pulse for each in heard]
    lost = [
        f"{each} lacks the key {name}, which seals stored values"
        for each in pulses
        for name in sorted((sealing or set()) - each.keys.keys())
    ]
    strange = [
        f"{reader} cannot open what {writer} seals with the key {writer.writes_with}"
        for writer, reader in permutations(pulses, 2)
        if reader.keys.get(writer.writes_with) != writer.keys.get(writer.writes_with)
    ]
    return report_problem("keys", _sentence(lost + strange), sealing=sorted(sealing or ()))


def judge_fonts(heard: Sequence[Heard]) -> Finding:
    """Return the finding `fonts`: are there scripts that are drawn as empty boxes in pictures?

    It is a remark and not degraded, because every message arrives on time, and names in Latin, Greek and Cyrillic are
    always drawn. On a host without these fonts it never ends, and an alarm that never ends would be switched off.
    """
    lacks = sorted({script for each in heard for script in each.pulse.lacks})
    return report_remark("fonts", f"Pictures show empty boxes for {', '.join(lacks)}" if lacks else None, lacks=lacks)


def _sentence(parts: Sequence[str], most: int = 4) -> str | None:
    """Return one sentence with at most `most` of these parts and the number of the others; None if there are none."""
    if not parts:
        return None
    more = f"; and {len(parts) - most} more" if len(parts) > most else ""
    return "; ".join(parts[:most]) + more
