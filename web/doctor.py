"""`flask doctor`: checks all settings and everything that the program depends on, and says
how to repair what is wrong.
"""

from collections.abc import Callable, Mapping, Sequence

import structlog

from jobs.health import Doctor, Report
from services.health.diagnosis import Diagnosis, Verdict, describe_finding, describe_wrong
from services.health.processes import FLASK, WEB
from web import doctor_backups, doctor_outside, doctor_servers, doctor_settings, doctor_twilio
from world import World

log = structlog.get_logger()


def examine(world: World, environment: Mapping[str, str]) -> list[Diagnosis]:
    """Run all checks and return the results; takes some seconds. `environment` are the process's variables.

    Results of the health checks come last, except for things that were diagnosed before: those
    diagnoses are more exact.
    """
    looks: tuple[Callable[[], Sequence[Diagnosis]], ...] = (
        lambda: doctor_settings.judge(world, environment),
        lambda: doctor_servers.judge_postgres(world),
        lambda: doctor_servers.judge_redis(world),
        lambda: doctor_backups.judge(world, environment),
        lambda: doctor_twilio.judge(world),
        lambda: doctor_outside.judge(world),
    )
    found = [each for look in looks for each in look()]
    report = Doctor(world, FLASK).look()
    return [*found, *_of_health(report, {each.name for each in found})]


def is_well(found: Sequence[Diagnosis]) -> bool:
    """Return whether no diagnosis is WRONG."""
    return all(each.verdict is not Verdict.WRONG for each in found)


def _of_health(report: Report, known: set[str]) -> list[Diagnosis]:
    found = [describe_finding(each) for each in report.findings if each.name not in known]
    can_tell = any(each.name == "worker" and each.verdict is not Verdict.UNKNOWN for each in found)
    if can_tell and not any(each.pulse.kind == WEB for each in report.heard):
        mend = "Start the web process of the Procfile, with the same REDIS_URL as this command"
        found.append(describe_wrong("web", "No web process has been heard of lately", mend))
    return found
