"""Changes of `/readyz` are noticed, with their time."""

import pytest

from bench.probes import Probe, Probes
from tests.bench.answering import answering
from tests.patience import AT_MOST, until

READY = (200, '{"status": "ready", "degraded": []}')
NO_WORKER = (200, '{"status": "degraded", "degraded": ["worker"], "remarks": ["fonts"]}')
UNAVAILABLE = (503, '{"status": "unavailable", "degraded": ["database", "redis"]}')


@pytest.fixture
def probes() -> Probes:
    """Probes that were made one second apart."""
    made = Probes("http://nowhere")
    names = [set(), {"clock"}, {"clock", "worker"}, {"worker"}, set()]
    made.taken = [Probe(100.0 + second, 200, frozenset(each)) for second, each in enumerate(names)]
    return made


@pytest.mark.parametrize(
    ("answer", "status", "names"),
    [
        (READY, 200, set()),
        (NO_WORKER, 200, {"worker"}),
        (UNAVAILABLE, 503, {"database", "redis", "not ready"}),
        ((500, "<html>"), 0, set()),
    ],
)
def test_an_answer_is_read_without_its_remarks(answer, status, names):
    with answering(answer) as at, Probes(at.url) as probes:
        until_taken(probes)
        assert {(each.status, each.judged) for each in list(probes.taken)} == {(status, frozenset(names))}


def test_a_remark_is_noticed_but_is_no_alarm():
    with answering(NO_WORKER) as at, Probes(at.url) as probes:
        until_taken(probes)
        assert probes.noticed({"fonts"}, since=0) is not None
        assert probes.alarms(0, float("inf")) == {"worker"}


def test_a_trouble_is_noticed_when_it_is_first_named(probes):
    assert probes.noticed({"worker"}, since=100.5) == 1.5
    assert probes.noticed({"worker", "clock"}, since=101.5) == 0.5
    assert probes.noticed({"redis"}, since=100) is None
    assert probes.noticed({"worker"}, since=100, until=101.9) is None


def test_alarms_are_all_that_was_named_meanwhile(probes):
    assert probes.alarms(100, 101) == {"clock"}
    assert probes.alarms(100, 104) == {"clock", "worker"}
    assert probes.alarms(104, 200) == frozenset()


def test_calm_is_waited_for_and_what_is_still_named_is_told():
    with answering(NO_WORKER, READY) as at, Probes(at.url) as probes:
        assert probes.await_calm(AT_MOST) == frozenset()
        assert len(at.asked) >= 2
    with answering(NO_WORKER) as at, Probes(at.url) as probes:
        until(lambda: probes.await_calm(3) == {"worker"})


def test_who_does_not_answer_is_not_calm():
    with Probes("http://127.0.0.1:9") as probes:
        assert probes.await_calm(0.1) == {"no answer"}


def until_taken(probes: Probes) -> None:
    until(lambda: probes.taken, "no probe was taken")
