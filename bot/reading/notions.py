"""Notions: different words for the same thing are one notion, whatever their endings."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cache

from bot.languages.lists import read_lines
from bot.reading.phrases import FILLERS
from bot.reading.question_words import DOERS, NOT_IN_QUESTIONS
from bot.words.english import read_english_words
from bot.words.lines import LineWord
from bot.words.metrics import SENTENCES
from bot.words.once import once
from fitness.periods import BadPeriod, find_period
from fitness.sports import Sport
from fitness.vocabulary import MONTHS, NUMBERS, WEEKDAYS

NAME, SPORT, WHEN, LATER, NUMBER = "<name>", "<sport>", "<when>", "<later>", "<number>"
SLOTS = {SPORT, WHEN, LATER, NUMBER}
DAYS = {"week", "weeks", "month", "months", "year", "years", "fortnight", "weekend", *WEEKDAYS}
TO_COME = {"tomorrow", "tonight", "next"}
LONGEST_PHRASE = 4  # words
SHORTEST_NAME = 2  # letters, and more
SHORTEST_STEM = 3  # letters
ENDINGS = ("ing", "ed", "ies", "es", "s", "ly", "e")
CONTRACTED = {
    "i'm": "i", "im": "i", "i've": "i", "ive": "i", "i'd": "i", "id": "i", "i'll": "i", "whos": "who", "whats": "what",
    "wheres": "where", "hows": "how", "whens": "when", "thats": "that", "its": "it", "lets": "let", "let's": "let",
    "we're": "we", "we've": "we", "we'd": "we", "we'll": "we", "you're": "you", "youre": "you", "you've": "you",
    "they're": "they", "he's": "he", "she's": "she", "howm": "how", "how'm": "how",
    "how'd": "how", "who'd": "who", "what'd": "what", "how're": "how", "theres": "there",
    "isn't": "not", "wasn't": "not", "shouldn't": "not", "wouldn't": "not", "couldn't": "not", "hadn't": "not",
    "shouldnt": "not", "wouldnt": "not", "couldnt": "not", "hadnt": "not", "hasnt": "not", "hasn't": "not",
    "aren't": "not", "arent": "not", "wasnt": "not",
    "anybody": "anyone", "everybody": "everyone", "somebody": "someone", "me": "i", "mine": "my", "myself": "i",
    "us": "we", "our": "we", "ours": "we", "ourselves": "we",
    "your": "you", "yours": "you", "ya": "you", "him": "he", "his": "he", "she": "he", "her": "he", "them": "they",
    "their": "they",
}  # fmt: skip


@dataclass(frozen=True)
class Notions:
    """The notions of a line, and the places of words that may be a name."""

    said: frozenset[str]
    names: tuple[int, ...]


def find_notions(words: Sequence[LineWord], familiar: Container[str]) -> Notions:
    """Return the notions of a line. All its days are one notion, and so are sports and numbers. `familiar` words are no
    names.
    """
    keys = [_plain(word.key) for word in words]
    said: set[str] = set()
    taken = _days(keys)
    if taken:
        said.add(LATER if any(keys[i] in TO_COME for i in taken) else WHEN)
    names = []
    i = 0
    while i < len(keys):
        if i in taken:
            i += 1
            continue
        notion, length = _longest(keys, i, taken)
        if notion == NAME or (notion not in SLOTS and words[i].key not in familiar and is_name(words, i, keys[i])):
            names.append(i)
            notion = NAME
        if notion:
            said.add(notion)
        i += length
    return Notions(frozenset(said), tuple(names))


def is_name(words: Sequence[LineWord], i: int, key: str) -> bool:
    """Return whether a word is probably a name: it has an "@", has a capital in the middle of a
    line, or is no English word.
    """
    raw = words[i].raw
    if raw.startswith("@"):
        return True
    if not key.isalpha() or key in list_known_words():
        return False
    return (raw[:1].isupper() and not raw.isupper() and i > 0 and key not in FILLERS) or (
        key not in read_english_words() and len(key) > SHORTEST_NAME
    )


def _days(keys: Sequence[str]) -> frozenset[int]:
    try:
        found = find_period(keys)
    except BadPeriod:
        return frozenset()
    if not found:
        return frozenset()
    first = found[1][0]
    led = 2 if keys[max(first - 2, 0) : first] == ["end", "of"] else 0  # "the end of the month" is in that month
    return frozenset([*range(first - led, first), *found[1]])


def _longest(keys: Sequence[str], i: int, taken: frozenset[int]) -> tuple[str, int]:
    """Return the notion that begins at a word, and how many words it has."""
    for length in range(min(LONGEST_PHRASE, len(keys) - i), 1, -1):
        notion = read_notion_file().get("_".join(keys[i : i + length]))
        if notion and not any(j in taken for j in range(i, i + length)):
            return notion, length
    return find_notion(keys[i]), 1


@cache
def find_notion(key: str) -> str:
    """Return the notion of one word: a sport, a day, a number, the one in the file, or the word's stem."""
    if key in _sports():
        return SPORT
    if key in TO_COME:
        return LATER
    if key in DAYS or key.removesuffix("s") in WEEKDAYS or (key in MONTHS and len(key) > SHORTEST_STEM):
        return WHEN
    if key[:1].isdigit() or (key in NUMBERS and key != "one"):
        return NUMBER
    bare = cut_to_stem(key)
    spoken = any(sign.isalnum() for sign in key)
    return (read_notion_file().get(key) or read_notion_file().get(bare) or bare) if spoken else ""


def cut_to_stem(key: str) -> str:
    for ending in ENDINGS:
        if key.endswith(ending) and len(key) - len(ending) >= SHORTEST_STEM and not key.endswith("ss"):
            bare = key.removesuffix(ending)
            if bare[-1] == bare[-2] and ending in {"ing", "ed"}:
                return bare[:-1]
            return bare + "y" if ending == "ies" else bare
    return key


def _plain(key: str) -> str:
    key = key.replace("’", "'")
    key = CONTRACTED.get(key, key)
    bare = key.removesuffix("'s")
    return CONTRACTED.get(bare, bare)


@once
def read_notion_file() -> dict[str, str]:
    """Return the notion of each word and phrase in the file, and of the words for figures. If a word has
    several, the first in the file counts.
    """
    found: dict[str, str] = {}
    for line in read_lines("notions"):
        notion, _, spoken = line.partition(":")
        for each in spoken.split():
            found.setdefault(each, notion)
    return {word: metric.value for word, metric in SENTENCES.items()} | found


@once
def list_known_words() -> frozenset[str]:
    """Return all single words of the file and of the sports."""
    return (
        frozenset(word for word in read_notion_file() if "_" not in word)
        | _sports()
        | frozenset(FILLERS)
        | frozenset(CONTRACTED)
    )


@once
def _sports() -> frozenset[str]:
    return frozenset(word for sport in Sport for word in (sport.value, *sport.words)).union(DOERS) - NOT_IN_QUESTIONS
