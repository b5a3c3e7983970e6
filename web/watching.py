"""The newest report of a web process's health: made in the background, and when somebody asks and it is old."""

import time
from threading import Lock

from jobs.health import Doctor, Report, outdated
from jobs.heartbeats import Heart
from services.health.processes import WEB
from world import World

GOOD_FOR = 7.0  # seconds; in the background a new one is made each 5 s
PASSING = {"database", "schema", "redis", "worker", "clock", "tick"}  # what a start or an outage brings with it
PASSING_FOR = 1.0  # seconds; whoever waits for the end of that asks often
TOO_OLD = 30.0  # seconds; a look comes to its end well before, whatever does not answer


class Watch:
    """One thread looks; the others meanwhile get what was seen before."""

    def __init__(self, world: World) -> None:
        self._world, self._doctor = world, Doctor(world, WEB)
        self._one_at_a_time = Lock()
        self._report: Report | None = None
        self._made = float("-inf")

    def start(self) -> Heart:
        """From now on look every few seconds, and tell the other processes that this one lives."""
        heart = Heart(self._world, WEB)
        heart.start(self._look)
        return heart

    def report(self) -> Report:
        """What was seen in the last seconds.

        Nobody waits while another thread looks, once anything was ever seen: probes would take one of the few threads
        after the other, and then no webhook would be answered.
        """
        report, age = self._report, self._age()
        if report is not None and age < (PASSING_FOR if PASSING & set(report.degraded) else GOOD_FOR):
            return report
        if report is not None and self._one_at_a_time.locked():
            return report if age < TOO_OLD else outdated(report, age)
        return self._look()

    def _look(self) -> Report:
        began = time.monotonic()
        with self._one_at_a_time:
            if self._report is None or self._made < began:  # or else another thread has looked meanwhile
                report = self._doctor.examine()
                self._report, self._made = report, time.monotonic()
            return self._report

    def _age(self) -> float:
        return time.monotonic() - self._made
