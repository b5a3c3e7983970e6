"""Finds a person, a name, or the rest of a line."""

import re
from collections.abc import Sequence

from bot.arguments.spoken import BESIDE_A_NAME, POSSESSIVE, YES, Found
from bot.arguments.values import AccountSign, Called, MarkedPerson, MemberWanted, OwnMembership, Person, Rest
from bot.languages.lists import read_words
from bot.words.english import is_common_name, read_english_words
from bot.words.lines import EDGES, POLITE, LineWord

AFTER_SOMEBODY = read_words("after_somebody")
NUMBERED = re.compile(r"(?:number|no\.?|nr\.?|nº) ?([0-9]{1,3})", re.IGNORECASE)


def read_person(words: Sequence[LineWord]) -> Found | None:
    """Find a name: from the "@" on, or the words that are left without words of no meaning."""
    marked = next((i for i, word in enumerate(words) if word.raw.lstrip("(\"'*_").startswith("@")), None)
    start = marked if marked is not None else 0
    if marked is None:
        named = [i for i, word in enumerate(words) if word.key not in POLITE and word.key not in BESIDE_A_NAME]
        if not any(words[i].is_spoken for i in named):
            named = list(range(len(words)))
        start, stop = (named[0], named[-1] + 1) if named else (0, 0)
    else:
        stop = len(words)
    if sum(word.is_spoken for word in words[start:stop]) in {1, 2}:  # "well done Dave 👏", without further words
        while not words[stop - 1].is_spoken:
            stop -= 1
    text = " ".join(word.raw for word in words[start:stop]).strip().lstrip("(\"'*_@").rstrip(EDGES).strip()
    name = POSSESSIVE.sub("", text)
    return (Person(name), range(start, stop)) if name else None


def read_marked_person(words: Sequence[LineWord]) -> Found | None:
    """Find a name after "@", or a single word that is not English: "streak Dev", but not "streak lost"."""
    if not any(word.raw.lstrip("(\"'*_").startswith("@") for word in words):
        spoken = [word for word in words if word.is_spoken and word.key not in POLITE]
        if len(spoken) != 1 or not is_plainly_a_name(spoken[0]):
            return None
    found = read_person(words)
    return None if found is None else (MarkedPerson(found[0]), found[1])


def is_plainly_a_name(word: LineWord) -> bool:
    """Return whether a word is a common name, or is no English word and begins with a capital or a foreign letter."""
    key, raw = POSSESSIVE.sub("", word.key).lstrip("@"), word.raw.lstrip("@")
    return is_common_name(key) or (key.isalpha() and not raw[:1].islower() and key not in read_english_words())


def read_member_wanted(words: Sequence[LineWord]) -> Found | None:
    """Find "#17" anywhere; else a name."""
    signs = [i for i, word in enumerate(words) if re.fullmatch(r"#[0-9]{1,15}", word.key)]
    if signs:
        return MemberWanted(words[signs[0]].key), signs[:1]
    spoken = list(words)
    while len(spoken) > 1 and spoken[-1].raw.islower() and spoken[-1].key in AFTER_SOMEBODY:
        spoken.pop()  # "ban @Ben for good"
    found = read_person(spoken)
    if found is None:
        return None
    found = (found[0], range(found[1][0], len(words))) if len(spoken) < len(words) else found
    numbered = NUMBERED.fullmatch(found[0])  # "approve number 1"
    return MemberWanted(numbered[1] if numbered else found[0]), found[1]


def read_own_membership(words: Sequence[LineWord]) -> Found | None:
    """Find the number of a membership: "#17"."""
    return _sign(words, OwnMembership)


def read_account_sign(words: Sequence[LineWord]) -> Found | None:
    """Find the number of an account: "#17"."""
    return _sign(words, AccountSign)


def _sign(words: Sequence[LineWord], kind: type[OwnMembership] | type[AccountSign]) -> Found | None:
    signs = (i for i, word in enumerate(words) if re.fullmatch(r"#[0-9]{1,15}", word.key))
    return next(((kind(words[i].key), [i]) for i in signs), None)


def read_called(words: Sequence[LineWord]) -> Found | None:
    """Find the name after "called" or "named"."""
    for i, word in enumerate(words):
        if word.key in {"called", "named"} and i + 1 < len(words):
            # an "ok" at the end is an agreement and no part of the name
            end = len(words) - (words[-1].key in YES and len(words) > i + 2)
            comma = next((j + 1 for j in range(i + 1, end) if words[j].raw.endswith(",")), end)
            if comma < end:  # "called Winter Miles, distance next month"
                name = " ".join(each.raw for each in words[i + 1 : comma]).rstrip(",")
                return Called(name), range(i, comma)
            return Called(" ".join(each.raw for each in words[i + 1 : end])), range(i, end)
    return None


def read_rest(words: Sequence[LineWord]) -> Found | None:
    """Return all words that are left, as they were typed, without a full stop at the end."""
    text = " ".join(word.raw for word in words).strip()
    bare = text if text.endswith("..") else text.removesuffix(".")
    return (Rest(bare or text), range(len(words))) if text else None
