"""Lines of a message, each with its importance. If the message is too long, the least important lines are left out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from messages.message import units

# 1,024 UTF-16 units are allowed under a picture; a note about a corrected typo may come before the digest.
TARGET = 900
MUST = 1_000


class TextPart(StrEnum):
    """The paragraphs of a digest, in their order. There is a blank line before each."""

    HEAD = "head"
    ROWS = "rows"
    FACTS = "facts"
    NOTES = "notes"
    MINE = "mine"
    HINTS = "hints"


@dataclass(frozen=True)
class Piece:
    """A line, or a few that belong together. The piece with the lowest `worth` is left out first, one
    with `MUST` never.

    `counts` is the number of members of the board that it mentions.
    """

    part: TextPart
    worth: int
    text: str
    counts: int = 0


def fit_pieces(pieces: Sequence[Piece], more: Callable[[int], str], most: int = TARGET) -> str:
    """Return the pieces as one text, without the least important ones if it would be longer than `most` units.

    `more` returns the line about members who are left out; it gets the number of members that are mentioned.
    """
    kept = list(pieces)
    while units(text := _joined(kept, more)) > most:
        least = min(kept, key=lambda piece: piece.worth)
        if least.worth >= MUST:
            break
        kept.remove(least)
    return text


def _joined(pieces: Sequence[Piece], more: Callable[[int], str]) -> str:
    parts = {part: [piece.text for piece in pieces if piece.part is part] for part in TextPart}
    parts[TextPart.ROWS].append(more(sum(piece.counts for piece in pieces)))
    return "\n\n".join("\n".join(filter(None, lines)) for lines in parts.values() if any(lines))
