"""The program understands what the user's guide says."""

import re

from bot.declaring.command import commands, list_commands
from bot.guide import GUIDE, put_table_into_guide
from bot.parser import NotUnderstood, understand


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
