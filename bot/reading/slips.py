"""Corrects typos: finds for an unknown word the known word that it nearly is."""

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from math import log1p

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.arguments import OFF, ON, YES
from bot.declaring.command import commands
from bot.reading.intents import count_vocabulary
from bot.reading.keyboard import find_keys_beside, find_near, is_beside, is_doubled, is_swap
from bot.reading.notions import list_known_words
from bot.reading.phrases import FILLERS
from bot.words.english import read_english_words, read_names
from bot.words.lines import LineWord
from bot.words.metrics import BOARDS
from bot.words.once import once
from fitness.sports import Sport
from fitness.vocabulary import MONTH_NAMES, MONTHS, NUMBERS, WEEKDAY_NAMES, WEEKDAYS

SHORTEST, LONG = 3, 7
WHEN = frozenset(
    """
    today yesterday week weeks month months year years weekend last this since between until previous past quarter
    fortnight weekends days hours minutes
    """.split()  # noqa: SIM905 - so many words in quotes would read worse
)
CORE = frozenset(
    [*WHEN, *(word for sport in Sport for word in sport.words), "link", "mute", "name", "undo", "sync"]
)  # what is meant by three letters
DATED = frozenset(name for name in (*MONTH_NAMES, *WEEKDAY_NAMES) if len(name) > 5)
MOST_MENDED = 3
FAMILIAR = 0.12  # the part of a typo by which a more frequent word counts as nearer
# English words that are typos beside certain other words, which no list of words can show.
HEARD_AS = {
    "weak": "week", "wek": "week", "wee": "week", "weel": "week", "moth": "month", "mouth": "month", "yer": "year",
    "ear": "year",
    "tear": "year",
}  # fmt: skip
AFTER_HOW = {
    "log": "long", "lond": "long", "lng": "long", "fra": "far", "fat": "far", "fr": "far",
    "may": "many", "man": "many", "mny": "many", "mch": "much",
}  # fmt: skip
BEFORE_ME = {
    "shoe": "show", "sow": "show", "sho": "show", "sent": "send", "sned": "send", "gave": "give", "giv": "give",
}  # fmt: skip
BEFORE_DAYS = {"last", "this", "next", "past", "per", "every", "each", "my"}
# Words in the names of destructive commands that are harmless themselves.
HARMLESS = frozenset(
    """
    group my me data account code codes invite invites activity garmin member it's its i'm im it’s i’m here still
    new right not owner admin make that description end about name no over out hand close challenge describe
    digest send to all everyone everybody
    """.split()  # noqa: SIM905 - so many words in quotes would read worse
)


def mend_slips(words: Sequence[LineWord]) -> tuple[list[LineWord], str] | None:
    """Return the words with their typos corrected, and the first typo; None if no word could be corrected, or too many.

    A word of four letters may have one typo, a word of seven or more two; in a word of three only two letters may be
    swapped, or one replaced by a neighbouring key. An English word is not changed, nor a word that may be a typo of a
    destructive command: nobody may leave a group by a typo.
    """
    fresh, slips = [], []
    for i, word in enumerate(words):
        heard = HEARD_AS.get(word.key) if i and words[i - 1].key in BEFORE_DAYS else None
        heard = AFTER_HOW.get(word.key) if i and words[i - 1].key in {"how", "hwo", "hpw", "hoe"} else heard
        heard = BEFORE_ME.get(word.key) if i + 1 < len(words) and words[i + 1].key == "me" else heard
        key = word.key.replace("’", "'").removesuffix("'s")
        is_name = word.raw[:1].isupper() and i > 0 and not all(each.raw[:1].isupper() for each in words)
        right = heard or (_meant(key) if key.isalpha() else None)
        right = None if is_name and right not in DATED else right  # but "in Novmber"
        if right is not None:
            slips.append(word.key)
        fresh.append(word if right is None else LineWord(right, right))
    return (fresh, slips[0]) if 0 < len(slips) <= MOST_MENDED else None


def could_destroy(words: Sequence[LineWord]) -> bool:
    """Return whether a word may be a typo of a destructive command: "leav group" is not carried out."""
    return any(_is_risky(word.key) for word in words)


@lru_cache(maxsize=20_000)
def _is_risky(key: str) -> bool:
    if not key.isalpha() or not SHORTEST < len(key) <= 20 or key in FILLERS or key in _ours(len(commands)):
        return False
    if key in read_english_words() or key in read_names() or key in _risky(len(commands)):
        return False
    return bool(find_near(key, tuple(_risky(len(commands))), 2 if len(key) >= LONG else 1))


@lru_cache(maxsize=20_000)
def _meant(key: str) -> str | None:
    if not SHORTEST <= len(key) <= 20 or key in FILLERS or key in _ours(len(commands)):
        return None
    if key in read_english_words() or key in read_names() or key in MONTHS or key in WEEKDAYS:
        return None
    allowed = 2 if len(key) >= LONG else 1
    if find_near(key, tuple(_risky(len(commands))), allowed):
        return None
    found = sorted((_far(key, each) - FAMILIAR * log1p(_said(each)), each) for each in _alike(key, allowed))
    return found[0][1] if found else None


def _alike(key: str, allowed: int) -> list[str]:
    """Return the known words that are near this one and begin with the same letter, a neighbouring key,
    or swapped letters.
    """
    by_letter = _by_letter(len(commands))
    starts = {key[0], key[1], *find_keys_beside(key[0])}
    choices = [word for letter in starts for word in by_letter.get(letter, ())]
    found = [word for word, _, _ in process.extract(key, choices, scorer=OSA.distance, score_cutoff=allowed, limit=8)]
    found = [word for word in found if word[0] == key[0] or is_swap(key, word) or is_beside(key, word)]
    if len(key) > SHORTEST + 1:
        return found
    if len(key) > SHORTEST:  # "cian" is no typo of "can", and "yurt" none of "hurt"
        return [word for word in found if is_swap(key, word) or is_doubled(key, word) or _is_short_slip(key, word)]
    return [word for word in found if is_swap(key, word) or is_beside(key, word) or (word in CORE and len(word) > 3)]


def _is_short_slip(key: str, word: str) -> bool:
    """Return whether a short word has the same first letter and is not longer than the known word."""
    return len(word) >= len(key) and word[0] == key[0]


def _far(key: str, word: str) -> float:
    """Return the number of typos; a swap, a doubled letter or a neighbouring key counts less."""
    slips = OSA.distance(key, word)
    return slips - 0.5 * (is_swap(key, word) or is_doubled(key, word)) - 0.25 * is_beside(key, word)


def _said(word: str) -> int:
    """Return how many sentences contain a word."""
    return count_vocabulary().get(word, 0)


@once
def _by_letter(number: int) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for word in sorted(_ours(number)):
        found[word[0]].append(word)
    return found


@once
def _ours(_number: int) -> frozenset[str]:
    """Return all words of commands and sentences, without those of destructive commands."""
    parts = {part for name, each in commands.items() if not each.destructive for part in name.split()}
    spoken = {word for sport in Sport for word in (sport.value, *sport.words)} | {
        part for each in BOARDS for part in each.split("_")
    }
    ours = (
        parts
        | spoken
        | {*MONTH_NAMES, *WEEKDAY_NAMES, *NUMBERS, *WHEN, *YES, *ON, *OFF, *list_known_words()}
        | {word for word, count in count_vocabulary().items() if count}
    )
    return frozenset(word for word in ours if word.isalpha() and word.isascii()) - _risky(_number)


@once
def _risky(_number: int) -> frozenset[str]:
    return frozenset(part for name, each in commands.items() if each.destructive for part in name.split()) - HARMLESS
