"""Hostile files of every kind: each gets an answer within a limited time. Long form:
`python -m bench.hostile_files`.
"""

from bench.beside_files import Delay
from bench.hostile import KINDS, hostile_file
from bench.hostile_costs import Cost, Reading, by_kind, read_all
from bench.hostile_files import MOST_CPU, MOST_DELAY, breaches, costliest, costs_told, delays_told
from providers.files.activity_files import LARGEST

SHORT = LARGEST // 20


def test_the_same_seed_makes_the_same_files_and_none_is_too_large() -> None:
    made = [[hostile_file(number, 3, 20_000) for number in range(2 * len(KINDS))] for _ in range(2)]
    assert made[0] == made[1]
    assert {each.kind for each in made[0][: len(KINDS)]} == {each.kind for each in made[0][len(KINDS) :]} == set(KINDS)
    assert max(len(each.data) for each in made[0]) <= 20_000
    others = [hostile_file(number, 4, 20_000) for number in range(2 * len(KINDS))]
    assert len({each.data for each in made[0]} & {each.data for each in others}) < len(KINDS) / 2


def test_each_kind_ends_with_an_answer_and_in_time() -> None:
    costs = by_kind(read_all(len(KINDS), 14, SHORT))
    assert {kind: cost.files for kind, cost in costs.items()} == dict.fromkeys(KINDS, 1)
    assert breaches(costs, {}) == []
    assert all(cost.cpu > 0 and cost.memory > 10 for cost in costs.values()), "it was measured"


def test_what_is_told() -> None:
    readings = [
        Reading(0, "blank", 0.2, 0.3, 60, "damaged"),
        Reading(1, "blank", 0.4, 0.2, 61, "no_activity"),
        Reading(2, "noise", 2.0, 3.0, 80, "too_much"),
    ]
    assert [line.split() for line in costs_told(by_kind(readings)).splitlines()[1:]] == [
        ["noise", "1", "2.00", "3.00", "80", "too_much"],
        ["blank", "2", "0.40", "0.30", "61", "damaged,", "no_activity"],
    ]
    assert [each.number for each in costliest(readings, 5)] == [2, 1]
    assert [each.number for each in costliest(readings, 1)] == [2]
    told = delays_told({"beside files": [Delay("noise", 2.0), Delay("blank", 0.5), Delay("blank", 1.0)]})
    assert told.splitlines()[1].split() == ["beside", "files", "3", "1.00", "2.00", "noise"]


def test_what_should_not_be() -> None:
    broken = {
        "a": Cost(1, 0.1, 0.1, 60, {"broke: it ended with -9"}),
        "b": Cost(1, MOST_CPU + 1, 20, 60, {"too_much"}),
        "c": Cost(1, 1, 1, 600, {"3 rows"}),
    }
    late = {"beside files, 1 worker": [Delay("b", MOST_DELAY + 1)], "without files, 1 worker": [Delay("no file", 0.1)]}
    assert breaches(broken, late) == [
        "a: a reader broke",
        "b: more than 11 s of CPU",
        "c: more than 512 MB",
        "an account waited for more than 30 s beside files, 1 worker",
    ]
