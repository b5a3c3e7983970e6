"""Reads questions, and sentences that are similar to one of ours."""

from collections.abc import Sequence

from bot.reading.command_names import MOST_READ
from bot.reading.nearest import find_nearest_meaning, find_same_sentence
from bot.reading.questions import read_question
from bot.reading.readings import NotUnderstood, Reading, Understood
from bot.reading.slips import could_destroy, mend_slips
from bot.words.lines import LineWord


def find_question(words: Sequence[LineWord]) -> Reading | None:
    """Read a question without strange words; if it has some, correct its typos first."""
    spoken = [word for word in words if word.is_spoken]
    found = read_question(spoken)
    if found is None:
        return None
    put_right = mend_slips(spoken) if len(spoken) <= MOST_READ else None
    again = read_question(put_right[0]) if put_right else None
    if put_right and again and len(again[1]) > len(found[1]):
        return Understood(again[0], again[1], guessed=put_right[1])
    return Understood(found[0], found[1])


def find_known_sentence(words: Sequence[LineWord]) -> Reading | None:
    """Read a line that is one of our sentences, unless it is a question that says more."""
    return None if could_destroy(words[:MOST_READ]) else _same_or_more(words)


def _same_or_more(words: Sequence[LineWord]) -> Reading | None:
    same = find_same_sentence(words)
    asked = find_question(words) if isinstance(same, Understood) else None
    if isinstance(same, Understood) and isinstance(asked, Understood) and asked.command is same.command:
        return max(asked, same, key=lambda each: len(each.arguments))
    return same


def find_nearest_sentence(words: Sequence[LineWord]) -> Reading | None:
    """Read a line as the sentence that it resembles most, unless a word may be a typo of a destructive command."""
    return None if could_destroy(words[:MOST_READ]) else find_nearest_meaning(words)


def prefer_command(reading: Reading | None) -> Reading | None:
    """Return the reading if it is a command, else None."""
    return None if isinstance(reading, NotUnderstood) else reading
