"""Reads a line that matches no rule as the most similar of our sentences, if no other is as similar."""

from collections.abc import Sequence

from bot.declaring.command import commands
from bot.reading import likeness
from bot.reading.filling import BY_NAME, read_arguments
from bot.reading.intents import NOTHING
from bot.reading.likeness import Likely
from bot.reading.readings import NotUnderstood, Reading, Understood, Unfinished
from bot.words.lines import LineWord
from fitness.periods import BadPeriod
from fitness.schedules import BadClock

LEAST_ALIKE = 0.62  # measured on lines that were also used for tuning; between 0.6 and 0.75 little changes
ALIKE = {1: 0.8, 2: 0.77, 3: 0.68}  # short lines must be more similar, by the number of words
LEAST_NAMED = 0.76
LEAST_CHANGED = 0.74
ASKS = frozenset("who who's whos what what's which when why how does do is are did has have".split())  # noqa: SIM905
CHANGING = {"settings", "share", "anonymous", "set private", "units", "language", "quiet", "exclude", "include"}
SURE = 0.97
MARGIN, SAME_MARGIN = 0.012, 0.001
ALONE = {"km", "miles", "kms", "mi"}  # alone they ask for a figure
MOST_OFFERED = 3
MOST_WORDS = 30
# A line that begins with one of these must be exactly a command; otherwise it is chatter: "stop beating me, Sam".
_RISKY = "stop leave quit kick ban block delete erase transfer end remove wipe reset"
RISKY = frozenset(_RISKY.split())

Pair = tuple[Likely, Reading]


def find_same_sentence(words: Sequence[LineWord]) -> Reading | None:
    """Read a line that is one of our sentences, apart from words without meaning."""
    spoken = [word for word in words if word.is_spoken]
    found = likeness.find_same_meanings(spoken) if 0 < len(spoken) <= MOST_WORDS else []
    if len(spoken) == 1 and spoken[0].key in ALONE:
        return None
    return _chosen(found, words, LEAST_ALIKE, SAME_MARGIN) if found else None


def find_nearest_meaning(words: Sequence[LineWord]) -> Reading | None:
    """Read a line as its likeliest meaning; offer choices if two meanings are equally likely."""
    spoken = [word for word in words if word.is_spoken]
    if not 0 < len(spoken) <= MOST_WORDS or words[0].key in RISKY:
        return None
    found = likeness.rank_likely_meanings(spoken)
    return _chosen(found, words, ALIKE.get(found[0].weight, LEAST_ALIKE), MARGIN) if found else None


def _chosen(found: Sequence[Likely], words: Sequence[LineWord], least: float, margin: float) -> Reading | None:
    """Return the likeliest meaning whose required arguments are given; None if chatter is as likely."""
    found = _changing_nothing(found, words)
    if not found:
        return None
    near = [each for each in found if each.score >= _least(each, least) and each.score > found[0].score - margin]
    if any(each.meaning.command == NOTHING for each in near):
        return NotUnderstood()
    pairs = [(each, reading) for each in near if (reading := _reading(each, words))]
    return _best([pair for pair in pairs if pair[0].meaning.named] or pairs, margin) if pairs else None


def _changing_nothing(found: Sequence[Likely], words: Sequence[LineWord]) -> Sequence[Likely]:
    """Return the meanings without those that change something, if the line is a question: "who can see my steps" must
    not share them.
    """
    spoken = [word.plain for word in words if word.is_spoken]
    if spoken and spoken[0] not in ASKS:
        return found
    return [
        each for each in found if each.score >= SURE or not each.meaning.told or each.meaning.command not in CHANGING
    ]


def _best(pairs: Sequence[Pair], margin: float) -> Reading:
    """Return the likeliest reading with the most arguments; without a sentence's own arguments if that is as likely."""
    best = max(pairs, key=lambda pair: (pair[0].score, _told_much(pair[1])))
    command = best[0].meaning.command
    plain = next((pair for pair in pairs if pair[0].meaning.command == command and not pair[0].meaning.told), None)
    best = plain if plain and best[0].meaning.told else best
    rivals = [_line(each) for each, _ in pairs if each.score > best[0].score - margin]
    lines = tuple(dict.fromkeys([_line(best[0]), *rivals]))
    same = plain and len({line.split()[0] for line in lines}) == 1
    return best[1] if same or len(lines) == 1 else NotUnderstood(readings=lines[:MOST_OFFERED])


def _least(each: Likely, least: float) -> float:
    """Return the least likeness that is needed. It is higher for sentences with a name, which have few other words, and
    for changes of a group's settings.
    """
    if each.meaning.command == "settings" and each.meaning.told:
        return max(least, LEAST_CHANGED)
    return max(least, LEAST_NAMED) if each.meaning.named else least


def _told_much(reading: Reading) -> int:
    return len(reading.arguments) if isinstance(reading, Understood) else -1


def _line(each: Likely) -> str:
    return " ".join([each.meaning.command, *each.meaning.told])


def _reading(each: Likely, words: Sequence[LineWord]) -> Reading | None:
    """Return the command with the arguments from the line; None if a required argument is missing."""
    spoken = [word for word in words if word.is_spoken]
    command = commands[each.meaning.command]
    if command.destructive:
        return None
    try:
        told = read_arguments(command, each, spoken)
    except (BadPeriod, BadClock) as error:
        return NotUnderstood((command,), why=error.why)
    if each.meaning.named and each.names and each.names[-1] - each.names[0] >= len(each.names):
        return None  # words in different places are not one name: "Anna hides behind the sofa"
    by_name = [arg.name for arg in command.arguments if arg.kind in BY_NAME]
    if (each.meaning.asks_more and not told) or (each.meaning.named and by_name and by_name[0] not in told):
        return None
    missing = next((arg for arg in command.arguments if arg.required and arg.name not in told), None)
    return Unfinished(command, missing) if missing else Understood(command, told)
