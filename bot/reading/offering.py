"""What the bot offers if a line was not understood."""

from collections.abc import Sequence

from rapidfuzz import fuzz, process

from bot.declaring.command import Command, commands
from bot.reading.command_names import MOST_READ
from bot.reading.phrases import FILLERS
from bot.reading.readings import NotUnderstood, Reading
from bot.words.lines import LineWord, drop_places
from fitness.periods import BadPeriod
from fitness.schedules import BadClock

WORTH_OFFERING = 60
MOST_COMPARED = 6  # words
MOST_OFFERS = 3
TOLD_AGAIN = {"Period", "Sport", "Metric"}


def list_offers(reading: Reading) -> list[str]:
    """Return the lines that are offered for a line that was not understood."""
    if not isinstance(reading, NotUnderstood):
        return []
    return list(reading.readings) or [each.name for each in reading.nearest]


def offer_nearest(words: Sequence[LineWord]) -> NotUnderstood:
    """Return that nothing was understood, with the nearest harmless commands, and the days and sport of the line."""
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


def _line(command: Command, words: Sequence[LineWord]) -> str:
    """Return a command with those words of a line that are its arguments."""
    said = [command.name]
    left = list(words[:MOST_READ])
    try:
        for argument in command.arguments:
            if argument.kind.__name__ in TOLD_AGAIN and (found := argument.find(left)):
                said.append(
                    str(getattr(found[0], "words", found[0]) if argument.kind.__name__ == "Period" else found[0])
                )
                left = drop_places(left, found[1])
    except (BadPeriod, BadClock):
        return command.name
    return " ".join(said)
