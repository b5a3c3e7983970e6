"""Lines of a message with what each is worth, and what is left of them where a phone shows no more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from messages.message import units

# Under a picture 1,024 UTF-16 units are allowed; a note about a guessed word may come before the digest.
TARGET = 900
MUST = 1_000


class Part(StrEnum):
    """What stands together, with a blank line before it; in this order."""

    HEAD = "head"
    ROWS = "rows"
    FACTS = "facts"
    NOTES = "notes"
    MINE = "mine"
    HINTS = "hints"


@dataclass(frozen=True)
class Piece:
    """A line, or a few that belong together. The lowest `worth` is dropped first, and `MUST` never.

    `counts` is how many members of the board it tells of.
    """

    part: Part
    worth: int
    text: str
    counts: int = 0


def fitting(pieces: Sequence[Piece], more: Callable[[int], str], most: int = TARGET) -> str:
    """Put pieces together, and leave out those that are worth least while they are too long.

    `more` says how many members are left out: it is given how many are told of.
    """
    kept = list(pieces)
    while units(text := _joined(kept, more)) > most:
        least = min(kept, key=lambda piece: piece.worth)
        if least.worth >= MUST:
            break
        kept.remove(least)
    return text


def _joined(pieces: Sequence[Piece], more: Callable[[int], str]) -> str:
    parts = {part: [piece.text for piece in pieces if piece.part is part] for part in Part}
    parts[Part.ROWS].append(more(sum(piece.counts for piece in pieces)))
    return "\n\n".join("\n".join(filter(None, lines)) for lines in parts.values() if any(lines))
