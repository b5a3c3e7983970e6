"""The user's guide says what the program understands."""

import re

from bot.declaring.command import all_commands, commands
from bot.guide import GUIDE, with_table
from bot.parser import NotUnderstood, understand


def test_the_table_of_commands_is_up_to_date() -> None:
    guide = GUIDE.read_text()
    assert guide == with_table(guide), "make guide writes it anew"
    assert all(f"| **{each.name}** |" in guide for each in all_commands())


def test_every_line_that_the_guide_shows_is_understood() -> None:
    prose = GUIDE.read_text().split("<!--", maxsplit=1)[0]
    lines = [line for line in re.findall(r"`([^`\n]+)`", prose) if line not in {"/", "!", "@name"}]
    assert len(lines) > 25
    wrong = [line for line in lines if isinstance(understand(line), NotUnderstood) and line not in commands]
    assert wrong == []
