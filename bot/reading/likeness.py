"""Finds the most similar of many sentences, by the notions that two sentences share and the weight of these.

Days, sports and figures may be added to a sentence if its command takes them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest

from bot.reading.intents import NOTHING, Intent, count_vocabulary, read_sentences
from bot.reading.notions import WHEN, Notions, cut_to_stem, find_notions
from bot.reading.worth import ADDED, FIGURES, LIGHT, SAYS_LITTLE, SLOTS, list_addable_notions, weigh_notion
from bot.words.lines import LineWord, split_line
from bot.words.once import once

SAME = 0.9  # the likeness of sentences that differ only in light notions
DANGER = frozenset(
    map(cut_to_stem, ["erase", "kick", "ban", "block", "leave", "transfer", "reset", "wipe", "revoke"])
)  # both sentences must contain it
DENIED = frozenset(["not", "off", "hide"])
TURNS = frozenset(["exclude", "undo", "not"])  # notions that reverse a meaning, so that both sentences must have them
COURTEOUS = frozenset(["please", "pls", "plz", "pleas", "kindly", "hey", "ok", "thanks", "bot"])
ALONE = {"metric", "imperial"}  # "km" alone asks for a figure
MOST_WEIGHED = 40  # so many sentences, those that share most, are compared
MOST_SAYING = 350  # a notion in more sentences than this is not used to find sentences
MOST_SOUGHT = 4  # so many notions are used to find sentences


@dataclass(frozen=True)
class Example:
    """A sentence as a set of notions."""

    meaning: Intent
    said: frozenset[str]
    worth: float


@dataclass(frozen=True)
class Likely:
    """A meaning, and how similar a line is to the nearest of its sentences: 1 is the same.

    `names` are the places of words that may be names; `weight` is the number of words in the line with a meaning.
    """

    meaning: Intent
    score: float
    names: tuple[int, ...]
    weight: int


def rank_likely_meanings(words: Sequence[LineWord]) -> list[Likely]:
    """Return what a line may mean, the likeliest first; each meaning once."""
    notions = find_notions(words, count_vocabulary())
    examples = _examples()
    best: dict[Intent, Likely] = {}
    for place in _nearby(notions.said):
        example = examples[place]
        score = _score(example, notions)
        if score and (example.meaning not in best or score > best[example.meaning].score):
            best[example.meaning] = Likely(example.meaning, score, notions.names, len(notions.said - LIGHT))
    return sorted(best.values(), key=lambda each: -each.score)


def find_same_meanings(words: Sequence[LineWord]) -> list[Likely]:
    """Return the meanings of a line that is one of our sentences, apart from words without
    meaning and from additions.
    """
    notions = find_notions(words, count_vocabulary())
    key = notions.said - LIGHT
    added = key & ADDED
    best: dict[Intent, Likely] = {}
    for dropped in dict.fromkeys((frozenset(), added & {WHEN}, added - FIGURES, added)):
        for example in _by_notions().get(key - dropped if key else notions.said, ()):
            if not dropped <= list_addable_notions(example.meaning.command):
                continue
            score = (
                _score(example, notions)
                if key - SAYS_LITTLE
                else float(_but_for_courtesy(example.said) == _but_for_courtesy(notions.said))
            )
            if score >= SAME and (example.meaning not in best or score > best[example.meaning].score):
                best[example.meaning] = Likely(example.meaning, score, notions.names, len(key))
    return sorted(best.values(), key=lambda each: -each.score)


def _but_for_courtesy(said: frozenset[str]) -> frozenset[str]:
    return said - COURTEOUS


@once
def _by_notions() -> dict[frozenset[str], tuple[Example, ...]]:
    """Return the sentences by their notions, without the light ones."""
    found: dict[frozenset[str], list[Example]] = defaultdict(list)
    for example in _examples():
        found[example.said - LIGHT or example.said].append(example)
    return {key: tuple(examples) for key, examples in found.items()}


def _nearby(said: frozenset[str]) -> list[int]:
    """Return the places of the sentences that share the most weight with these notions."""
    places = _places()
    heavy = sorted((each for each in said if each in places and each not in LIGHT), key=lambda each: len(places[each]))
    heavy = [each for each in heavy if len(places[each]) <= MOST_SAYING] or heavy[:1]
    shared: dict[int, float] = {}
    for notion in heavy[:MOST_SOUGHT]:
        worth = weigh_notion(notion)
        for place in places[notion]:
            shared[place] = shared.get(place, 0.0) + worth
    return nlargest(MOST_WEIGHED, shared, key=shared.__getitem__)


def _score(example: Example, notions: Notions) -> float:
    both = example.said & notions.said
    if example.said == notions.said:
        return 1.0
    if len(notions.said) == 1 and (example.said - LIGHT != notions.said or notions.said & ALONE):
        return 0.0
    if _is_positive(example.meaning) and notions.said & DENIED and not example.said & DENIED:
        return 0.0
    if not both - SAYS_LITTLE or (notions.said & DANGER) - example.said or (example.said & TURNS) - notions.said:
        return 0.0
    common = sum(map(weigh_notion, both))
    takes = list_addable_notions(example.meaning.command)
    strange = sum(weigh_notion(each) for each in notions.said - example.said if each not in takes)
    return 2 * common / (common + strange + example.worth)


@lru_cache(maxsize=1_000)
def _is_positive(meaning: Intent) -> bool:
    """Return whether the meaning switches something on, which a line with "don't" cannot mean."""
    return meaning.command in {"unmute", "unhide", "include"} or meaning.told[-1:] in (("on",), ("include",))


@once
def _examples() -> tuple[Example, ...]:
    seen: set[tuple[Intent, frozenset[str]]] = set()
    made = []
    for meaning, sentence in read_sentences():
        said = find_notions(split_line(sentence), count_vocabulary()).said
        if (said - SLOTS or meaning.command == NOTHING) and said and (meaning, said) not in seen:
            seen.add((meaning, said))
            made.append((meaning, said))
    return tuple(Example(meaning, said, sum(map(weigh_notion, said))) for meaning, said in made)


@once
def _places() -> dict[str, tuple[int, ...]]:
    """Return for each notion the places of the sentences that contain it."""
    places: dict[str, list[int]] = defaultdict(list)
    for i, example in enumerate(_examples()):
        for notion in example.said:
            places[notion].append(i)
    # of sentences that share equally much, those with the fewest other notions come first
    worth = [example.worth for example in _examples()]
    return {notion: tuple(sorted(found, key=worth.__getitem__)) for notion, found in places.items()}
