"""Makes the table of commands in docs/guide.md from their declarations: `make guide`."""

from pathlib import Path

from bot import commands as _declared  # noqa: F401 - importing declares them
from bot.declaring.command import Allowed, Command, group_by_topic

GUIDE = Path(__file__).parent.parent / "docs" / "guide.md"
BEGIN, END = "<!-- commands: written by `make guide` -->", "<!-- end of commands -->"
WHO = {
    Allowed.ANYONE: "anybody",
    Allowed.MEMBERS: "members of a group",
    Allowed.ADMINS: "its admins",
    Allowed.OWNER: "its owner",
}


def put_table_into_guide(guide: str) -> str:
    """Return the guide with a new table, made from the present declarations."""
    before, rest = guide.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{write_table()}\n{END}{after}"


def write_table() -> str:
    """Return the table of all commands: what each does, who may use it, and how it is written."""
    head = "| command | what it does | for | write it like this | also |\n|---|---|---|---|---|\n"
    parts = [
        f"### {topic.capitalize()}\n\n{head}{write_rows(found)}" for topic, found in group_by_topic(least=1).items()
    ]
    return "\n".join(parts)


def write_rows(found: list[Command]) -> str:
    """Return the rows of one topic."""
    return "".join(map(_row, found))


def _row(each: Command) -> str:
    cells = (f"**{each.name}**", each.help, WHO[each.allowed], _listed(each.examples), _listed(each.aliases))
    return f"| {' | '.join(cells)} |\n"


def _listed(lines: tuple[str, ...]) -> str:
    return " · ".join(f"`{line.replace('|', chr(92) + '|')}`" for line in lines)


if __name__ == "__main__":
    GUIDE.write_text(put_table_into_guide(GUIDE.read_text()))
