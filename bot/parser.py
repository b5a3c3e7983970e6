"""A line becomes a command and what it was told, or a question, or nothing we know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from rapidfuzz import fuzz, process

from bot.arguments import CODE, ORDER, Argument, Person, Rest, Who
from bot.command import Command, commands
from bot.lines import POLITE, Word, words_of
from bot.phrases import EVERYDAY, FILLERS, FRAMES, GREETED, SENTENCES, WISH, Frame
from bot.questions import ROLES, read_question
from bot.slips import mended
from fitness.periods import BadPeriod, Period, find_period
from fitness.schedules import BadClock
from fitness.vocabulary import MONTHS

LIKE_ENOUGH = 84
WORTH_OFFERING = 60
MOST_COMPARED = 6  # words
MOST_OFFERS = 3
LONG_ENOUGH = 5
MOST_READ = 60  # words: a longer line is a letter, and only a name or a text may go on
MOST_BARE = 2  # words in which even an everyday word is a command: "I'm sick"
MOST_IN_SENTENCE = 10
MOST_GREETED = 5
MOST_KEPT = 80  # signs: what people type often is short


@dataclass(frozen=True)
class Understood:
    """A command and all that it needs. `guessed` is the word that was taken for the command, when it was not one."""

    command: Command
    arguments: Mapping[str, Any] = field(default_factory=dict)
    guessed: str | None = None


@dataclass(frozen=True)
class Unfinished:
    """A command that lacks something it must be told."""

    command: Command
    missing: Argument


@dataclass(frozen=True)
class NotUnderstood:
    """No command, or one with words that mean nothing to it. `why` is a plain sentence where there is one; `readings`
    are lines that each say one of the things that were perhaps meant; `either` is the word that has two meanings.
    """

    nearest: tuple[Command, ...] = ()
    strange: str = ""
    why: str = ""
    readings: tuple[str, ...] = ()
    either: str = ""


Reading = Understood | Unfinished | NotUnderstood


def understand(line: str) -> Reading:
    """Read one line. Never raises."""
    return _kept(line, len(commands)) if len(line) <= MOST_KEPT else _read(line)


def is_command(line: str) -> bool:
    """Whether a line begins with the exact name of a command."""
    return _named(_from_the_first_spoken(words_of(line))) is not None


def offers(reading: Reading) -> list[str]:
    """The lines that are offered where a line was not understood."""
    if not isinstance(reading, NotUnderstood):
        return []
    return list(reading.readings) or [each.name for each in reading.nearest]


@lru_cache(maxsize=20_000)
def _kept(line: str, _number_of_commands: int) -> Reading:
    """What people type is mostly what somebody typed before."""
    return _read(line)


def _read(line: str) -> Reading:
    words = _from_the_first_spoken(words_of(line))
    if not words:
        return NotUnderstood()
    return _framed(words) or _read_words(words)


def _read_words(words: Sequence[Word]) -> Reading:
    named = _named(words)
    told = _told(*named) if named else None
    if named and told is not None and not isinstance(told, NotUnderstood):
        strict = _is_meant(*named, told) if named[0].destructive else True
        return told if strict else _lost(words)
    for way in (_sentence, _greeting, _two_readings, _without_articles, _wish, _question, _inside, _only_a_code):
        reading = way(words)
        if reading is not None:
            return reading
    if named and told is not None and named[0].name not in (EVERYDAY - {"me"}) | _destructive_names():
        return _slipped(words) or told
    if named and isinstance(told, NotUnderstood) and told.why and not named[0].destructive:
        return told
    return _guessed(words)


def _from_the_first_spoken(words: Sequence[Word]) -> Sequence[Word]:
    """Drop the emoji before the first word. Where there is no word, they stay."""
    return words[next((i for i, word in enumerate(words) if word.is_spoken or word.key in commands), 0) :]


def _named(words: Sequence[Word]) -> tuple[Command, Sequence[Word]] | None:
    """The command whose name the line begins with, the longest name first."""
    for length in range(min(_longest(len(commands)), len(words)), 0, -1):
        name = " ".join(word.key for word in words[:length])
        if name in commands:
            return commands[name], words[length:]
    return None


def _is_meant(command: Command, words: Sequence[Word], told: Reading) -> bool:
    """Whether a line that begins with something destructive is no everyday sentence: "kick off is at 8".

    A person is meant by "@", by a capital or foreign letter, or by a word alone; "off", "it" and the like are nobody.
    """
    people = [each for each in command.arguments if each.kind in (Person, Who)]
    if not people or not words or isinstance(told, Unfinished):
        return True
    if any(word.raw.startswith(("@", "#")) for word in words):
        return True
    if words[0].key in NOBODY:
        return False
    return not words[0].raw[:1].islower() or len(words) == 1


def _framed(words: Sequence[Word]) -> Reading | None:
    """A line with a gap for what the command is told: "make Ben an admin"."""
    if len(words) > MOST_READ:
        return None
    spoken = [word for word in words if word.is_spoken]
    while len(spoken) > 1 and spoken[-1].key in COURTESY:
        spoken.pop()
    for start in {0, _wished(spoken)}:
        rest = spoken[start:]
        keys = [word.key.replace("’", "'") for word in rest]
        for frame in FRAMES.get(keys[0], ()) if keys else ():
            gap = frame.gap(keys)
            reading = _filled(frame, [rest[i] for i in gap]) if gap else None
            if reading is not None:
                return reading
    return None


def _filled(frame: Frame, gap: Sequence[Word]) -> Reading | None:
    """The frame's command, told what is in the gap; nothing where that is not all understood."""
    command = commands.get(frame.command)
    if command is None:
        return None
    if command.name == "help":
        return _help(command, gap)
    if any(each.kind is Who for each in command.arguments) and not _is_one_person(gap):
        return None
    reading = _told(command, gap)
    return reading if isinstance(reading, Understood) and reading.arguments else None


def _is_one_person(words: Sequence[Word]) -> bool:
    """Whether this names somebody: by "@", by capital letters, or by one word that means nothing else."""
    if words[0].raw.startswith(("@", "#")):
        return True
    if any(word.key in NOBODY or word.key in FILLERS or word.key in ROLES or word.key in commands for word in words):
        return False
    return len(words) == 1 or all(not word.raw[:1].islower() for word in words)


def _help(command: Command, topic: Sequence[Word]) -> Reading | None:
    """Help about a command, by its name; "how do I leave" asks how, and does not leave."""
    bare = " ".join(word.key for word in topic if word.key not in ARTICLES)
    for name in (bare, bare.removesuffix("s"), f"{bare}s"):
        found = commands.get(name)
        if found is not None:
            return Understood(command, {command.arguments[0].name: Rest(found.name)})
    return None


def _wished(words: Sequence[Word]) -> int:
    """How many words only say that something is wanted."""
    text = "".join(f"{word.key.replace('’', "'")} " for word in words[:MOST_IN_SENTENCE])
    found = WISH.match(text)
    return found.group().count(" ") if found else 0


def _wish(words: Sequence[Word]) -> Reading | None:
    """A wish, and then a command to the letter: "I want to start a new group", "please delete my account"."""
    spoken = [word for word in words if word.is_spoken]
    start = _wished(spoken)
    rest = [word for word in spoken[start:] if word.key not in COURTESY]
    plain = [word for i, word in enumerate(rest) if word.key not in {"new", "all"} or i > _longest(len(commands))]
    bare = [word for i, word in enumerate(plain) if word.key not in ARTICLES or i > _longest(len(commands))]
    if not start and len(bare) == len(rest):
        return None
    for each in (rest, plain, bare):
        named = _named(each)
        if named is None or named[0].name in EVERYDAY:
            continue
        if named[0].destructive and not (_is_asked_for(spoken[:start]) and _is_whole(*named, each)):
            continue
        reading = _told(named[0], _without_lead(named[1]))
        if not isinstance(reading, NotUnderstood):
            return reading
    return None


def _is_asked_for(lead: Sequence[Word]) -> bool:
    """Whether it is plainly asked of us: "I'll leave the group" and "let's" only tell."""
    said = {word.key for word in lead}
    return not said & {"i'll", "i’ll", "lets", "let's", "let’s", "let", "lemme", "is", "going"} and bool(
        said & {"please", "pls", "plz", "you"} or (said & {"want", "wanna", "like", "need"})
    )


def _is_whole(command: Command, told: Sequence[Word], words: Sequence[Word]) -> bool:
    """Whether the words are one of the longer names of a command that asks before it destroys: "leave group"."""
    return command.name in ASK_FIRST and not told and len(words) > 1


def _greeting(words: Sequence[Word]) -> Reading | None:
    """A greeting, and nothing that means anything: "hola amigo", "hi, is anyone there?"."""
    spoken = [word for word in words if word.is_spoken]
    for length in (2, 1):
        hello = _plain(spoken[:length])
        if len(spoken) <= length or not (SENTENCES.get(hello) == "start" or _is_hello(hello)):
            continue
        rest = spoken[length:]
        meant = _sentence(rest)
        if meant is not None:
            return meant
        if len(rest) <= MOST_GREETED and all(word.key in FILLERS or word.key in GREETED for word in rest):
            return Understood(commands["start"])
    return None


def _is_hello(word: str) -> bool:
    return word not in {"start", "menu", "unstop"} and word in commands and commands[word].name == "start"


def _sentence(words: Sequence[Word]) -> Reading | None:
    """A whole line that means one command, whatever its words mean elsewhere; days may be named with it."""
    if len(words) > MOST_IN_SENTENCE:
        return None
    whole = SENTENCES.get(_plain(words)) or SENTENCES.get(_plain([word for word in words if word.key not in COURTESY]))
    bare = SENTENCES.get(_plain([word for word in words if word.key not in FILLERS]))
    command = commands.get(whole or (bare if bare not in ONLY_WHOLE else None) or "")
    if command:
        return _told(command, [])
    try:
        found = find_period([word.key for word in words])
    except BadPeriod:
        return None
    left = [word for i, word in enumerate(words) if found and i not in found[1]]
    command = commands.get(SENTENCES.get(_plain(left), "")) if left else None
    dated = command and next((each.name for each in command.arguments if each.kind is Period), None)
    return Understood(command, {dated: found[0]}) if command and dated and found else None


def _without_articles(words: Sequence[Word]) -> Reading | None:
    """As if no article were there: "start a group called Nine" begins with "start group"."""
    bare = [word for i, word in enumerate(words) if word.key not in ARTICLES or i > _longest(len(commands))]
    named = _named(bare) if len(bare) < len(words) else None
    if named is None or named[0].destructive:
        return None
    reading = _told(named[0], _without_lead(named[1]))
    return None if isinstance(reading, NotUnderstood) else reading


def _question(words: Sequence[Word]) -> Reading | None:
    found = read_question([word for word in words if word.is_spoken])
    return Understood(found[0], found[1]) if found else None


def _inside(words: Sequence[Word]) -> Reading | None:
    """A name anywhere in a line of which all other words are its arguments, or carry nothing: "last week's board"."""
    if len(words) > MOST_READ:
        return None
    spoken = sum(word.is_spoken for word in words)
    for start in range(len(words)):
        for length in range(min(_longest(len(commands)), len(words) - start), 0, -1):
            name = " ".join(word.key for word in words[start : start + length])
            found = commands.get(name) or (commands.get(name.removesuffix("'s")) if length == 1 else None)
            if found is None or found.destructive or (length == 1 and name in EVERYDAY and spoken > MOST_BARE):
                continue
            reading = _told_around(found, words[:start], words[start + length :])
            if reading is not None:
                return reading
    return None


def _told_around(command: Command, before: Sequence[Word], after: Sequence[Word]) -> Reading | None:
    """What stands before the name may be arguments but no free text; a text may only follow."""
    free = next((each for each in command.arguments if each.kind in FREE), None)
    if free is not None:
        if any(word.is_spoken and word.key not in FILLERS for word in before):
            return None
        reading = _told(command, _without_lead(after))
        if free.required or not isinstance(reading, Understood) or free.name not in reading.arguments:
            return None if isinstance(reading, NotUnderstood) else reading
        return None
    reading = _told(command, [*before, *after], FILLERS if command.name in EVERYDAY else FILLERS | STATE)
    return None if isinstance(reading, NotUnderstood) else reading


def _without_lead(words: Sequence[Word]) -> Sequence[Word]:
    """Of "called Early Birds", the name is Early Birds."""
    start = next((i for i, word in enumerate(words) if word.key not in LEAD), len(words))
    return words[start:]


def _only_a_code(words: Sequence[Word]) -> Reading | None:
    """An invite code alone, as it was copied out of a message. It has a digit, or it would be a word."""
    key = words[0].key.upper()
    if len(words) > 1 or not CODE.fullmatch(key) or not any(sign.isdigit() for sign in key):
        return None
    return _told(commands["join"], words) if "join" in commands else None


def _two_readings(words: Sequence[Word]) -> Reading | None:
    """A month's name alone is that month, or the last thirty-one days."""
    spoken = [word.key for word in words if word.is_spoken and word.key not in POLITE]
    if len(spoken) == 1 and spoken[0] in MONTHS and len(spoken[0]) > 2:
        period = find_period(spoken)
        month = period[0].words if period else spoken[0]
        return NotUnderstood(either=words[0].raw, readings=(f"me {month}", "me last 31 days", f"leaderboard {month}"))
    return None


def _slipped(words: Sequence[Word]) -> Reading | None:
    """The line with its slips of the finger put right, if then all of it is understood."""
    found = mended(words) if len(words) <= MOST_READ else None
    if found is None:
        return None
    fresh, slip = found
    named = _named(fresh)
    if named and len(slip) < LONG_ENOUGH and any(each.kind in FREE and each.required for each in named[0].arguments):
        return None  # "nice one" is no slip of "nick One"
    reading = (_told(*named) if named and not named[0].destructive else None) or NotUnderstood()
    if isinstance(reading, NotUnderstood):
        reading = (_question(fresh) if len(words) > 1 else None) or _inside(fresh) or reading
    if not isinstance(reading, Understood) or reading.command.destructive:
        return None
    return Understood(reading.command, reading.arguments, guessed=slip)


def _guessed(words: Sequence[Word]) -> Reading:
    """A slip of the finger is forgiven, unless it could destroy something; else the nearest commands are offered."""
    for length in (2, 1):
        start = " ".join(word.key for word in words[:length])
        if len(start) < 4 or len(words) < length:
            continue
        near = process.extractOne(start, commands.keys(), scorer=fuzz.ratio, score_cutoff=LIKE_ENOUGH)
        if near and not commands[near[0]].destructive and not _everyday_pair(words[:length], near[0]):
            reading = _told(commands[near[0]], words[length:])
            if isinstance(reading, Understood):
                return Understood(reading.command, reading.arguments, guessed=start)
    return _slipped(words) or _lost(words)


def _everyday_pair(words: Sequence[Word], name: str) -> bool:
    """Whether a word is a common one by itself: "then" is no slip of "when"."""
    return len(words) == 1 and (words[0].key in FILLERS or (name in EVERYDAY and len(words[0].key) <= 4))


def _lost(words: Sequence[Word]) -> NotUnderstood:
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
                left = [word for i, word in enumerate(left) if i not in set(found[1])]
    except (BadPeriod, BadClock):
        return command.name
    return " ".join(said)


def _told(command: Command, words: Sequence[Word], empty: frozenset[str] | set[str] = POLITE) -> Reading:
    """Let each argument find its words, whatever their order; words that nobody wanted are strange."""
    arguments: dict[str, Any] = {}
    left = list(words)
    try:
        for argument in _in_order(command):
            found = argument.find(left if argument.kind in FREE else left[:MOST_READ])
            if found is not None and not _is_no_name(argument, left):
                arguments[argument.name] = found[0]
                left = [word for i, word in enumerate(left) if i not in set(found[1])]
    except (BadPeriod, BadClock) as error:
        return NotUnderstood((command,), why=str(error))
    strange = [word for word in left if word.is_spoken and word.key not in empty]
    if strange:
        return NotUnderstood((command,), strange=" ".join(word.raw for word in strange))
    missing = next((each for each in command.arguments if each.required and each.name not in arguments), None)
    return Unfinished(command, missing) if missing else Understood(command, arguments)


def _is_no_name(argument: Argument, words: Sequence[Word]) -> bool:
    """Whether what is left, and could be somebody's name though none must be told, is made of everyday words."""
    if argument.kind is not Person or argument.required or any(word.raw.startswith(("@", "#")) for word in words):
        return False
    if all(word.key in POLITE or word.key in COURTESY for word in words if word.is_spoken):
        return any(word.is_spoken for word in words)
    return any(word.key in commands or word.key in FILLERS - POLITE for word in words)


def _plain(words: Sequence[Word]) -> str:
    return " ".join(word.key.replace("’", "'") for word in words if word.is_spoken)


@lru_cache(maxsize=1_000)
def _in_order(command: Command) -> tuple[Argument, ...]:
    return tuple(sorted(command.arguments, key=lambda each: ORDER.index(each.kind)))


@cache
def _longest(_number: int) -> int:
    return max(len(name.split()) for name in commands)


def _destructive_names() -> set[str]:
    return {name for name, each in commands.items() if each.destructive}


NOBODY = frozenset(
    """
    off it all out in on up down back ass the this that these those him her them us me someone somebody anyone
    anybody everything everyone everybody
    window money points data jk lol haha kidding joke joking today tomorrow now early later soon my your our to
    for with and a an hills
    """.split()  # noqa: SIM905 - a list of sixty quoted words reads worse
)
STATE = {"going", "doing", "looking", "track", "progress", "safe", "alive", "coming", "along"}
ARTICLES = {"a", "an", "the", "my", "our"}
ASK_FIRST = {"leave", "delete me", "unlink"}  # destructive, but they ask before they do it
ONLY_WHOLE = {"start", "help", "stop"}
LEAD = {"called", "named", "call", "it", "the", "group"}
COURTESY = {
    "please",
    "pls",
    "plz",
    "thanks",
    "bot",
    "gruppetto",
    "now",
    "again",
    "then",
    "so",
    "ok",
    "okay",
    "lol",
    "rn",
}
FREE = (Person, Who, Rest)
TOLD_AGAIN = {"Period", "Sport", "Metric"}
