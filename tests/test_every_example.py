"""Each command's examples are understood and answered: the help shows them, so they must work."""

import pytest

from bot import commands as _declared  # noqa: F401 - importing declares them
from bot.declaring.command import Command, commands, list_commands
from bot.parser import Understood, understand
from tests.scenes import runs, start_group
from tests.town import Person, Town

EXAMPLES = [pytest.param(each, line, id=line) for each in list_commands() for line in each.examples]
PUZZLED = ("Something broke on my side", "I didn't get that", "I know *", "These work:", "I have no command called")


@pytest.mark.parametrize(("declared", "line"), EXAMPLES)
def test_an_example_is_understood_as_its_command_and_lacks_nothing(declared: Command, line: str) -> None:
    reading = understand(line)
    assert isinstance(reading, Understood)
    assert reading.command is declared
    assert reading.guessed is None


@pytest.mark.parametrize("name", list(commands))
def test_every_name_and_alias_finds_its_command(name: str) -> None:
    reading = understand(name.upper())
    if name == "delete":  # alone it may mean a session, the account or the member: the bot asks which
        assert "delete me" in reading.readings
        return
    assert not hasattr(reading, "nearest"), reading
    assert reading.command is commands[name]


def test_every_example_is_answered_and_so_is_every_button_that_is_offered(
    town: Town, zoe: Person, jose: Person
) -> None:
    start_group(zoe, jose)
    start_group(zoe, name="Office swim")
    zoe.connects_garmin(upload=runs(10, 16, 18))
    answers = {}
    for number, each in enumerate(list_commands()):
        if number % 8 == 7:
            town.travel(minutes=5)  # WhatsApp delivers at most one message every six seconds to one person
        answers |= {line: zoe.says(line) for line in each.examples}
    puzzled = {line: heard for line, heard in answers.items() if not heard or any(sign in heard for sign in PUZZLED)}
    assert puzzled == {}
    offered = {says for message in zoe.phone.heard for _, says in message.buttons}
    assert len(offered) > 15
    assert {says for says in offered if not isinstance(understand(says), Understood)} <= {"new group"}
