"""A line of several parts, of which perhaps one says what is wanted: "leave out my last run, I was on the bus"."""

from collections.abc import Sequence

from bot.reading.nearest import RISKY
from bot.reading.readings import NotUnderstood, Reading
from bot.words.lines import Word

ENDS = (",", ".", ";", "!", "?", ":", "…")
BETWEEN = {"but", "because", "cos", "coz", "cuz", "bc"}
DASHES = {"-", "–", "—", "--", "..", "..."}
REASONS = {"sick", "injured"}  # they say why somebody is away
MOST_PARTS = 4


def parts_of(words: Sequence[Word]) -> list[list[Word]]:
    """The parts between commas, full stops, dashes and "but"; nothing where there is one part, or too many."""
    parts: list[list[Word]] = [[]]
    for word in words:
        if word.raw in DASHES or word.key in BETWEEN:
            parts.append([])
            continue
        parts[-1].append(word)
        if word.raw.endswith(ENDS):
            parts.append([])
    if parts[0] and (parts[0][0].key in RISKY or words[-1].raw.endswith("?")):
        return []
    said = [part for part in parts if any(word.is_spoken for word in part)]
    return said if 1 < len(said) <= MOST_PARTS else []


def said_by_parts(readings: Sequence[Reading]) -> Reading | None:
    """The one command that the parts say; nothing where they say two, or something that could destroy.

    A greeting counts only where nothing else is said.
    """
    acts = [each for each in readings if not isinstance(each, NotUnderstood)]
    if any(each.command.destructive for each in acts):
        return None
    acts = [each for each in acts if each.command.name != "start"] or (
        acts[:1] if acts[:1] == list(readings[:1]) else []
    )
    acts = [each for each in acts if each.command.name in REASONS] or acts
    if len({each.command.name for each in acts}) != 1:
        return None
    return max(acts, key=lambda each: len(getattr(each, "arguments", ())))
