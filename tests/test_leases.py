"""Leases are given and compared by the database's clock, and only by `services/ground/leases.py`."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest

from tests.imports import ROOT, files

COLUMN, SPANS = "leased_until", {"LEASE", "lease"}
KEEPER = "services/ground/leases.py"
ASKING = {"leases.is_over", "leases.is_free", "leases.rank_by_end"}
ELSEWHERE = {"tests", "migrations"}  # tests end leases directly, because they cannot move the database's clock


def broken(root: Path) -> list[str]:
    """Return every line that gives or compares a lease by another clock."""
    product = [path.relative_to(root) for path in files(root)]
    return [
        f"{path}:{line}"
        for path in product
        if path.parts[0] not in ELSEWHERE and str(path) != KEEPER
        for line in sorted(_breaches(ast.parse((root / path).read_text())))
    ]


def _breaches(tree: ast.Module) -> set[int]:
    """Return the lines that set a lease without `leases`, read one directly, or add a span to a time."""
    asked = {id(each) for node in ast.walk(tree) if _asks_about_lease(node) for each in node.args}
    given = {value.lineno for node in ast.walk(tree) for value in _given(node) if not _is_good(value)}
    read = {node.lineno for node in ast.walk(tree) if _is_read(node) and id(node) not in asked}
    added = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.BinOp) and _adds_a_span(node)}
    return given | read | added


def _given(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the values that a lease is set to: by `=`, in `values(…)`, or in a dictionary."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _paired(target, node.value)
    elif isinstance(node, ast.AugAssign):
        yield from _paired(node.target, node.value)
    elif isinstance(node, ast.keyword) and node.arg == COLUMN:
        yield node.value
    elif isinstance(node, ast.Dict):
        keys = [isinstance(key, ast.Constant) and key.value == COLUMN for key in node.keys]
        yield from (value for is_lease, value in zip(keys, node.values, strict=True) if is_lease)


def _paired(target: ast.expr, value: ast.expr) -> Iterator[ast.expr]:
    if _is_lease(target):
        yield value
    elif isinstance(target, ast.Tuple):
        values = value.elts if isinstance(value, ast.Tuple) else []
        values = values if len(values) == len(target.elts) else [value] * len(target.elts)
        for each, its in zip(target.elts, values, strict=True):
            yield from _paired(each, its)


def _is_lease(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == COLUMN


def _is_read(node: ast.AST) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and node.attr == COLUMN and isinstance(node.ctx, ast.Load)


def _is_good(value: ast.expr) -> bool:
    is_none = isinstance(value, ast.Constant) and value.value is None
    return is_none or (isinstance(value, ast.Call) and ast.unparse(value.func) == "leases.end_lease_in")


def _asks_about_lease(node: ast.AST) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ASKING


def _adds_a_span(node: ast.BinOp) -> bool:
    """Return whether it is like `now + LEASE`: a lease by this machine's clock, for whatever column."""
    sides = (node.left, node.right)
    names = {side.id if isinstance(side, ast.Name) else getattr(side, "attr", None) for side in sides}
    return bool(names & SPANS)


def test_every_lease_goes_by_the_databases_clock() -> None:
    assert broken(ROOT) == []


@pytest.mark.parametrize(
    "line",
    [
        "row.leased_until = now + SPAN",
        "row.state, row.leased_until = SENDING, now",
        "row.state, row.leased_until = both",
        "a.leased_until = b.leased_until = now",
        "row.leased_until += SPAN",
        "update(Row).values(leased_until=now)",
        "values = {'state': 1, 'leased_until': now}",
        "select(Row).where(Row.leased_until < now)",
        "select(Row).where(Row.leased_until.is_(None))",
        "is_mine = row.leased_until is None",
        "row.next_attempt_at = now + LEASE",
        "row.next_attempt_at = now + rules.lease",
    ],
)
def test_a_lease_by_another_clock_is_noticed(tmp_path: Path, line: str) -> None:
    assert broken(_house(tmp_path, line)) == ["services/x.py:1"]


@pytest.mark.parametrize(
    "line",
    [
        "row.leased_until = leases.end_lease_in(session, LEASE)",
        "row.state, row.leased_until = SENDING, leases.end_lease_in(session, rules.lease)",
        "row.state, row.leased_until = QUEUED, None",
        "row.problem = row.leased_until = None",
        "update(Row).values(leased_until=None)",
        "select(Row).where(leases.is_free(Row.leased_until), leases.is_over(Row.leased_until))",
        "class Row:\n    leased_until: Mapped[datetime | None]",
    ],
)
def test_a_lease_by_the_databases_clock_is_no_breach(tmp_path: Path, line: str) -> None:
    assert broken(_house(tmp_path, line)) == []


def _house(root: Path, line: str) -> Path:
    (root / "services").mkdir()
    (root / "services/x.py").write_text(f"{line}\n")
    return root
