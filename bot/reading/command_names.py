"""Reads a command by its name and arguments. Each argument finds its words, and no word may be left over."""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from bot.arguments import ORDER, Argument, MemberWanted, Person, Rest
from bot.declaring.command import Command, commands
from bot.reading.phrases import FILLERS
from bot.reading.readings import NotUnderstood, Reading, Understood, Unfinished
from bot.words.english import is_common_name
from bot.words.lines import POLITE, LineWord, drop_places
from fitness.periods import BadPeriod
from fitness.schedules import BadClock

MOST_READ = 60  # words; after these only a name or a text may follow
FREE = (Person, MemberWanted, Rest)
COURTESY = frozenset("please pls plz thanks bot gruppetto now again then so ok okay lol rn".split())  # noqa: SIM905
ARTICLES = {"a", "an", "the", "my", "our"}
LEAD = {"called", "named", "call", "it", "the", "group"}
SOMETHING = ARTICLES | {"your", "this", "that", "these", "yourself", "me", "it", "him", "her", "them", "us"}
GROUPS = {"group", "club", "team", "crew", "gang", "squad"}
ABSENCES = {"away", "sick", "injured"}
# Words that may be added to the days of an absence: "away over christmas, 22 dec to 2 jan".
BESIDE = frozenset(
    """
    over christmas xmas easter holiday holidays hols vacation work business family trip skiing camping hiking travelling
    abroad flu cold fever covid knee ankle back calf foot still again probably maybe at least about i i'm im be will
    """.split()  # noqa: SIM905 - so many words in quotes would read worse
)
NOBODY = frozenset(
    """
    off it all out in on up down back ass the this that these those him her them us me someone somebody anyone
    anybody everything everyone everybody
    window money points data jk lol haha kidding joke joking today tomorrow now early later soon my your our to
    for with and a an hills
    """.split()  # noqa: SIM905 - a list of sixty quoted words reads worse
)


def find_by_name(words: Sequence[LineWord]) -> tuple[Command, Sequence[LineWord]] | None:
    """Return the command with whose name the line begins, the longest name first, and the other words; else None."""
    for length in range(min(count_words_of_longest_name(len(commands)), len(words)), 0, -1):
        name = " ".join(word.key for word in words[:length])
        if is_turned(name, words[length:]):
            return None
        if name in commands:
            return commands[name], words[length:]
    return None


def fill_arguments(command: Command, words: Sequence[LineWord], empty: frozenset[str] | set[str] = POLITE) -> Reading:
    """Let each argument find its words, in any order. Words that no argument takes are strange."""
    arguments: dict[str, Any] = {}
    left = list(words)
    try:
        for argument in _in_order(command):
            found = argument.find(left if argument.kind in FREE else left[:MOST_READ])
            if found is not None and not _is_no_name(argument, left) and not _is_no_text(argument, left):
                arguments[argument.name] = found[0]
                left = drop_places(left, found[1])
    except (BadPeriod, BadClock) as error:
        return NotUnderstood((command,), why=error.why)
    beside = BESIDE if command.name in ABSENCES else frozenset()
    strange = [word for word in left if word.is_spoken and word.key not in empty and word.key not in beside]
    if strange:
        return NotUnderstood((command,), strange=" ".join(word.raw for word in strange))
    missing = next((each for each in command.arguments if each.required and each.name not in arguments), None)
    return Unfinished(command, missing) if missing else Understood(command, arguments)


def _is_no_text(argument: Argument, words: Sequence[LineWord]) -> bool:
    """Return whether an optional text would get only words without meaning: "set timezone to London"."""
    return argument.kind is Rest and not argument.required and all(word.key in POLITE for word in words)


def _is_no_name(argument: Argument, words: Sequence[LineWord]) -> bool:
    """Return whether an optional name would get only everyday words."""
    if argument.kind is MemberWanted and not argument.required:  # "leave please" names nobody
        return all(word.key in COURTESY for word in words if word.is_spoken)
    if argument.kind is not Person or argument.required or any(word.raw.startswith(("@", "#")) for word in words):
        return False
    if all(word.key in POLITE or word.key in COURTESY for word in words if word.is_spoken):
        return any(word.is_spoken for word in words)
    return any(word.key in commands or word.key in FILLERS - POLITE for word in words)


def is_of_something_else(first: LineWord, rest: Sequence[LineWord]) -> bool:
    """Return whether "rename" or "describe" is not about a group: "rename the file to Foo", "describe yourself"."""
    if first.key not in {"rename", "describe"} or not rest or not rest[0].raw.islower():
        return False
    return rest[0].key in SOMETHING and GROUPS.isdisjoint(word.key for word in rest)


def is_turned(name: str, after: Sequence[LineWord]) -> bool:
    """Return whether "switch" means switching something on or off, not another group: "switch on approval"."""
    return name == "switch" and bool(after) and after[0].key in {"on", "off"}


def may_make_no_group(words: Sequence[LineWord]) -> bool:
    """Return whether something else than a group may be meant: "create a qr code"."""
    rest = words[1:]
    about_groups = not GROUPS.isdisjoint(word.key for word in rest)
    return words[0].key == "create" and bool(rest) and rest[0].key in ARTICLES and not about_groups


def write_plainly(words: Sequence[LineWord]) -> str:
    return " ".join(word.plain for word in words if word.is_spoken)


def drop_lead_of_name(words: Sequence[LineWord]) -> Sequence[LineWord]:
    """Return the words without a lead: for "called Early Birds" they are Early Birds."""
    start = next((i for i, word in enumerate(words) if word.key not in LEAD), len(words))
    return words[start:]


@lru_cache(maxsize=1_000)
def _in_order(command: Command) -> tuple[Argument, ...]:
    return tuple(sorted(command.arguments, key=lambda each: ORDER.index(each.kind)))


@cache
def count_words_of_longest_name(_number: int) -> int:
    return max(len(name.split()) for name in commands)


def is_name_meant(command: Command, words: Sequence[LineWord], told: Reading) -> bool:
    """Return whether a line that begins with a destructive command means it, and is no everyday
    sentence: "kick off is at 8".

    A person must be named by "@", by a capital or foreign letter, or by a common name alone.
    """
    if command.name == "stop":  # "end of", "quit by"
        return all(word.key in COURTESY | {"thanks", "thank", "you"} for word in words if word.is_spoken)
    people = [each for each in command.arguments if each.kind in (Person, MemberWanted)]
    if not people or not words or isinstance(told, Unfinished):
        return True
    if any(word.raw.startswith(("@", "#")) for word in words):
        return True
    if words[0].key in NOBODY:
        return False
    if not words[0].raw[:1].islower():
        return True
    # "ban plastic" bans nobody: a name in small letters must be a common one; any other name needs "@"
    return len(words) == 1 and (not people[0].required or is_common_name(words[0].key))
