"""Every bell wakes a job in each kind of process: each is a fresh interpreter, because the tests import all jobs."""

import subprocess
import sys

import pytest

from services.ground.bells import Bell
from tests.imports import ROOT
from tests.patience import AT_MOST

ANSWERED = "from jobs.queue import answering; print('\\n'.join(sorted(answering)))"


@pytest.mark.parametrize("process", ["web.app", "worker"])
def test_every_bell_is_answered_in_every_process_that_may_ring_it(process: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {process}; {ANSWERED}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=AT_MOST,
    )
    assert done.stdout.splitlines() == sorted(Bell)
