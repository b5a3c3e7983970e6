"""`make bench`: measures the speed of the real processes.

`fan-out`: a digest for 10,000 members of one group, sent by one worker at 80 a second to a vendor who needs 150 ms for
each. `replies`: 20 lines a second from many phones for half a minute, from webhook to answer. `outage`: 1,000 lines
while Postgres is away for two minutes. `connections`: 160 lines, eight at once, with 20 connections to each server.
`slow-clients`: genuine webhooks while up to 400 slow clients are connected to the web process. `health`: a request to
/readyz and a tick with 1,000,000 messages in the table. `pages`: each page of the dashboard, for a group of 1,000
members with 300,000 activities.
"""

import argparse
import gc
import logging
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Self

import structlog
from sqlalchemy import text

from bench import club, connections, health, outage, pages, slow_clients
from bench.figures import least_gap, most_within, percentile, table
from bench.house import House, Size, house
from bench.truth import reference
from simulator.services import SetUpProblem
from simulator.twilio.values import PretendMessage

PROVIDER_TAKES = 0.15
PATIENCE = 600.0
LINES = ("help", "hi", "status", "groups")

Figures = Sequence[tuple[str, ...]]


def fan_out(people: int, seed: int) -> Figures:
    """Send one digest to everybody, and a second message to every fiftieth person. Returns the figures."""
    settings = {"SEND_RATE": "80", "WORKERS": "1", "TICK_SECONDS": "5"}
    with house(Size(people, 0, 0, clocks=1), settings, seed, straight=True) as at, Memory(at) as memory:
        _announce_little(at)
        at.faults.latency = PROVIDER_TAKES
        members, extra = [each.member_id for each in at.crowd.residents], people // 50
        due = club.come_due(at.crowd.world, members, at.random, twice=extra)
        sent = _await_sent(at, people + extra)
    shutil.rmtree(at.on.folder)
    instants = [each.created_at for each in sent]
    digests = [each.created_at for each in sent if each.text != club.NEWS]
    return [
        ("members", f"{people:,}"),
        ("messages handed over", f"{len(sent):,}"),
        ("handed over twice", f"{len(sent) - len({reference(each) for each in sent}):,}"),
        ("digest due to first (s)", f"{(digests[0] - due).total_seconds():.1f}"),
        ("first digest to last (s)", f"{(digests[-1] - digests[0]).total_seconds():.1f}"),
        ("most within any second", str(most_within(instants, timedelta(seconds=1)))),
        ("least gap for one person (s)", f"{least_gap(sent):.2f}"),
        ("largest worker process (MB)", f"{memory.largest / 1024:.0f}"),
    ]


def replies(rate: int, seconds: int, seed: int) -> Figures:
    """Send lines at an even rate, each from another phone. Returns the figures."""
    with house(Size(rate * 30, 0, 0, clocks=1), {"SEND_RATE": "80"}, seed, straight=True) as at:
        _announce_little(at)
        asked = _write_in(at, rate, seconds)
        sent = _await_sent(at, len(asked))
        took = sorted(_seconds_to_answer(at, asked, sent))
    shutil.rmtree(at.on.folder)
    return [
        ("lines", f"{len(asked):,} at {rate}/s"),
        ("answered", f"{len(took):,}"),
        *((f"webhook to Twilio, p{share} (ms)", f"{percentile(took, share) * 1000:.0f}") for share in (50, 95, 99)),
        ("slowest (ms)", f"{took[-1] * 1000:.0f}"),
    ]


class Memory:
    """Measures the resident memory of every process of the worker, in kilobytes."""

    def __init__(self, at: House) -> None:
        self.at, self.largest = at, 0
        self._done = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(1.0):
            listing = subprocess.run(["ps", "-axo", "rss=,args="], capture_output=True, text=True, check=True).stdout
            sizes = [int(line.split()[0]) for line in listing.splitlines() if line.endswith(self.at.on.folder.name)]
            self.largest = max([self.largest, *sizes])


def _announce_little(at: House) -> None:
    """Send only one receipt for each message, because only sending is measured."""
    at.on.twilio.rules = replace(at.on.twilio.rules, announced=frozenset({"delivered"}))


def _write_in(at: House, rate: int, seconds: int) -> dict[str, datetime]:
    """Let people write, and return when each line reached the webhook, by its MessageSid."""
    asked: dict[str, datetime] = {}

    def write(lane: int) -> None:
        began = time.monotonic() + lane / rate
        for turn in range(seconds):
            time.sleep(max(0.0, began + turn - time.monotonic()))
            phone = at.crowd.residents[(turn * rate + lane) % len(at.crowd.residents)].phone
            sid = phone.says(LINES[turn % len(LINES)])
            asked[sid] = at.on.twilio.messages[sid].created_at

    lanes = [Thread(target=write, args=(lane,)) for lane in range(rate)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    return asked


def _await_sent(at: House, count: int) -> list[PretendMessage]:
    """Wait until so many messages have reached the vendor and none is being delivered. Returns them, oldest first."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        sent = [each for each in list(at.on.twilio.messages.values()) if not each.inbound]
        if len(sent) >= count:
            break
        time.sleep(0.5)
    time.sleep(2)
    sent = [each for each in list(at.on.twilio.messages.values()) if not each.inbound]
    return sorted(sent, key=lambda each: each.created_at)


def _seconds_to_answer(at: House, asked: dict[str, datetime], sent: Sequence[PretendMessage]) -> list[float]:
    with at.database.connect() as line:
        rows = line.execute(text("SELECT id, dedupe_key FROM outbound_messages WHERE dedupe_key LIKE 'reply:%'"))
        sid_of = {str(identity): key.removeprefix("reply:") for identity, key in rows}
    sids = [(sid_of[reference(each)], each.created_at) for each in sent]
    return [(answered - asked[sid]).total_seconds() for sid, answered in sids]


KINDS: dict[str, Callable[[argparse.Namespace], Figures]] = {
    "replies": lambda chosen: replies(chosen.rate, chosen.seconds, chosen.seed),
    "fan-out": lambda chosen: fan_out(chosen.people, chosen.seed),
    "connections": lambda chosen: connections.connections(chosen.together, chosen.seed),
    "slow-clients": lambda _: slow_clients.measure(),
    "health": lambda _chosen: health.health(),
    "pages": lambda _chosen: pages.measure(),
    "outage": lambda chosen: outage.outage(chosen.lines, chosen.away, chosen.seed),
}


def main(arguments: list[str]) -> int:
    """Measure one or both, and print a table for each."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description="How fast the real processes are.")
    parser.add_argument("what", nargs="*", choices=list(KINDS), help="replies and fan-out if none is named")
    parser.add_argument("--people", type=int, default=10_000, help="members of the group that fan-out is about")
    parser.add_argument("--rate", type=int, default=20, help="lines a second")
    parser.add_argument("--seconds", type=int, default=30, help="how long people write")
    parser.add_argument("--lines", type=int, default=1_000, help="written while Postgres is away")
    parser.add_argument("--together", type=int, default=160, help="lines written eight at once, for connections")
    parser.add_argument("--away", type=int, default=120, help="seconds that Postgres is away")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    gc.disable()  # pauses of the pretend vendor would falsify the times of messages
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        for what in chosen.what or ("replies", "fan-out"):
            figures = KINDS[what](chosen)
            print(f"{what}\n{table(figures)}\n", flush=True)
    except SetUpProblem as problem:
        print(f"Nothing can be measured: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
