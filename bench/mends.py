"""Does the drill see it when a mend is taken back? Each is taken back by one line, in a copy of the checkout.

`python -m bench.mends` tries all of them, four minutes each, and exits with 0 only if the drill fails each time;
`python -m bench.mends pools health` tries two.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simulator.stage import ROOT


@dataclass(frozen=True)
class Mend:
    """A mend of issue 13 by its number there: the line that makes it, what stood there before, and what then breaks."""

    number: int
    name: str
    path: str
    line: str
    before: str
    breaks: str


MENDS = (
    Mend(
        number=2,
        name="redis-certificate",
        path="world.py",
        line="open_doorbell(settings.redis, ",
        before="open_doorbell(settings.redis_url, ",
        breaks="the web process never reaches Redis: its certificate is refused",
    ),
    Mend(
        number=3,
        name="redis-pool",
        path="config.py",
        line='2, ge=2, le=100, description="Connections to Redis',
        before='20, ge=2, le=100, description="Connections to Redis',
        breaks="more than 16 connections to Redis at once",
    ),
    Mend(
        number=3,
        name="database-pool",
        path="config.py",
        line="""Field(
        3,
        ge=2,
        le=100,
        description="Connections to Postgres""",
        before="""Field(
        20,
        ge=2,
        le=100,
        description="Connections to Postgres""",
        breaks="more than 16 connections to Postgres at once",
    ),
    Mend(
        number=4,
        name="slow-clients",
        path="ops/gunicorn.conf.py",
        line='worker_class = "web.buffering.BufferingWorker"',
        before='worker_class = "gthread"',
        breaks="answers take more than 5 s while slow clients hang on",
    ),
    Mend(
        number=6,
        name="health",
        path="web/health.py",
        line="return jsonify(status=report.status, degraded=report.degraded)",
        before="return jsonify(status=report.status, degraded=[])",
        breaks="/readyz names no trouble",
    ),
    Mend(
        number=6,
        name="schema-behind",
        path="jobs/outages.py",
        line="if not is_not_as_expected(error):",
        before="if True:",
        breaks="lines that meet a schema one behind are not kept, and never answered",
    ),
    Mend(
        number=7,
        name="unknown-key",
        path="services/delivery/outbox.py",
        line="if isinstance(error, UnknownKey):",
        before="if False:",
        breaks="messages under a key that the worker does not have yet are marked as failed, and never arrive",
    ),
    Mend(
        number=10,
        name="going-down",
        path="worker.py",
        line="def handle_warm_shutdown_request(self)",
        before="def handle_nothing(self)",
        breaks="the worker takes more than 25 s to stop when only its first process is told",
    ),
)


class NotThere(Exception):
    """A line of the list is not in its file any more, or more than once: the list must be put right."""


def taken_back(mend: Mend, text: str) -> str:
    """The file's text without the mend. Raises `NotThere`."""
    if text.count(mend.line) != 1:
        raise NotThere(f"{mend.path} has this {text.count(mend.line)} times: {mend.line}")
    return text.replace(mend.line, mend.before)


@contextmanager
def without(mend: Mend) -> Iterator[Path]:
    """A copy of the checkout without the mend, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="gruppetto-mend-") as folder:
        copy = Path(folder) / "checkout"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", ".demo", "__pycache__", ".*_cache"))
        path = copy / mend.path
        path.write_text(taken_back(mend, path.read_text()))
        yield copy


def try_without(mend: Mend) -> bool:
    """Whether the drill fails without the mend. Prints what it says."""
    print(f"\n### without mend {mend.number}, {mend.name}; expected: {mend.breaks}", flush=True)
    with without(mend) as copy:
        code = subprocess.run([sys.executable, "-m", "bench.drill"], cwd=copy, check=False).returncode
    print(f"### the drill {'has seen it' if code else 'HAS NOT SEEN IT'}", flush=True)
    return code != 0


def main(arguments: Sequence[str]) -> int:
    """Try those that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m bench.mends", description="The drill, with a mend taken back.")
    parser.add_argument("names", nargs="*", choices=[each.name for each in MENDS], metavar="NAME", help="all if none")
    chosen = parser.parse_args(arguments).names
    seen = [try_without(each) for each in MENDS if not chosen or each.name in chosen]
    return 0 if all(seen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
