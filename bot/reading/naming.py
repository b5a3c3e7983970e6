"""A command by its name, and what it is told: each argument finds its words, and none may be left over."""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from bot.arguments import ORDER, Argument, Person, Rest, Who
from bot.declaring.command import Command, commands
from bot.reading.phrases import FILLERS
from bot.reading.readings import NotUnderstood, Reading, Understood, Unfinished
from bot.words.english import is_common_name
from bot.words.lines import POLITE, Word, without
from fitness.periods import BadPeriod
from fitness.schedules import BadClock

MOST_READ = 60  # words: a longer line is a letter, and only a name or a text may go on
FREE = (Person, Who, Rest)
COURTESY = frozenset("please pls plz thanks bot gruppetto now again then so ok okay lol rn".split())  # noqa: SIM905
ARTICLES = {"a", "an", "the", "my", "our"}
LEAD = {"called", "named", "call", "it", "the", "group"}
SOMETHING = ARTICLES | {"your", "this", "that", "these", "yourself", "me", "it", "him", "her", "them", "us"}
GROUPS = {"group", "club", "team", "crew", "gang", "squad"}
ABSENCES = {"away", "sick", "injured"}
# What may be said of an absence beside its days: "away over christmas, 22 dec to 2 jan".
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


def by_name(words: Sequence[Word]) -> tuple[Command, Sequence[Word]] | None:
    """The command whose name the line begins with, the longest name first."""
    for length in range(min(longest_name(len(commands)), len(words)), 0, -1):
        name = " ".join(word.key for word in words[:length])
        if is_turned(name, words[length:]):
            return None
        if name in commands:
            return commands[name], words[length:]
    return None


def told_all(command: Command, words: Sequence[Word], empty: frozenset[str] | set[str] = POLITE) -> Reading:
    """Let each argument find its words, whatever their order; words that nobody wanted are strange."""
    arguments: dict[str, Any] = {}
    left = list(words)
    try:
        for argument in _in_order(command):
            found = argument.find(left if argument.kind in FREE else left[:MOST_READ])
            if found is not None and not _is_no_name(argument, left) and not _is_no_text(argument, left):
                arguments[argument.name] = found[0]
                left = without(left, found[1])
    except (BadPeriod, BadClock) as error:
        return NotUnderstood((command,), why=error.why)
    beside = BESIDE if command.name in ABSENCES else frozenset()
    strange = [word for word in left if word.is_spoken and word.key not in empty and word.key not in beside]
    if strange:
        return NotUnderstood((command,), strange=" ".join(word.raw for word in strange))
    missing = next((each for each in command.arguments if each.required and each.name not in arguments), None)
    return Unfinished(command, missing) if missing else Understood(command, arguments)


def _is_no_text(argument: Argument, words: Sequence[Word]) -> bool:
    """Whether words that carry nothing are all that is left for a text that need not be: "set timezone to London"."""
    return argument.kind is Rest and not argument.required and all(word.key in POLITE for word in words)


def _is_no_name(argument: Argument, words: Sequence[Word]) -> bool:
    """Whether what is left, and could be somebody's name though none must be told, is made of everyday words."""
    if argument.kind is Who and not argument.required:  # "leave please" names nobody
        return all(word.key in COURTESY for word in words if word.is_spoken)
    if argument.kind is not Person or argument.required or any(word.raw.startswith(("@", "#")) for word in words):
        return False
    if all(word.key in POLITE or word.key in COURTESY for word in words if word.is_spoken):
        return any(word.is_spoken for word in words)
    return any(word.key in commands or word.key in FILLERS - POLITE for word in words)


def is_of_something_else(first: Word, rest: Sequence[Word]) -> bool:
    """Whether a lone "rename" or "describe" is about no group: "rename the file to Foo", "describe yourself"."""
    if first.key not in {"rename", "describe"} or not rest or not rest[0].raw.islower():
        return False
    return rest[0].key in SOMETHING and GROUPS.isdisjoint(word.key for word in rest)


def is_turned(name: str, after: Sequence[Word]) -> bool:
    """Whether "switch" names no group to switch to: "switch on approval"."""
    return name == "switch" and bool(after) and after[0].key in {"on", "off"}


def makes_no_group(words: Sequence[Word]) -> bool:
    """Whether what is to be made is perhaps no group: "create a qr code"."""
    rest = words[1:]
    about_groups = not GROUPS.isdisjoint(word.key for word in rest)
    return words[0].key == "create" and bool(rest) and rest[0].key in ARTICLES and not about_groups


def plain(words: Sequence[Word]) -> str:
    return " ".join(word.plain for word in words if word.is_spoken)


def without_lead(words: Sequence[Word]) -> Sequence[Word]:
    """Of "called Early Birds", the name is Early Birds."""
    start = next((i for i, word in enumerate(words) if word.key not in LEAD), len(words))
    return words[start:]


@lru_cache(maxsize=1_000)
def _in_order(command: Command) -> tuple[Argument, ...]:
    return tuple(sorted(command.arguments, key=lambda each: ORDER.index(each.kind)))


@cache
def longest_name(_number: int) -> int:
    return max(len(name.split()) for name in commands)


def is_meant(command: Command, words: Sequence[Word], told: Reading) -> bool:
    """Whether a line that begins with something destructive is no everyday sentence: "kick off is at 8".

    A person is meant by "@", by a capital or foreign letter, or by a common name alone.
    """
    if command.name == "stop":  # "end of", "quit by"
        return all(word.key in COURTESY | {"thanks", "thank", "you"} for word in words if word.is_spoken)
    people = [each for each in command.arguments if each.kind in (Person, Who)]
    if not people or not words or isinstance(told, Unfinished):
        return True
    if any(word.raw.startswith(("@", "#")) for word in words):
        return True
    if words[0].key in NOBODY:
        return False
    if not words[0].raw[:1].islower():
        return True
    # "ban plastic" bans nobody: a name in small letters must be one that is known, "@" says any other
    return len(words) == 1 and (not people[0].required or is_common_name(words[0].key))
