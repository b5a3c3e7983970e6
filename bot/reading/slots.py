"""The slots of a question, which its words fill in any order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.arguments import Each
from bot.arguments.finding import find_phrase
from bot.arguments.people import is_plainly_a_name
from bot.reading.question_words import (
    BEFORE_A_NAME,
    FIGURE_PHRASES,
    FURTHEST,
    ME,
    NEWEST,
    NOTHING,
    PAST,
    PHRASES,
    ROLES,
    SHORT,
    QuestionSubject,
)
from bot.words.english import read_english_words, read_names
from bot.words.lines import LineWord
from fitness.forms import Relative, Which
from fitness.periods import BadPeriod, Period, find_period
from fitness.sports import Sport
from fitness.vocabulary import read_number

LEAST_SURE = 0.75
LONGEST_FIGURE = 4  # words


@dataclass
class Slots:
    """What the words of a question mean. `strange` are the words that fit no slot."""

    metric: str | None = None
    sport: Sport | None = None
    who: QuestionSubject | None = None
    person: str | None = None
    period: Period | None = None
    each: Each | None = None
    most: bool = False
    longest: bool = False
    record: bool = False
    compared: bool = False
    asks: bool = False
    past: bool = False
    furthest: bool = False
    empty: int = 0  # words without meaning
    newest: int | None = None
    explained: bool = False
    strange: list[str] = field(default_factory=list)

    @property
    def filled(self) -> int:
        """The number of slots that are filled."""
        slots = (self.metric, self.sport, self.who, self.person, self.period, self.each)
        flags = (self.most, self.longest, self.record, self.compared, self.newest is not None, self.explained)
        return sum(each is not None for each in slots) + sum(flags)

    @property
    def is_sure(self) -> bool:
        """Whether enough of the question was understood."""
        if not self.strange:
            return True
        if self.record or self.longest or self.most:  # "what's the best running shoe"
            return False
        return len(self.strange) == 1 and self.asks and self.filled / (self.filled + 1) >= LEAST_SURE


def fill_slots(words: Sequence[LineWord]) -> Slots | None:
    """Fill the slots. Returns None if the question is about a future day or a day that does not exist."""
    keys = [_spoken(word.key) for word in words]
    slots = Slots()
    try:
        found = find_period(keys)
    except BadPeriod:
        return None
    taken: set[int] = set()
    if found is not None:
        slots.period, taken = found[0], set(found[1])
        if isinstance(found[0], Relative) and found[0].which is Which.NEXT:
            return None
    days = set(taken)
    _either(slots, words, keys, taken)
    _newest(slots, keys, taken)
    _figure_phrases(slots, keys, taken)
    _phrases(slots, keys, taken)
    slots.past = not PAST.isdisjoint(keys)
    slots.furthest = not FURTHEST.isdisjoint(keys)
    for i, (word, key) in enumerate(zip(words, keys, strict=True)):
        if i not in taken and key:
            _word(slots, word, key, before=words[i - 1].key if i else "")
    if slots.explained and slots.person is None:
        slots.person = _earner(words, keys, days)
    return slots


def _either(slots: Slots, words: Sequence[LineWord], keys: list[str], taken: set[int]) -> None:
    """Recognise "me or Ben" and "Ben or me" as a comparison of the two."""
    for i in range(1, len(keys) - 1):
        around = {keys[i - 1], keys[i + 1]}
        if keys[i] in {"or", "and"} and around & ME and len(around - ME) == 1:
            name = words[i + 1 if keys[i - 1] in ME else i - 1]
            if name.key not in ROLES and name.is_spoken:
                slots.person, slots.compared = _name(name.raw), True
                taken.update((i - 1, i, i + 1))


def _newest(slots: Slots, keys: list[str], taken: set[int]) -> None:
    """Recognise questions for sessions themselves: "my last run", "the three latest sessions"."""
    text = "".join(f" {key if i not in taken else '_'}" for i, key in enumerate(keys)) + " "
    match = NEWEST.search(text)
    if match is not None:
        count = match["before"] or match["count"]
        slots.newest = read_number(count) if count else 0
        first = text.count(" ", 0, match.start())
        taken.update(range(first, first + match.group().strip().count(" ") + 1))


def _figure_phrases(slots: Slots, keys: list[str], taken: set[int]) -> None:
    """Recognise figures of several words: "metres climbed"."""
    for i in range(len(keys)):
        places = find_phrase(keys, i, FIGURE_PHRASES, LONGEST_FIGURE)
        if places and taken.isdisjoint(places):
            _fill(slots, keys[i], "metric", FIGURE_PHRASES["_".join(keys[places.start : places.stop])])
            taken.update(places)


def _phrases(slots: Slots, keys: list[str], taken: set[int]) -> None:
    """Recognise phrases of several words: "how far", "personal best", "per week"."""
    places = [i for i in range(len(keys)) if i not in taken]
    text = "".join(f" {keys[i]}" for i in places) + " "
    for pattern, name, value in PHRASES:
        match = pattern.search(text)
        if match is None:
            continue
        setattr(slots, name, value)
        if value is Each.SESSION:
            slots.sport = next((sport for word in match.group().split() if (sport := _sport(word))), slots.sport)
        slots.asks = slots.asks or match.group().startswith((" how ", " what "))
        first = text.count(" ", 0, match.start())
        covered = places[first : first + match.group().strip().count(" ") + 1]
        taken.update(covered)
        places = [i for i in places if i not in taken]
        text = "".join(f" {keys[i]}" for i in places) + " "


def _sport(word: str) -> Sport | None:
    role, value = ROLES.get(word, NOTHING)
    return value if role == "sport" else None


def _word(slots: Slots, word: LineWord, key: str, before: str) -> None:
    role = ROLES.get(key)
    slots.empty += role == NOTHING
    if role is not None:
        _fill(slots, key, *role)
    elif slots.person is None and _is_a_name(word, key, before):
        slots.person = _name(word.raw)
    elif word.is_spoken:
        slots.strange.append(_name(word.raw))


def _is_a_name(word: LineWord, key: str, before: str) -> bool:
    """Return whether a word is a name: it has an "@", follows "did" or a similar word, or has a possessive ending."""
    placed = before in BEFORE_A_NAME or (before == "of" and not word.raw.islower()) or word.key.endswith(("'s", "’s"))
    if (
        before in {"is", "was", "will", "have"}
        and word.raw.islower()
        and key in read_english_words()
        and key not in read_names()
    ):
        return False  # "that run was brutal" names nobody
    return word.raw.startswith("@") or (placed and key.isalpha())


def _earner(words: Sequence[LineWord], keys: Sequence[str], days: set[int]) -> str | None:
    """Return the name in a question such as "why did Dev get so many points", or None."""
    named = (i for i, key in enumerate(keys) if i and i not in days and key not in ROLES)
    found = (i for i in named if _is_a_name(words[i], keys[i], words[i - 1].key) and is_plainly_a_name(words[i]))
    return next((_name(words[i].raw) for i in found), None)


def _fill(slots: Slots, key: str, name: str, value: Any) -> None:
    """Put a value into a slot. The first metric counts, "who" and "we" count more than "I", and there
    is only one sport.
    """
    if name == "sport" and slots.sport not in (None, value):
        slots.strange.append(key)
    elif (
        name == "who"
        and value is not QuestionSubject.RANKING
        and slots.who in (QuestionSubject.RANKING, QuestionSubject.GROUP)
    ):
        return
    elif name and not (name == "metric" and slots.metric is not None and value != "streak"):
        setattr(slots, name, value)


def _spoken(key: str) -> str:
    """Return the word in its plain form: "who's" and "whos" become "who", "dev's" becomes "dev"."""
    key = SHORT.get(key, key)
    return key.removesuffix("'s").removesuffix("’s")


def _name(raw: str) -> str:
    bare = raw.strip("@?!.,:;\"'()*_~")
    return re.sub(r"['’]s$", "", bare)
