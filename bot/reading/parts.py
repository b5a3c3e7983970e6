"""Reads a line of several parts of which one means a command: "leave out my last run, I was on the bus"."""

from collections.abc import Sequence

from bot.reading.nearest import RISKY
from bot.reading.readings import NotUnderstood, Reading
from bot.words.lines import LineWord

ENDS = (",", ".", ";", "!", "?", ":", "…")
BETWEEN = {"but", "because", "cos", "coz", "cuz", "bc"}
DASHES = {"-", "–", "—", "--", "..", "..."}
REASONS = {"sick", "injured"}  # commands that are also reasons for being away
MOST_PARTS = 4


def split_into_parts(words: Sequence[LineWord]) -> list[list[LineWord]]:
    """Return the parts between commas, full stops, dashes and "but"; an empty list for one part or too many."""
    parts: list[list[LineWord]] = [[]]
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


def read_parts(readings: Sequence[Reading]) -> Reading | None:
    """Return the reading if exactly one part means a command; None if two do, or if the command is destructive.

    A greeting counts only if no other part means a command.
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
