"""Reads questions in plain language as commands: which figure, which sport, who, when, and whether as an average.

It uses no language model: words fill slots, in any order, and few words may be left over.
"""

from collections.abc import Sequence
from typing import Any

from bot.arguments import Newest, Person
from bot.declaring.command import Command, commands
from bot.reading.question_words import QuestionSubject
from bot.reading.slots import Slots, fill_slots
from bot.words.lines import LineWord
from fitness.metrics import METRICS, Metric
from fitness.vocabulary import NUMBERS

MOST_WORDS = 24
# Figures that the bot does not show. A question about them must not be answered with another figure.
_NOT_TOLD = "sleep slept weigh weight heart bpm vo2 stress hrv protein"
NOT_TOLD = frozenset(_NOT_TOLD.split())
MOST_NAMED = 2
MOST_EMPTY = 1  # words without meaning that may stand beside days alone: "you all sunday" asks for no figures


def read_question(words: Sequence[LineWord]) -> tuple[Command, dict[str, Any]] | None:
    """Return the command that answers a question, and its arguments; None if it is no question for the bot."""
    if not 0 < len(words) <= MOST_WORDS or any(word.key in NOT_TOLD for word in words):
        return None
    if any(word.key == "you" and words[i].key == "than" for i, word in enumerate(words[1:])):
        return None  # "my nan walks faster than you"
    slots = fill_slots(words)
    if slots is None or not slots.filled:
        return None
    if (
        slots.compared
        and slots.person is None
        and 0 < len(slots.strange) <= MOST_NAMED
        and slots.who is not QuestionSubject.RANKING
        and not any(word.lower() in commands or word.lower() in NUMBERS for word in slots.strange)
    ):
        slots.person, slots.strange = " and ".join(slots.strange), []
    return _answered_by(slots) if slots.is_sure else None


def _answered_by(slots: Slots) -> tuple[Command, dict[str, Any]] | None:
    if slots.explained or slots.newest is not None:
        return _about_sessions(slots)
    if slots.furthest and slots.who is not QuestionSubject.RANKING and slots.person is None:
        slots.longest = True
    metric = METRICS.get(slots.metric or "")
    told: dict[str, Any] = {"metric": metric, "sport": slots.sport, "period": slots.period, "each": slots.each}
    if slots.record and slots.who is not QuestionSubject.RANKING:
        return _command("pb", {**told, "who": Person(slots.person) if slots.person and not slots.compared else None})
    if slots.compared:
        return _comparison(slots, told)
    if slots.longest and slots.who in (None, QuestionSubject.ASKER) and slots.person is None:
        return _command("longest", told)
    if slots.longest and told["metric"] is None:
        told["metric"] = Metric.TIME
    return _about_people(slots, told)


def _about_people(slots: Slots, told: dict[str, Any]) -> tuple[Command, dict[str, Any]] | None:
    """Return the command for a question about a ranking, the whole group, another person or the writer."""
    what, metric = slots.metric or slots.sport, told["metric"]
    name = None
    if slots.metric == "streak" and slots.who in (None, QuestionSubject.ASKER) and slots.person is None:
        name = "streak"
    elif slots.metric == "streak" and slots.who in (None, QuestionSubject.ASKER) and not slots.strange:
        told["who"], name = Person(slots.person or ""), "streak"
    elif slots.who is QuestionSubject.RANKING or (metric and not metric.is_told_alone and slots.person is None):
        name = "leaderboard" if what or slots.most or slots.longest or slots.record else None
    elif slots.who is QuestionSubject.GROUP:
        name = "we" if what or (slots.period and slots.asks and slots.past) else None
    elif slots.person is not None:
        told["who"] = Person(slots.person)
        sure = what or slots.period or (slots.asks and not slots.person.islower())
        name = "stats" if sure and not slots.strange else None
    elif what or slots.each or (slots.period and (slots.who or slots.asks or slots.empty <= MOST_EMPTY)):
        name = "me" if not slots.most or slots.who else "leaderboard" if slots.metric else None
    return _command(name, told) if name else None


def _about_sessions(slots: Slots) -> tuple[Command, dict[str, Any]] | None:
    """Return the command for the writer's newest sessions or their points. Single sessions of others are not shown."""
    if slots.explained and slots.who is not QuestionSubject.RANKING:
        return _command("why", {"who": Person(slots.person) if slots.person else None})
    if slots.explained:
        return None
    if slots.person is not None or slots.who in (QuestionSubject.RANKING, QuestionSubject.GROUP) or slots.compared:
        return None
    if slots.metric == Metric.POINTS.value and not slots.newest:
        return _command("why", {"newest": Newest.LAST})  # "points for my last ride"
    return _command("last", {"number": slots.newest or None})


def _comparison(slots: Slots, told: dict[str, Any]) -> tuple[Command, dict[str, Any]] | None:
    """Return the command for a comparison with a person or with the period before: "did I beat last week" is
    about this week.
    """
    if slots.person is not None:
        return _command("compare", {**told, "whom": Person(slots.person)})
    return _command("compare", told) if slots.period is not None or slots.metric else None


def _command(name: str, told: dict[str, Any]) -> tuple[Command, dict[str, Any]] | None:
    """Return the command with those of these values that it takes; None if there is no such command."""
    command = commands.get(name)
    if command is None:
        return None
    takes = {argument.name for argument in command.arguments}
    return command, {key: value for key, value in told.items() if value is not None and key in takes}
