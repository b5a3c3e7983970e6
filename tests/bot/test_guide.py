"""The program understands what the user's guide says."""

import re

import pytest

from bot.declaring.command import commands, list_commands
from bot.guide import GUIDE, put_table_into_guide
from bot.parser import NotUnderstood, understand
from bot.words.metrics import BOARDS
from fitness.metrics import Metric

README = GUIDE.parent.parent / "README.md"


def test_the_table_of_commands_is_up_to_date() -> None:
    guide = GUIDE.read_text()
    assert guide == put_table_into_guide(guide), "make guide writes it anew"
    assert all(f"| **{each.name}** |" in guide for each in list_commands())


def test_every_line_that_the_guide_shows_is_understood() -> None:
    prose = GUIDE.read_text().split("<!--", maxsplit=1)[0]
    lines = [line for line in re.findall(r"`([^`\n]+)`", prose) if line not in {"/", "!", "@name"}]
    assert len(lines) > 25
    wrong = [line for line in lines if isinstance(understand(line), NotUnderstood) and line not in commands]
    assert wrong == []


@pytest.mark.parametrize("page", ["organising", "privacy", "troubles"])
def test_every_line_that_another_page_for_members_shows_is_understood(page: str) -> None:
    lines = re.findall(r"`([^`\n]+)`", (GUIDE.parent / f"{page}.md").read_text())
    assert len(lines) > 8
    assert [line for line in lines if isinstance(understand(line), NotUnderstood)] == []


def test_the_readme_and_the_guide_name_every_figure() -> None:
    row = next(line for line in README.read_text().splitlines() if line.startswith("| `leaderboard`"))
    listed = re.search(r"There are time, [^.]*\.", GUIDE.read_text())
    assert listed is not None
    for said in (row, listed[0]):
        words = set(re.findall(r"[a-z]+", said))
        assert [metric for metric in Metric if not words & {word for word in BOARDS if BOARDS[word] is metric}] == []
