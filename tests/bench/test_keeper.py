"""The keeper stops processes as a host does, and knows what stopped by itself."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench.keeper import KILLED_AFTER, LOOK_EVERY, Keeper
from simulator.stage import Stage

# A process with a child in a group of its own, as RQ's work-horses are. Both write when SIGTERM reaches them.
FAMILY = """
import os, signal, sys, time
def gone(*_): os.write(1, name + b"\\n"); os._exit(0)
name = b"parent"
if os.fork() == 0:
    os.setpgrp(); name = b"child"
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
    seconds = keeper.take_away("family")
    assert sorted(said(stage)) == ["child", "parent", "up", "up"]
    assert 0 < seconds < KILLED_AFTER


def test_only_the_first_process_is_asked_where_the_host_does_so(stage, keep):
    seconds = keep("nobody").take_away("family", everyone=False, patience=0.5)
    assert said(stage).count("parent") == 1
    assert "child" not in said(stage)
    assert seconds >= 0.5


def test_what_does_not_stop_is_killed(stage, keep):
    keeper = keep("parent")
    assert keeper.take_away("family", patience=0.5) >= 0.5
    assert stage.processes["family"].poll() is not None


def test_who_was_taken_away_comes_back_when_told_and_has_not_fallen(stage, keep):
    keeper = keep("nobody")
    keeper.take_away("family")
    first = stage.processes["family"]
    time.sleep(3 * LOOK_EVERY)
    assert stage.processes["family"] is first
    keeper.bring_back("family")
    assert stage.processes["family"] is not first
    assert not keeper.fell.total()


def test_who_stops_by_itself_has_fallen_and_is_started_again(stage, keep):
    keeper = keep("nobody")
    stage.processes["family"].kill()
    until(lambda: keeper.fell["family"] == 1)


def said(stage: Stage) -> list[str]:
    return (stage.folder / "family.log").read_text().split()


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
