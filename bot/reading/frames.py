"""Reads lines that match a frame, which is a sentence with a gap for the arguments: "make Ben an admin", "how
do I join".
"""

from collections.abc import Sequence

from bot.arguments import MemberWanted, Person, Rest
from bot.declaring.command import Command, commands
from bot.reading.command_names import ARTICLES, COURTESY, MOST_READ, NOBODY, fill_arguments
from bot.reading.phrases import FILLERS, FRAMES, WISH, SentenceFrame
from bot.reading.question_words import ROLES
from bot.reading.readings import Reading, Understood
from bot.words.english import is_common_name
from bot.words.lines import LineWord
from fitness.periods import BadPeriod, Period, find_period

MOST_IN_SENTENCE = 10
OTHERS = {"other", "another", "next"}  # no group is called so


def read_frame(words: Sequence[LineWord]) -> Reading | None:
    """Read a line that matches a frame: "make Ben an admin"."""
    if len(words) > MOST_READ:
        return None
    spoken = [word for word in words if word.is_spoken]
    return _in_a_frame(spoken) or _dated(spoken)


def _dated(spoken: Sequence[LineWord]) -> Reading | None:
    """Read a line that matches a frame and also names days: "what's Anna up to this week"."""
    try:
        found = find_period([word.key for word in spoken])
    except BadPeriod:
        return None
    left = [word for i, word in enumerate(spoken) if found and i not in found[1]]
    reading = _in_a_frame(left) if found and left else None
    if not found or not isinstance(reading, Understood) or reading.command.destructive:
        return None
    dated = next((each.name for each in reading.command.arguments if each.kind is Period), None)
    return Understood(reading.command, {**reading.arguments, dated: found[0]}) if dated else None


def _in_a_frame(words: Sequence[LineWord]) -> Reading | None:
    spoken = list(words)
    while len(spoken) > 1 and spoken[-1].key in COURTESY:
        spoken.pop()
    for start in {0, count_wish_words(spoken)}:
        rest = spoken[start:]
        keys = [word.plain for word in rest]
        for frame in FRAMES.get(keys[0], ()) if keys else ():
            gap = frame.gap(keys)
            reading = _filled(frame, [rest[i] for i in gap]) if gap else None
            if reading is not None:
                return reading
    return None


def _filled(frame: SentenceFrame, gap: Sequence[LineWord]) -> Reading | None:
    """Read the frame's command with the words in the gap as arguments; None if not all of them are understood."""
    command = commands.get(frame.command)
    if command is None:
        return None
    if command.name == "help":
        return _help(command, gap)
    if any(each.kind is MemberWanted for each in command.arguments) and not is_one_person(command, gap):
        return None
    nobody = NOBODY if any(each.kind is Person for each in command.arguments) else OTHERS
    if all(word.key in nobody for word in gap):
        return None  # "nice job everyone"
    reading = fill_arguments(command, gap)
    if not isinstance(reading, Understood) or not reading.arguments:
        return None
    return None if command.name in {"goal", "group goal"} and not {"amount", "off"} & {*reading.arguments} else reading


def is_one_person(command: Command, words: Sequence[LineWord]) -> bool:
    """Return whether the words name a person: by "@", by capital letters, or by one word without another meaning.

    For a destructive command that word must be a common name: "throw rubbish out" must not remove anybody.
    """
    if words[0].raw.startswith(("@", "#")):
        return True
    if words[-1].key.isdigit() and all(word.key in {"number", "no", "nr"} for word in words[:-1]):
        return not command.destructive  # "let number 2 in"
    if any(word.key in NOBODY or word.key in FILLERS or word.key in ROLES or word.key in commands for word in words):
        return False
    if all(not word.raw[:1].islower() for word in words):
        return True
    return len(words) == 1 and (not command.destructive or is_common_name(words[0].key))


def _help(command: Command, topic: Sequence[LineWord]) -> Reading | None:
    """Read a question about a command as help for it: "how do I leave" asks how, and does not leave."""
    bare = " ".join(word.key for word in topic if word.key not in ARTICLES)
    if bare == "use":  # "how to use" means the whole bot
        return Understood(command)
    alone = " ".join(word for word in bare.split() if word not in NOBODY)
    if alone in commands and commands[alone].destructive:
        bare = alone  # "how do I kick someone"
    for name in (bare, bare.removesuffix("s"), f"{bare}s"):
        found = commands.get(name)
        if found is command:
            return Understood(command)
        if found is not None:
            return Understood(command, {command.arguments[0].name: Rest(found.name)})
    return None


def count_wish_words(words: Sequence[LineWord]) -> int:
    """Return how many words at the beginning only say that something is wanted."""
    text = "".join(f"{word.key.replace('’', "'")} " for word in words[:MOST_IN_SENTENCE])
    found = WISH.match(text)
    return found.group().count(" ") if found else 0
