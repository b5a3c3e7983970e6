"""Keeps the newest health report of a web process. It is made in the background, and on request if it is old."""

import time
from threading import Lock

from jobs.health import Doctor, Report, report_outdated
from jobs.heartbeats import Heart
from services.health.processes import WEB
from world import World

GOOD_FOR = 7.0  # seconds; in the background a new report is made every 5 s
PASSING = {"database", "schema", "redis", "worker", "clock", "tick"}  # problems of a start or an outage
PASSING_FOR = 1.0  # seconds that a report with such a problem is used, because its end is waited for
TOO_OLD = 30.0  # seconds; the checks end well before this, even if something does not answer


class Watch:
    """Runs the health checks in one thread at a time. Other threads get the last report."""

    def __init__(self, world: World) -> None:
        self._world, self._doctor = world, Doctor(world, WEB)
        self._one_at_a_time = Lock()
        self._report: Report | None = None
        self._made = float("-inf")

    def start(self) -> Heart:
        """Start to run the checks every few seconds and to write heartbeats. Returns the heart, by
        which it is stopped.
        """
        heart = Heart(self._world, WEB)
        heart.start(self._look)
        return heart

    def report(self) -> Report:
        """Return a report that is at most some seconds old.

        Once there is a first report, nobody waits while another thread runs the checks: otherwise probes would take one
        of the few threads after the other, and no webhook would be answered.
        """
        report, age = self._report, self._age()
        if report is not None and age < (PASSING_FOR if PASSING & set(report.degraded) else GOOD_FOR):
            return report
        if report is not None and self._one_at_a_time.locked():
            return report if age < TOO_OLD else report_outdated(report, age)
        return self._look()

    def _look(self) -> Report:
        began = time.monotonic()
        with self._one_at_a_time:
            if self._report is None or self._made < began:  # otherwise another thread has just run the checks
                report = self._doctor.examine()
                self._report, self._made = report, time.monotonic()
            return self._report

    def _age(self) -> float:
        return time.monotonic() - self._made
