"""The mistakes that are tried are those in docs/health.md, and each is reported by an existing check."""

from bench.misconfigured import MISTAKES, Seen, rows
from services.health.findings import MENDS
from simulator.stage import ROOT


def test_each_mistake_is_told_by_checks_that_exist():
    assert {name for each in MISTAKES for name in each.told_as} <= MENDS.keys()


def test_each_mistake_stands_in_the_page_on_health_with_its_checks():
    page = (ROOT / "docs" / "health.md").read_text()
    for each in MISTAKES:
        listed = [line for line in page.splitlines() if line.startswith(f"| {each.name} |")]
        assert len(listed) == 1, each.name
        assert all(f"`{name}`" in listed[0] for name in each.told_as), each.name


def test_the_table_tells_each_name_and_what_was_never_told():
    mistake = next(each for each in MISTAKES if len(each.told_as) == 2)
    first, second = mistake.told_as
    body = rows([Seen(mistake, {first: 3.4, second: None}, frozenset({"jobs"}), "why")]).splitlines()[1:]
    told = [line.removeprefix(mistake.name).split() for line in body]
    assert told == [[first, "3", "jobs", "why"], [second, "never", "jobs", "why"]]
