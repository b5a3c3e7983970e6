"""The weight of a notion when two sentences are compared: high if it occurs in few meanings, low if in many."""

from collections import defaultdict
from datetime import time
from functools import cache
from math import log

from bot.arguments import Amount, Days, Distance, Hours, Length, Number, Percent, Uses, Weekday, Weeks
from bot.declaring.command import commands
from bot.languages.lists import read_lines
from bot.reading.intents import Intent, count_vocabulary, read_sentences
from bot.reading.notions import NAME, NUMBER, SPORT, WHEN, cut_to_stem, find_notions
from bot.words.lines import split_line
from bot.words.once import once
from bot.words.rhythms import Rhythm
from fitness.metrics import METRICS, Metric
from fitness.periods import Period
from fitness.spans import Span
from fitness.sports import Sport


def _light() -> frozenset[str]:
    words = [word for line in read_lines("light") for word in line.split()]
    return frozenset([*words, *map(cut_to_stem, words)])


LIGHT = _light()
FIGURES = frozenset({*METRICS, "often", "improve", "metric", "imperial", "hours"})
ADDED = FIGURES | {SPORT, WHEN, NUMBER}  # what may be added to a sentence
SLOTS = LIGHT | (FIGURES - {"metric", "imperial"}) | {NAME, SPORT, WHEN, NUMBER}
_SMALL = "i my we you he they what who how when where why which not one go on off yes no last right change"
SAYS_LITTLE = SLOTS | frozenset(_SMALL.split())  # sentences that share only these are not similar
FIXED = dict.fromkeys(LIGHT, 0.1) | {NAME: 2.0, NUMBER: 1.5, SPORT: 0.8, WHEN: 0.8}
WORTH_OF_UNKNOWN, LEAST_WORTH, RARITY = 3.0, 0.6, 0.5


@cache
def weigh_notion(notion: str) -> float:
    """Return the weight of a notion."""
    if notion in FIXED:
        return FIXED[notion]
    meanings = count_meanings_by_notion().get(notion, 0)
    return LEAST_WORTH + RARITY * log(_most() / meanings) if meanings else WORTH_OF_UNKNOWN


@cache
def list_addable_notions(name: str) -> frozenset[str]:
    """Return the notions that may be added to any sentence of a command, because it takes such arguments."""
    if name not in commands:
        return frozenset([WHEN])
    kinds = {each.kind for each in commands[name].arguments}
    taken: set[str] = set()
    if Sport in kinds:
        taken.add(SPORT)
    if kinds & {Period, Span, Weeks, Weekday}:
        taken.add(WHEN)
    if kinds & {int, Amount, Length, Distance, Weeks, Span, Days, Uses, Percent, Number, time, Hours, Rhythm}:
        taken.add(NUMBER)
    if kinds & {Metric, Amount, Length}:
        taken |= FIGURES
    return frozenset(taken)


@once
def count_meanings_by_notion() -> dict[str, int]:
    """Return for each notion in how many meanings it occurs."""
    said: dict[str, set[Intent]] = defaultdict(set)
    for meaning, sentence in read_sentences():
        for notion in find_notions(split_line(sentence), count_vocabulary()).said:
            said[notion].add(meaning)
    return {notion: len(meanings) for notion, meanings in said.items()}


@once
def _most() -> int:
    return len({meaning for meaning, _ in read_sentences()})
