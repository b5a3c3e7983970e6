"""`make chaos`: causes outages for the real processes. Every message must reach the pretend Twilio exactly once.

The exit code is 0 only if no message was lost, none was sent twice and none waits. Times that only slow the recovery
down are shortened: a lease lasts 15 s instead of 60, searches are 6 s apart, and there is a tick every 5 s. (The
pretend Twilio's list is late by 1.5 s at most.)
"""

import argparse
import logging
import shutil
import sys
import time
from dataclasses import dataclass, field
from threading import Event, Thread

import structlog

from bench.faults import Phase, phases
from bench.figures import table
from bench.house import House, Size, house
from bench.truth import Verdict
from simulator.services import SetUpProblem

SETTINGS = {
    "LEASE_SECONDS": "15",
    "LOOK_SECONDS": "6",
    "TICK_SECONDS": "5",
    "SEND_RATE": "80",
    "WORKERS": "3",
    "PEOPLE_A_DAY": "1000000",
}
QUICK, FULL = Size(people=400, wave=14, inbound=2), Size(people=1500, wave=18, inbound=3)
HANG_SECONDS = 12.0  # the product waits 10 s for Twilio
LATENCY = 0.05
PATIENCE = 200.0
STORIES = 12
LATER = ", the faults of later phases included: a quick run does not wait in between"


@dataclass
class Row:
    """A phase that was run: when it was over, and when none of its messages waited any more."""

    phase: Phase
    injected: int
    over_at: float
    quiet_at: float | None = None
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def recovery(self) -> str:
        return f"{max(self.quiet_at - self.over_at, 0):.1f}" if self.quiet_at is not None else "never"


class Run:
    """Runs the phases. A quick run does not wait for the messages of a phase before the next one."""

    def __init__(self, at: House, *, quick: bool) -> None:
        self.at, self.quick = at, quick
        self.rows: list[Row] = []
        self.is_whole = True
        self._done = Event()
        self._watch = Thread(target=self._watching, daemon=True)

    def play(self, script: list[Phase], until: float) -> None:
        """Run all phases that begin before `until`. If the run is stopped early, the phases so far are judged."""
        self._watch.start()
        try:
            for phase in script:
                if time.monotonic() < until:
                    self._play(phase)
            self._until_quiet()
        except (KeyboardInterrupt, SystemExit):
            self.is_whole = False
            print("· stopped", flush=True)
        self.at.crowd.end()
        self._done.set()
        self._watch.join()
        self.judge()

    def judge(self) -> None:
        """Compare the messages that had to be sent so far with those that were."""
        self.at.on.twilio.settle(PATIENCE)
        verdicts = self.at.truth.verdicts(self.at.crowd.expected, list(self.at.on.twilio.messages.values()))
        for row in self.rows:
            row.verdict = verdicts.get(row.phase.name, row.verdict)

    def _play(self, phase: Phase) -> None:
        print(f"· {phase.name}", flush=True)
        self.at.crowd.begin(phase.name)
        injected = phase.inject(self.at, phase.quick if self.quick else phase.full)
        over_at = time.monotonic()
        self.at.crowd.end()
        row = Row(phase, injected, over_at)
        self.rows.append(row)
        if not self.quick:
            self._until_quiet()
            self.judge()
            print(f"  {row.verdict}, quiet after {row.recovery} s", flush=True)

    def _until_quiet(self) -> None:
        until = time.monotonic() + PATIENCE
        while any(row.quiet_at is None for row in self.rows) and time.monotonic() < until:
            time.sleep(0.2)

    def _watching(self) -> None:
        while not self._done.wait(0.5):
            for row in [each for each in self.rows if each.quiet_at is None]:
                mine = [each for each in list(self.at.crowd.expected) if each.phase == row.phase.name]
                if not self.at.truth.waiting(mine):
                    row.quiet_at = time.monotonic()


def played(rows: list[Row]) -> str:
    """Return the rows as a table, with their sums."""
    head = ("fault", "injected", "messages", "lost", "doubled", "waiting", "misjudged", "recovery (s)")
    body = [(row.phase.name, row.injected, *_counts(row.verdict), row.recovery) for row in rows]
    sums = [sum(column) for column in zip(*(_counts(row.verdict) for row in rows), strict=True)]
    return table([head, *body, ("all", sum(row.injected for row in rows), *sums, "")])


def _counts(verdict: Verdict) -> tuple[int, ...]:
    return verdict.messages, verdict.lost, verdict.doubled, verdict.waiting, verdict.misjudged


def report(run: Run) -> str:
    """Return the text below the table."""
    keeper, misfits = run.at.keeper, run.at.truth.misfits
    killed = ", ".join(f"{count} {name}" for name, count in keeper.killed.most_common()) or "none"
    fell = ", ".join(f"{name} {count}×" for name, count in sorted(keeper.fell.items()) if count) or "nothing"
    slowest = max((row.quiet_at - row.over_at for row in run.rows if row.quiet_at is not None), default=0.0)
    lines = [
        f"kill -9: {keeper.processes} processes in {keeper.killed.total()} strikes ({killed})",
        f"fell by itself: {fell}",
        f"slowest recovery: {slowest:.1f} s after the last fault of its phase{LATER if run.quick else ''}",
    ]
    if misfits:
        lines += [f"what became of {min(len(misfits), STORIES)} of {len(misfits)} misfits:"]
        lines += map(run.at.truth.story, misfits[:STORIES])
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run all phases, print the table, and return the exit code."""
    chosen = _options(arguments)
    # Log lines about missing servers are expected, and the processes write them to their own logs.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began = time.monotonic()
    try:
        with house(QUICK if chosen.quick else FULL, SETTINGS, chosen.seed) as at:
            at.faults.hang_seconds, at.faults.latency = HANG_SECONDS, LATENCY
            at.faults.callbacks = "off" if chosen.no_callbacks else "normal"
            run = Run(at, quick=chosen.quick)
            script = phases(callbacks=not chosen.no_callbacks)
            wanted = [phase for phase in script if any(words in phase.name for words in chosen.only)]
            run.play(wanted, began + 60 * chosen.minutes)
            print(f"\n{played(run.rows)}\n\n{report(run)}")
            print(f"seed {chosen.seed}, {time.monotonic() - began:.0f} s")
    except SetUpProblem as problem:
        print(f"The bad days cannot be played: {problem}", file=sys.stderr)
        return 1
    if not run.rows or not run.is_whole or not all(row.verdict.is_clean for row in run.rows):
        print(f"What the processes said: {at.on.folder}")
        return 1
    shutil.rmtree(at.on.folder)
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description="Bad days for the real processes.")
    parser.add_argument("--quick", action="store_true", help="under 3 minutes: each fault once, one after the other")
    parser.add_argument("--seed", type=int, default=1, help="what is drawn by chance follows from it")
    parser.add_argument("--no-callbacks", action="store_true", help="Twilio never tells what became of a message")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no further phase after so many")
    parser.add_argument("--only", nargs="+", default=[""], metavar="WORDS", help="only faults named like one of these")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
