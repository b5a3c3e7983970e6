"""Plays every cell of `who_may_do_what.md` with a real database, and checks that the page lists every command."""

import gc
import logging
import os
import re
from collections.abc import Iterator

import pytest
import structlog

from bot import commands as _declared  # noqa: F401 - importing declares them
from bot.arguments import Each
from bot.conversation import HEARD_IN_DOUBT
from bot.declaring.command import list_commands
from bot.parser import Understood, understand
from fitness.metrics import Metric
from fitness.periods import Period
from fitness.sports import Sport
from tests.conftest import Servers
from tests.security import table
from tests.security.cells import QUOTED, TAPPED, TYPED, Cells, Sent, learn_newcomers
from tests.security.gathering import gathered
from tests.security.people import ABOUT, WRITES
from tests.security.table import Row

ROWS = table.rows()
UNKNOWN = {"erased", "banned and erased", "stranger"}  # roles whose chat has no message that they could quote
# Arguments that only select among figures that the reader may see anyway.
CHOOSES_WHAT_IS_TOLD = {Metric, Sport, Period, Each}
STANDS_FOR = {
    "who": "#17", "place": "#17", "one of another's place": "1 #17", "new one of another's place": "1 #17",
    "name": "Tom", "one": "1 #17", "new one": "1 #17", "mine": "1 #17", "strange": "17", "ban": "17",
    "code": "K7QX2M", "code of another group": "K7QX2M", "code of one who was removed": "K7QX2M",
}  # fmt: skip


@pytest.fixture(scope="module")
def cells(servers: Servers) -> Iterator[Cells]:
    """Everybody of the page, set up once for all cells: each cell is rolled back at its end."""
    with gathered(servers, ROWS) as people:
        made = Cells.of(people)
        learn_newcomers(made)
        often = gc.get_threshold()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)
        yield made
        gc.set_threshold(*often)
        gc.unfreeze()
        made.close()


@pytest.fixture(autouse=True)
def no_log() -> None:
    """Log only errors, to save time."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def ways(number: int, row: Row, role: str) -> list[str]:
    """Return the ways in which this role sends this row: all, or one, chosen so that all ways occur for each row."""
    found = [TYPED]
    if row.touches_others and len(row.lines) == 1:
        found.append(TAPPED)
        if role not in UNKNOWN:
            found.append(QUOTED)
    return found if os.environ.get("EVERY_WAY") else [found[(number + list(WRITES).index(role)) % len(found)]]


@pytest.mark.parametrize("role", WRITES)
def test_everybody_may_do_what_the_page_says_and_nothing_else(cells: Cells, role: str) -> None:
    mine = [(number, row) for number, row in enumerate(ROWS) if role in row.cells]
    problems = cells.problems(role, [Sent(number, row, way) for number, row in mine for way in ways(number, row, role)])
    assert not problems, "\n".join(["", *problems])


def test_a_number_that_may_have_changed_hands_does_nothing_before_that_is_known(cells: Cells) -> None:
    heard = {command_of(row) for row in table.rows_in_doubt()}
    rows = [row for row in ROWS if command_of(row) not in heard]
    assert len(rows) < len(ROWS)
    assert cells.in_doubt("Adam", rows) == []


def test_what_is_heard_in_doubt_does_what_the_page_says_and_nothing_else(cells: Cells) -> None:
    rows = table.rows_in_doubt()
    problems = cells.problems("in doubt", [Sent(number, row, TYPED) for number, row in enumerate(rows)])
    assert not problems, "\n".join(["", *problems])
    assert {command_of(row) for row in rows} == {*HEARD_IN_DOUBT, "link garmin"}


def test_the_page_has_every_role_and_everybody_whom_it_may_be_about() -> None:
    assert table.roles() == list(WRITES)
    assert {row.about for row in ROWS} == {*ABOUT, "oneself", ""}


def test_every_command_and_everything_that_it_can_be_told_stands_on_the_page() -> None:
    told: dict[str, set[str]] = {}
    for line in {line for row in ROWS for line in row.lines}:
        reading = read(line)
        told.setdefault(reading.command.name, set()).update(reading.arguments)
    missing = {
        command.name: lacking
        for command in list_commands()
        if (lacking := _said(command.arguments) - told.get(command.name, set())) or command.name not in told
    }
    assert missing == {}


def read(line: str) -> Understood:
    reading = understand(re.sub(r"\{([^}]+)\}", lambda found: STANDS_FOR[found[1]], line))
    assert isinstance(reading, Understood), line
    return reading


def command_of(row: Row) -> str:
    return read(row.line).command.name


def _said(arguments: tuple) -> set[str]:
    return {each.name for each in arguments if each.kind not in CHOOSES_WHAT_IS_TOLD}
