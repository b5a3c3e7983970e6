"""What all lines need is built before the first line comes."""

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from bot import conversation, parser  # noqa: F401 - declares every command
from bot.declaring.command import list_commands
from bot.words.once import built, once
from tests.patience import AT_MOST

KEPT = Path(__file__).parent / "kept"
THREADS = 8
# In a process of its own, because a table is built once.
AT_ONCE = f"""
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from bot import conversation, parser
from bot.words.once import built
gate = Barrier({THREADS})
def read(line):
    gate.wait()
    return parser.understand(line)
with ThreadPoolExecutor({THREADS}) as pool:
    list(pool.map(read, [f"could you tell me who won in week {{n}}" for n in range({THREADS})]))
print(max(built.values()), built["bot.reading.likeness._examples"])
"""


def test_threads_that_ask_at_once_build_a_table_once() -> None:
    builds: Counter[int] = Counter()
    gate = Barrier(THREADS)

    @once
    def squares(most: int) -> tuple[int, ...]:
        builds[most] += 1
        return tuple(each * each for each in range(most))

    def ask(most: int) -> tuple[int, ...]:
        gate.wait(AT_MOST)
        return squares(most)

    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(ask, [3, 4] * (THREADS // 2)))
    assert found == [(0, 1, 4), (0, 1, 4, 9)] * (THREADS // 2)
    assert builds == {3: 1, 4: 1}


def test_first_sentences_at_once_build_the_index_once() -> None:
    done = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == ["1", "1"]


@pytest.mark.parametrize("source", ["examples", "kept"])
def test_after_warming_up_no_line_builds_anything(source: str) -> None:
    """One line of each kind was read before; the caches of single words keep growing."""
    parser.warm_up()
    before = dict(built)
    assert before["bot.reading.likeness._examples"] == 1
    lines = [line for command in list_commands() for line in command.examples]
    if source == "kept":
        lines = [row.split("\t")[0] for path in KEPT.glob("*.tsv") for row in path.read_text().splitlines()[::7]]
    assert len(lines) > 200
    for line in lines:
        parser.understand(line)
    assert built == before
