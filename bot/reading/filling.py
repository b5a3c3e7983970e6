"""Finds the arguments in a line that is similar to one of a command's sentences: figures, days and
names, in any order.
"""

from collections.abc import Sequence
from typing import Any

from bot.arguments import (
    ORDER,
    AccountSign,
    Argument,
    Called,
    Choose,
    Code,
    Included,
    Instead,
    KeepOrErase,
    LinkCode,
    MarkedPerson,
    MemberWanted,
    Newest,
    Off,
    OwnMembership,
    Person,
    Rest,
    Sure,
    Switch,
    Whose,
    Yes,
)
from bot.declaring.command import Command
from bot.reading.command_names import COURTESY
from bot.reading.likeness import Likely
from bot.reading.notions import SPORT, find_notion
from bot.reading.question_words import DOERS, ROLES
from bot.words.lines import LineWord, drop_places
from fitness.metrics import METRICS, Metric
from fitness.sports import Sport
from fitness.vocabulary import NUMBERS

BY_NAME = (MarkedPerson, Person, MemberWanted)
# Kinds that only the sentence may give, not the line; and free texts, which would take all words.
ONLY_WRITTEN = (
    Off, Switch, Yes, Sure, Instead, KeepOrErase, Included, Choose, Whose, Newest, Rest, Called, OwnMembership,
    AccountSign, Code, LinkCode,
)  # fmt: skip
NO_WORD = LineWord("", "")
BEFORE_A_NUMBER = {"last", "challenge", "number", "no", "nr", "recent", "latest"}


def read_arguments(command: Command, each: Likely, words: Sequence[LineWord]) -> dict[str, Any]:
    """Return the arguments that the sentence and the line give. Raises `BadPeriod` or `BadClock` for impossible
    days and times.
    """
    fixed = [LineWord(word, word) for word in each.meaning.told]
    left = [word for i, word in enumerate(words) if i not in each.names]
    named = [words[i] for i in each.names] if each.meaning.named else []
    told: dict[str, Any] = {}
    for argument in sorted(command.arguments, key=lambda arg: ORDER.index(arg.kind)):
        if fixed and (found := argument.find(fixed)):
            told[argument.name] = found[0]
            fixed = drop_places(fixed, found[1])
        elif argument.kind in BY_NAME:
            if named and (found := argument.find(named)):
                told[argument.name] = found[0]
        elif found := _from_the_line(argument, left):
            told[argument.name] = found[0]
            left = drop_places(left, found[1])
    if "number" in told and "newest" in told:
        del told["newest"]  # "exclude number 2" does not mean the last one
    return told


def _from_the_line(argument: Argument, words: Sequence[LineWord]) -> tuple[Any, Sequence[int]] | None:
    """Return what an argument finds among the words for figures, days and the like, or None. "many"
    alone is no figure.
    """
    if argument.kind in ONLY_WRITTEN:
        return None
    if argument.kind is Metric:
        return next(((metric, [i]) for i, word in enumerate(words) if (metric := _metric(word.key))), None)
    if argument.kind is Sport and (doers := [i for i, word in enumerate(words) if word.key in DOERS]):
        return DOERS[words[doers[0]].key], doers[:1]
    if argument.kind is Sport:
        words = [word if find_notion(word.key) == SPORT else NO_WORD for word in words]
    if argument.kind is int:
        words = [word if _is_a_count(words, i) else NO_WORD for i, word in enumerate(words)]
    return argument.find(words)


def _is_a_count(words: Sequence[LineWord], i: int) -> bool:
    """Return whether this number names an item of a list: "exclude number 2" does, "why did I get
    only 12 points" does not.
    """
    last = all(word.key in COURTESY or not word.is_spoken for word in words[i + 1 :])
    after = last or (i > 0 and words[i - 1].key in BEFORE_A_NUMBER)
    return (words[i].key.isdigit() or NUMBERS.get(words[i].key, 1) > 1) and (after or words[i].key in NUMBERS)


def _metric(key: str) -> Metric | None:
    role, value = ROLES.get(key) or ("", None)
    return METRICS.get(str(value) if role == "metric" else find_notion(key))
