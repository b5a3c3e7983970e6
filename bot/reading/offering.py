"""What is offered where nothing runs."""

from collections.abc import Sequence

from rapidfuzz import fuzz, process

from bot.declaring.command import Command, commands
from bot.reading.naming import MOST_READ
from bot.reading.phrases import FILLERS
from bot.reading.readings import NotUnderstood, Reading
from bot.words.lines import Word, without
from fitness.periods import BadPeriod
from fitness.schedules import BadClock

WORTH_OFFERING = 60
MOST_COMPARED = 6  # words
MOST_OFFERS = 3
TOLD_AGAIN = {"Period", "Sport", "Metric"}


def offers(reading: Reading) -> list[str]:
    """The lines that are offered where a line was not understood."""
    if not isinstance(reading, NotUnderstood):
        return []
    return list(reading.readings) or [each.name for each in reading.nearest]


def lost(words: Sequence[Word]) -> NotUnderstood:
    """Nothing runs; the nearest harmless commands are offered, with the days and the sport that were read."""
    scores: dict[Command, float] = {}
    for key in [word.key for word in words if word.is_spoken and len(word.key) > 1][:MOST_COMPARED]:
        if key in FILLERS:
            continue
        for name, score, _ in process.extract(
            key, commands.keys(), scorer=fuzz.ratio, score_cutoff=WORTH_OFFERING, limit=4
        ):
            if not commands[name].destructive:
                scores[commands[name]] = max(score, scores.get(commands[name], 0.0))
    nearest = tuple(sorted(scores, key=lambda each: -scores[each]))[:MOST_OFFERS]
    return NotUnderstood(nearest, readings=tuple(_line(each, words) for each in nearest))


def _line(command: Command, words: Sequence[Word]) -> str:
    """A command with as much of a line as it can be told."""
    said = [command.name]
    left = list(words[:MOST_READ])
    try:
        for argument in command.arguments:
            if argument.kind.__name__ in TOLD_AGAIN and (found := argument.find(left)):
                said.append(
                    str(getattr(found[0], "words", found[0]) if argument.kind.__name__ == "Period" else found[0])
                )
                left = without(left, found[1])
    except (BadPeriod, BadClock):
        return command.name
    return " ".join(said)
