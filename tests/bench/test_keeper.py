"""The keeper stops processes as a host does, and notices those that stopped by themselves."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench.keeper import Keeper
from simulator.stage import Stage
from tests.patience import AT_MOST, RUNS_OUT, stays, until

# A process with a child in a process group of its own, like RQ's work-horses. Both write when SIGTERM reaches them.
FAMILY = """
import os, signal, sys, time
def gone(*_): os.write(1, name + b"\\n"); os._exit(0)
name = b"parent"
if os.fork() == 0:
    os.setpgrp(); name = b"child"; os.write(1, b"%d\\n" % os.getpid())
signal.signal(signal.SIGTERM, signal.SIG_IGN if name.decode() == sys.argv[1] else gone)
os.write(1, b"up\\n")
while True: time.sleep(0.05)
"""


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    nothing: Any = None
    return Stage(tmp_path, *[nothing] * 8, environment={})


@pytest.fixture
def keep(stage: Stage) -> Iterator[Callable[[str], Keeper]]:
    made = []

    def start(deaf: str) -> Keeper:
        made.append(Keeper(stage, {"family": f"{sys.executable} -c '{FAMILY}' {deaf}"}, Random(0)))
        made[0].start()
        made[0].watch()
        until(lambda: said(stage).count("up") == 2)
        return made[0]

    yield start
    for each in made:
        each.close()


def test_every_process_is_asked_to_stop(stage, keep):
    keeper = keep("nobody")
    assert keeper.take_away("family", patience=AT_MOST) > 0
    assert sorted(word for word in said(stage) if not word.isdigit()) == ["child", "parent", "up", "up"]


def test_only_the_first_process_is_asked_where_the_host_does_so(stage, keep):
    keeper = keep("nobody")
    with ThreadPoolExecutor(1) as host:
        going = host.submit(keeper.take_away, "family", everyone=False, patience=AT_MOST)
        until(lambda: said(stage).count("parent") == 1)
        stays(lambda: not going.done(), "it waits for the child")
        assert "child" not in said(stage)
        os.kill(child_of(stage), signal.SIGKILL)
        going.result()
    assert "child" not in said(stage)


def test_what_does_not_stop_is_killed(stage, keep):
    keeper = keep("parent")
    assert keeper.take_away("family", patience=RUNS_OUT) >= RUNS_OUT
    assert stage.processes["family"].poll() is not None


def test_who_was_taken_away_comes_back_when_told_and_has_not_fallen(stage, keep):
    keeper = keep("nobody")
    keeper.take_away("family")
    first = stage.processes["family"]
    stays(lambda: stage.processes["family"] is first)
    keeper.bring_back("family")
    assert stage.processes["family"] is not first
    assert not keeper.fell.total()


def test_who_stops_by_itself_has_fallen_and_is_started_again(stage, keep):
    keeper = keep("nobody")
    stage.processes["family"].kill()
    until(lambda: keeper.fell["family"] == 1)


def said(stage: Stage) -> list[str]:
    return (stage.folder / "family.log").read_text().split()


def child_of(stage: Stage) -> int:
    """Return the child's process id, which it writes when it has started."""
    return next(int(word) for word in said(stage) if word.isdigit())
