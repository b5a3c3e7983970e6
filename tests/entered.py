"""Record which files of the product run a function while something happens, in the order of their first call."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType

from tests.imports import ROOT

TOOL = 3  # sys.monitoring keeps 0 for debuggers, 1 for coverage, 2 for profilers, 5 for optimizers
ELSEWHERE = ("tests/", "simulator/", ".")  # `.` begins the venv


@contextmanager
def note_entered() -> Iterator[list[str]]:
    """Fill the list with the paths of files below the checkout in which a function was called, in any thread.

    An import calls no function of ours, so a file that is only imported is not listed. Templates are listed, too.
    """
    found: dict[str, None] = {}
    paths: list[str] = []

    def note(code: CodeType, _offset: int) -> None:
        path = code.co_filename.removeprefix(f"{ROOT}/")
        if path != code.co_filename and code.co_name != "<module>" and not path.startswith(ELSEWHERE):
            found.setdefault(path)

    start = sys.monitoring.events.PY_START
    sys.monitoring.use_tool_id(TOOL, __name__)
    sys.monitoring.register_callback(TOOL, start, note)
    sys.monitoring.set_events(TOOL, start)
    try:
        yield paths
    finally:
        sys.monitoring.set_events(TOOL, 0)
        sys.monitoring.free_tool_id(TOOL)
        paths.extend(found)
