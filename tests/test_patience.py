"""No test relies on short times: every wait has the time-out `AT_MOST` of `tests/patience.py`.

A busy machine may be a hundred times slower than a quiet one. So a literal number of seconds that is smaller than
`AT_MOST` is refused as a time-out. A test of what happens when a time-out runs out uses `RUNS_OUT`.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.imports import ROOT
from tests.patience import AT_MOST

WAITS = {"wait", "join", "result", "settimeout"}  # methods whose first argument may be a time-out
PAUSE = 0.1  # seconds; a shorter sleep is the pause between two checks in a loop
IN_TEXT = re.compile(r"timeout=(\d+)")
NAMES = re.compile(r"timeout|patience|generous", re.IGNORECASE)
MAY_SAY_NUMBERS = {"tests/patience.py", "tests/test_patience.py"}


def bets(root: Path) -> list[str]:
    """Return every place in the tests that relies on a short time, as file and line."""
    paths = sorted(path for path in (root / "tests").rglob("*.py"))
    return [
        f"{path.relative_to(root)}:{line}"
        for path in paths
        if str(path.relative_to(root)) not in MAY_SAY_NUMBERS
        for line in sorted({node.lineno for node in _bets(ast.parse(path.read_text()))})
    ]


def _bets(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        yield from (value for value in _time_outs(node) if _is_small(value))
        yield from _deadlines(node)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield from _sleeps(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from (node for found in IN_TEXT.findall(node.value) if 0 < int(found) < AT_MOST)


def _time_outs(node: ast.AST) -> Iterator[ast.expr | None]:
    """Yield the values that are given here as a time-out."""
    if isinstance(node, ast.keyword) and NAMES.search(node.arg or ""):
        yield node.value
    elif isinstance(node, ast.arguments):
        with_default = [*node.posonlyargs, *node.args][-len(node.defaults) :] if node.defaults else []
        pairs = [*zip(with_default, node.defaults, strict=True), *zip(node.kwonlyargs, node.kw_defaults, strict=True)]
        yield from (value for name, value in pairs if NAMES.search(name.arg))
    elif isinstance(node, ast.Dict):
        keys = [str(getattr(key, "value", "")) for key in node.keys]
        yield from (value for key, value in zip(keys, node.values, strict=True) if "timeout" in key)
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (node.value for target in targets if NAMES.search(ast.unparse(target)))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        yield from (each for each in node.args[:1] if node.func.attr in WAITS and not _is_small(each, PAUSE))


def _is_small(value: ast.expr | None, most: float = AT_MOST) -> bool:
    is_number = isinstance(value, ast.Constant) and type(value.value) in (int, float)
    return is_number and 0 < value.value < most


def _deadlines(node: ast.AST) -> Iterator[ast.expr]:
    """Yield waits that are written by hand, as `time.monotonic() + 60`, where `until` would do."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and _is_small(node.right):
        clock = ast.unparse(node.left)
        if clock in {"time.monotonic()", "monotonic()", "time.perf_counter()"}:
            yield node


def _sleeps(test: ast.FunctionDef) -> Iterator[ast.expr]:
    """Yield fixed pauses between an action and an assertion. A pause in a loop that checks again is allowed."""
    for node in ast.iter_child_nodes(test):
        if isinstance(node, ast.While | ast.FunctionDef | ast.Lambda):
            continue
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and ast.unparse(inner.func) in {"time.sleep", "sleep"}:
                yield inner


def test_no_test_bets_on_time() -> None:
    assert bets(ROOT) == []


def test_no_example_that_hypothesis_finds_has_to_be_quick() -> None:
    assert hypothesis.settings.default.deadline is None
    assert hypothesis.HealthCheck.too_slow in hypothesis.settings.default.suppress_health_check


@pytest.mark.parametrize(
    "line",
    [
        "requests.get(url, timeout=5)",
        "Redis(socket_timeout=1, port=1)",
        "subprocess.run(command, timeout=30)",
        "def twilio(timeout: float = 5): ...",
        "def until(true, *, patience=60): ...",
        "words = {'socket_connect_timeout': 60}",
        "PATIENCE = 60.0",
        "process.wait(30)",
        "gate.wait(10)",
        "line.settimeout(5)",
        "thread.join(0.3)",
        "end = time.monotonic() + 60",
        "url = f'{address}?connect_timeout=5'",
        "def test_x():\n    go()\n    time.sleep(0.5)",
    ],
)
def test_a_bet_on_time_is_noticed(tmp_path: Path, line: str) -> None:
    assert bets(_house(tmp_path, line)) == [f"tests/test_x.py:{line.count(chr(10)) + 1}"]


@pytest.mark.parametrize(
    "line",
    [
        "requests.get(url, timeout=AT_MOST)",
        "requests.get(url, timeout=300)",
        "twilio(timeout=RUNS_OUT).send(PARCEL)",
        "process.wait()",
        "','.join(names)",
        "while not over.wait(0.05): look()",
        "def test_x():\n    while not is_so():\n        time.sleep(0.02)",
        "class Slow:\n    def draw(self):\n        time.sleep(0.4)",
        "names = {'seconds': 5}",
    ],
)
def test_what_waits_long_enough_is_no_bet(tmp_path: Path, line: str) -> None:
    assert bets(_house(tmp_path, line)) == []


def _house(root: Path, line: str) -> Path:
    (root / "tests").mkdir()
    (root / "tests/test_x.py").write_text(f"{line}\n")
    return root
