"""Checks that the drill notices when a repair ("mend") is undone. Each is undone by changing a few lines in a
copy of the checkout.

`python -m bench.mends` tries all of them, each with the troubles that show the fault, in twenty minutes. The exit code
is 0 only if the drill fails each time with the expected sentence. `python -m bench.mends health going-down` tries two,
and `--whole` runs the whole drill each time, four minutes each.
"""

import argparse
import re
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
class Line:
    """A line that a repair has changed in this file, and the text before the repair."""

    path: str
    line: str
    before: str


@dataclass(frozen=True)
class Mend:
    """A repair of issue 13, with its number there: its lines, and what fails without them.

    `seen_in` are words for the drill's `--only`: the troubles that show the failure. `says` is a pattern for
    the drill's sentence.
    """

    number: int
    name: str
    lines: tuple[Line, ...]
    breaks: str
    seen_in: tuple[str, ...]
    says: str


# As before the repair, a process may open up to twenty connections. It does so only with the other changes below.
POOL_OF_REDIS = Line(
    "config.py",
    '2, ge=2, le=100, description="How many connections to Redis',
    '20, ge=2, le=100, description="How many connections to Redis',
)
POOL_OF_POSTGRES = Line(
    "config.py",
    "database_pool: int = Field(\n        3,",
    "database_pool: int = Field(\n        20,",
)

MENDS = (
    Mend(
        number=2,
        name="redis-certificate",
        lines=(Line("world.py", "open_doorbell(settings.redis, ", "open_doorbell(settings.redis_url, "),),
        breaks="the web process never reaches Redis: its certificate is refused",
        seen_in=("clock_away",),
        says=r"does not come up|never arrived",
    ),
    Mend(
        number=3,
        name="redis-connections",
        lines=(
            POOL_OF_REDIS,
            Line("worker.py", "open_patient_doorbell(url, 1, ", "open_patient_doorbell(url, 50, "),
            Line("worker.py", "    def subscribe(self)", "    def do_not_subscribe(self)"),
            Line("worker.py", "        self.connection.connection_pool = self._pool_of_jobs\n", ""),
        ),
        breaks="more than 16 connections to Redis at once",
        seen_in=("all_at_once", "worker_away"),
        says=r"✗ \d+ connections to Redis at once|connections were turned away",
    ),
    Mend(
        number=3,
        name="database-connections",
        lines=(
            POOL_OF_POSTGRES,
            Line(
                "jobs/delivery.py",
                "        return _tried(world, claimed, pace, at, deadline)\n",
                "        with world.sessions() as own:\n"
                "            own.connection()\n"
                "            return _tried(world, claimed, pace, at, deadline)\n",
            ),
        ),
        breaks="more than 16 connections to Postgres at once",
        seen_in=("all_at_once", "worker_away"),
        says=r"✗ \d+ connections to Postgres at once|connections were turned away",
    ),
    Mend(
        number=4,
        name="slow-clients",
        lines=(
            Line("ops/gunicorn.conf.py", 'worker_class = "web.buffering.BufferingWorker"', 'worker_class = "gthread"'),
        ),
        breaks="answers take more than 5 s while slow clients hang on",
        seen_in=("clock_away",),
        says=r"✗ \d+ answers took more than",
    ),
    Mend(
        number=6,
        name="health",
        lines=(
            Line(
                "web/health.py",
                "said = jsonify(status=report.status, degraded=report.degraded, ",
                "said = jsonify(status=report.status, degraded=[], ",
            ),
        ),
        breaks="/readyz names no trouble",
        seen_in=("schema_behind",),
        says=r"✗ /readyz never named this: schema one behind",
    ),
    Mend(
        number=6,
        name="schema-behind",
        lines=(Line("jobs/outages.py", "if not is_not_as_expected(error):", "if True:"),),
        breaks="lines that meet a schema one behind are not kept, and never answered",
        seen_in=("schema_behind",),
        says=r"✗ \d+ of \d+ answers never arrived",
    ),
    Mend(
        number=7,
        name="unknown-key",
        lines=(Line("services/delivery/outbox.py", "if isinstance(error, UnknownKey):", "if False:"),),
        breaks="messages under a key that the worker does not have yet are marked as failed, and never arrive",
        seen_in=("key_comes_early",),
        says=r"✗ \d+ of \d+ (answers|other messages) never arrived",
    ),
    Mend(
        number=9,
        name="access-log",
        lines=(
            Line("ops/gunicorn.conf.py", "        self.access_log.handlers.clear()\n", ""),
            Line("ops/gunicorn.conf.py", "def access(self", "def not_access(self"),
        ),
        breaks="Heroku's buildpack switches on an access log in plain text, with the one-time tokens of links",
        seen_in=("clock_away",),
        says=r"✗ \d+ (of \d+ )?lines in the log of web (are not JSON|hold a one-time token)",
    ),
    Mend(
        number=10,
        name="going-down",
        lines=(Line("worker.py", "def handle_warm_shutdown_request(self)", "def handle_nothing(self)"),),
        breaks="the worker takes more than 25 s to stop when only its first process is told",
        seen_in=("worker_away",),
        says=r"✗ a process took [\d.]+ s to stop: worker away",
    ),
)


class NotThere(Exception):
    """A line of the list is not in its file any more, or more than once, so the list must be corrected."""


def taken_back(each: Line, text: str) -> str:
    """Return the file's text with the line before the repair. Raises `NotThere`."""
    if text.count(each.line) != 1:
        raise NotThere(f"{each.path} has this {text.count(each.line)} times: {each.line}")
    return text.replace(each.line, each.before)


@contextmanager
def without(mend: Mend) -> Iterator[Path]:
    """Yield a copy of the checkout without the repair; it is deleted at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="gruppetto-mend-") as folder:
        copy = Path(folder) / "checkout"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", ".demo", "__pycache__", ".*_cache"))
        for each in mend.lines:
            path = copy / each.path
            path.write_text(taken_back(each, path.read_text()))
        yield copy


def try_without(mend: Mend, *, whole: bool = False) -> bool:
    """Run the drill without the repair. Returns whether it fails with the expected sentence. Prints its output.

    Only the troubles that show the failure are run, unless `whole` is true.
    """
    print(f"\n### without mend {mend.number}, {mend.name}; expected: {mend.breaks}", flush=True)
    only = [] if whole else ["--only", *mend.seen_in]
    with without(mend) as copy:
        code, said = _run([sys.executable, "-m", "bench.drill", *only], copy)
    seen = code != 0 and re.search(mend.says, said) is not None
    print(f"### the drill {'has seen it' if seen else 'HAS NOT SEEN IT'}", flush=True)
    return seen


def _run(command: Sequence[str], folder: Path) -> tuple[int, str]:
    """Run a command and print its output as it comes. Returns its exit code and its output."""
    said = []
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        for line in running.stdout or ():
            print(line, end="", flush=True)
            said.append(line)
    return running.returncode, "".join(said)


def main(arguments: Sequence[str]) -> int:
    """Try the repairs that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m bench.mends", description="The drill, with a mend taken back.")
    parser.add_argument("names", nargs="*", choices=[each.name for each in MENDS], metavar="NAME", help="all if none")
    parser.add_argument("--whole", action="store_true", help="play the whole day, not only what shows it")
    chosen = parser.parse_args(arguments)
    tried = [each for each in MENDS if not chosen.names or each.name in chosen.names]
    seen = [try_without(each, whole=chosen.whole) for each in tried]
    return 0 if all(seen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
