"""Hostile files of every kind: each gets an answer, in bounded time. Long form: `python -m bench.hostile_files`."""

from bench.hostile import KINDS, files
from bench.hostile_files import MOST_CPU, measure
from providers.activity_files import LARGEST

SHORT = LARGEST // 20


def test_the_same_seed_makes_the_same_files_and_none_is_too_large() -> None:
    made = [list(files(len(KINDS), 3, 20_000)) for _ in range(2)]
    assert made[0] == made[1]
    assert {each.kind for each in made[0]} == set(KINDS)
    assert max(len(each.data) for each in made[0]) <= 20_000


def test_each_kind_ends_with_an_answer_and_in_time() -> None:
    costs = measure(files(2 * len(KINDS), 14, SHORT))
    assert {kind: cost.files for kind, cost in costs.items()} == dict.fromkeys(KINDS, 2)
    assert max(cost.cpu for cost in costs.values()) < MOST_CPU
    assert [end for cost in costs.values() for end in cost.ends if end.startswith("broke")] == []
