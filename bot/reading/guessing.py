"""The last way to read a line: as a command whose name is nearly what was typed. Also recognises jokes."""

from collections.abc import Sequence

from rapidfuzz import fuzz, process

from bot.arguments import Rest
from bot.declaring.command import commands
from bot.reading.command_names import fill_arguments
from bot.reading.offering import offer_nearest
from bot.reading.phrases import EVERYDAY, FILLERS
from bot.reading.readings import NotUnderstood, Reading, Understood, Unfinished
from bot.words.english import read_english_words, read_names
from bot.words.lines import LineWord

LIKE_ENOUGH, LONG = 84, 5


def guess_command(words: Sequence[LineWord]) -> Reading:
    """Read a line whose command has a typo, unless the command is destructive; else offer the nearest commands."""
    for length in (2, 1):
        start = " ".join(word.key for word in words[:length])
        if len(start) < 4 or len(words) < length:
            continue
        near = process.extractOne(start, commands.keys(), scorer=fuzz.ratio, score_cutoff=LIKE_ENOUGH)
        if near and not commands[near[0]].destructive and not _everyday_pair(words[:length], near[0]):
            reading = fill_arguments(commands[near[0]], words[length:])
            if isinstance(reading, Understood):
                return Understood(reading.command, reading.arguments, guessed=start)
            if isinstance(reading, Unfinished) and length == len(words) and _is_only_a_slip(start):
                return reading
    return offer_nearest(words)


def _is_only_a_slip(key: str) -> bool:
    """Return whether a single word has no meaning of its own: "feedbak"."""
    return len(key) > LONG and key not in read_english_words() and key not in read_names()


def _everyday_pair(words: Sequence[LineWord], name: str) -> bool:
    """Return whether a word is a common word itself: "then" is no typo of "when"."""
    return len(words) == 1 and (words[0].key in FILLERS or (name in EVERYDAY and len(words[0].key) <= 4))


JOKING = {"lol", "haha", "hahaha", "jk", "kidding", "joking", "joke", "lmao", "rofl"}
LAUGHING = frozenset("😂🤣")


def is_a_joke(reading: Reading, words: Sequence[LineWord]) -> bool:
    """Return whether a destructive line is obviously a joke: "kick Ben out lol"."""
    if isinstance(reading, NotUnderstood) or not reading.command.destructive:
        return False
    texts = any(each.kind is Rest for each in reading.command.arguments)
    return not texts and any(word.key in JOKING or LAUGHING.intersection(word.raw) for word in words)
