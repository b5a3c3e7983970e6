"""Reads `who_may_do_what.md`: each row of its tables says, for every role, what a line does."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).with_name("who_may_do_what.md")
SOMETIMES = {"runs another", "banned and erased"}  # roles that a table lists only where they could differ from others
IN_DOUBT = ("yes", "asks", "waits")
WORDS = ("yes", "asks", "no", "empty", "elsewhere")
SIGNS = re.compile(r"\{(who|place|one|new one|mine|ban)[^}]*\}")  # what a button names by an id, not by a name


@dataclass(frozen=True)
class Row:
    """A row: its lines (the last one is judged), whom it is about, each role's cell, and what it does."""

    lines: tuple[str, ...]
    about: str
    cells: Mapping[str, str]
    does: tuple[str, ...]

    @property
    def line(self) -> str:
        """The line that is judged."""
        return self.lines[-1]

    @property
    def has_sign(self) -> bool:
        return SIGNS.search(self.line) is not None

    @property
    def must(self) -> set[str]:
        """The changes that always happen when the line is obeyed."""
        return {each for each in self.does if not each.startswith(("(", "shows ", "tells "))}

    @property
    def may(self) -> set[str]:
        """The changes that may happen besides."""
        return {each.strip("()") for each in self.does if each.startswith("(")}

    @property
    def shows(self) -> tuple[str, ...]:
        return tuple(each.removeprefix("shows ") for each in self.does if each.startswith("shows "))

    @property
    def tells(self) -> str | None:
        return next((each.removeprefix("tells ") for each in self.does if each.startswith("tells ")), None)

    @property
    def touches_others(self) -> bool:
        """Whether the line could affect anybody but its sender."""
        return self.has_sign or bool(self.tells) or any(not each.startswith("my ") for each in self.must | self.may)

    def is_calm(self, role: str) -> bool:
        """Return whether this role changes nothing with it, and leaves no question open."""
        does_nothing = not (self.must or self.may or self.tells)
        is_calm = self.cells[role] in {"no", "empty"} or (self.cells[role] == "yes" and does_nothing)
        return is_calm and len(self.lines) == 1 and "{mine}" not in self.line

    def __str__(self) -> str:
        return " then ".join(self.lines) + (f" ({self.about})" if self.about else "")


def rows() -> list[Row]:
    """Return all rows of all tables, one for each person it is about.
    Raises ValueError when a role is missing or given twice.
    """
    groups = _groups()
    everybody = set(_roles(["anybody"], groups))
    found = []
    for head, table in _tables("what they send"):
        columns = [_roles(title.split(", "), groups) for title in head[2:-1]]
        named = [role for roles in columns for role in roles]
        if len(named) != len(set(named)) or not everybody <= set(named) <= everybody | SOMETIMES:
            raise ValueError(f"not every role stands once in {head}")
        for sent, about, *cells, does in table:
            expected = {role: cell for roles, cell in zip(columns, cells, strict=True) for role in roles}
            if unknown := set(cells).difference(WORDS):
                raise ValueError(f"{sent}: {unknown}")
            lines, what = tuple(re.findall(r"`([^`]+)`", sent)), tuple(filter(None, map(str.strip, does.split(";"))))
            found += [Row(lines, each, expected, what) for each in about.split(", ")]
    return found


def rows_in_doubt() -> list[Row]:
    """Return the rows of the table of commands that somebody in doubt may send."""
    [(_, table)] = _tables("what they send in doubt")
    if unknown := {cell for _, cell, _ in table}.difference(IN_DOUBT):
        raise ValueError(f"in doubt: {unknown}")
    return [
        Row((sent.strip("`"),), "oneself", {"in doubt": cell}, tuple(filter(None, map(str.strip, does.split(";")))))
        for sent, cell, does in table
    ]


def addresses() -> list[tuple[str, Mapping[str, str]]]:
    """Return the rows of the table of addresses: what it is, and for each role of its maker whether it still works."""
    [(head, table)] = _tables("address")
    return [(what, dict(zip(head[1:], cells, strict=True))) for what, *cells in table]


def roles() -> list[str]:
    """Return every role, in the order of the page."""
    return [word for word, meaning in _groups().items() if meaning == [word]]


def _groups() -> Mapping[str, list[str]]:
    """Return what each word of the page stands for: itself, or several other words."""
    [(_, table)] = _tables("word")
    return {word: meaning[2:].split(", ") if meaning.startswith("= ") else [word] for word, meaning in table}


def _roles(words: Sequence[str], groups: Mapping[str, list[str]]) -> list[str]:
    found = []
    for word in words:
        meaning = groups[word]
        found += meaning if meaning == [word] else _roles(meaning, groups)
    return found


def _tables(first: str) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Yield the tables of the page whose first column has this title: the titles, and the rows."""
    for block in re.findall(r"(?:^\|.*\n)+", PAGE.read_text(), re.MULTILINE):
        head, _, *body = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
        if head[0] == first:
            yield head, body
