"""Reads a line: it becomes a command with its arguments, a command that lacks something, or is not understood."""

from collections.abc import Sequence
from functools import lru_cache

from bot.arguments import Person
from bot.declaring.command import Command, commands
from bot.languages.lists import READ, read_phrases
from bot.reading.command_names import (
    FREE,
    MOST_READ,
    fill_arguments,
    find_by_name,
    is_name_meant,
    is_of_something_else,
    may_make_no_group,
    write_plainly,
)
from bot.reading.frames import MOST_IN_SENTENCE, count_wish_words, read_frame
from bot.reading.guessing import guess_command, is_a_joke
from bot.reading.nearest import find_same_sentence
from bot.reading.offering import list_offers, offer_nearest
from bot.reading.parts import read_parts, split_into_parts
from bot.reading.phrases import EVERYDAY, FILLERS, GREETED, SENTENCES
from bot.reading.readings import NotUnderstood, Reading, Understood, Unfinished
from bot.reading.sentences import find_known_sentence, find_nearest_sentence, find_question, prefer_command
from bot.reading.slips import mend_slips
from bot.reading.wholes import (
    ask_what_to_erase,
    ask_which_month,
    read_lone_code,
    read_lone_link_code,
    read_what_was_done,
    read_whole_sentence,
)
from bot.reading.wishes import find_name_inside, read_wish, read_wish_about_somebody, read_without_articles
from bot.words.lines import LineWord, split_line
from messages.addresses import top_level
from messages.lookalikes import prototypes

__all__ = ["NotUnderstood", "Reading", "Understood", "Unfinished", "is_command", "list_offers", "understand", "warm_up"]
LONG_ENOUGH = 5
MOST_GREETED = 5
MOST_KEPT = 80  # results are cached for lines of up to so many characters; frequent lines are short
EVERY_WAY = read_phrases("every_way")


def understand(line: str, language: str = READ) -> Reading:
    """Read one line of a member who is written to in this language. Never raises."""
    return _kept(line, language, len(commands)) if len(line) <= MOST_KEPT else _read(line, language)


def warm_up() -> None:
    """Build all tables that are needed to read lines and names. This takes 0.8 s of CPU, which the first line would
    otherwise have to wait for.

    It is enough to call it once in a process; processes that it forks share the tables.
    """
    for line in EVERY_WAY:
        _read(line)
    prototypes()
    top_level()


def is_command(line: str, language: str = READ) -> bool:
    """Return whether a line begins with the exact name of a command, and the rest are its arguments."""
    named = find_by_name(_from_the_first_spoken(split_line(line, language)))
    return named is not None and not isinstance(fill_arguments(*named), NotUnderstood)


@lru_cache(maxsize=20_000)
def _kept(line: str, language: str, _number_of_commands: int) -> Reading:
    """Return the cached reading of a line, because most lines were typed before."""
    return _read(line, language)


def _read(line: str, language: str = READ) -> Reading:
    words = _from_the_first_spoken(split_line(line, language))
    if not words:
        return NotUnderstood()
    reading = read_frame(words) or _read_words(words)
    if isinstance(reading, NotUnderstood) and not reading.either:
        reading = _in_other_words(words, reading)
    return offer_nearest(words) if is_a_joke(reading, words) else reading


def _read_words(words: Sequence[LineWord]) -> Reading:
    unsaid = ask_what_to_erase(words)
    if unsaid is not None:
        return unsaid
    named = find_by_name(words)
    told = fill_arguments(*named) if named else None
    if named and told is not None and not isinstance(told, NotUnderstood):
        strict = is_name_meant(*named, told) and not is_of_something_else(words[0], named[1])
        strict = strict or not named[0].destructive
        return (_otherwise(*named, words) or told) if strict else _kindly(words) or offer_nearest(words)
    for way in (
        read_whole_sentence,
        read_lone_link_code,
        read_wish_about_somebody,
        _greeting,
        ask_which_month,
        _slipped,
        find_known_sentence,
        read_without_articles,
        read_wish,
        read_what_was_done,
        find_question,
        find_name_inside,
        read_lone_code,
    ):
        reading = way(words)
        if reading is not None:
            return reading
    if named and told is not None and named[0].name not in (EVERYDAY - {"me"}) | _destructive_names():
        return _slipped(words, loosely=True) or prefer_command(find_nearest_sentence(words)) or told
    if named and isinstance(told, NotUnderstood) and told.why and not named[0].destructive:
        return told
    reading = _slipped(words, loosely=True) or find_nearest_sentence(words) or guess_command(words)
    return offer_nearest(words) if reading == NotUnderstood() else reading


def _kindly(words: Sequence[LineWord]) -> Reading | None:
    """Read a line that begins like a destructive command but is one of our sentences: "leave my last run out"."""
    return read_whole_sentence(words) or prefer_command(find_known_sentence(words))


def _in_other_words(words: Sequence[LineWord], lost_for_now: Reading) -> Reading:
    """Read a line without the words of a wish ("I'd like to"), or only the one part of it that means a command."""
    spoken = [word for word in words if word.is_spoken][:MOST_READ]
    start = count_wish_words(spoken)
    if 0 < start < len(spoken):
        meant = read_frame(spoken[start:]) or _read_words(spoken[start:])
        if not isinstance(meant, NotUnderstood) and not meant.command.destructive:
            return meant
    named = find_by_name(words)
    parts = split_into_parts(words) if len(words) <= MOST_READ and not (named and named[0].destructive) else []
    return read_parts([read_frame(part) or _read_words(part) for part in parts]) or lost_for_now


def _from_the_first_spoken(words: Sequence[LineWord]) -> Sequence[LineWord]:
    """Return the words without emoji before the first word. If there is no word, the emoji stay."""
    return words[next((i for i, word in enumerate(words) if word.is_spoken or word.key in commands), 0) :]


def _greeting(words: Sequence[LineWord]) -> Reading | None:
    """Read a greeting that has nothing with a meaning after it: "hola amigo", "hi, is anyone there?"."""
    spoken = _greeted_briefly([word for word in words if word.is_spoken])
    for length in (2, 1):
        if len(spoken) <= length or not _begins_with_hello(spoken, length):
            continue
        rest = spoken[length:]
        meant = read_whole_sentence(rest) or (_read_words(rest) if len(rest) > 1 else None)
        if isinstance(meant, Understood) and not meant.command.destructive:
            return meant
        if len(rest) <= MOST_GREETED and all(word.key in FILLERS or word.key in GREETED for word in rest):
            return Understood(commands["start"])
    return None


def _greeted_briefly(spoken: list[LineWord]) -> list[LineWord]:
    """Return the words without all but the last few of many greetings, because each greeting needs another reading of
    the words after it.
    """
    begins, at = list[int](), 0
    while length := next((each for each in (2, 1) if _begins_with_hello(spoken[at : at + each], each)), 0):
        begins.append(at)
        at += length
    return spoken[begins[-MOST_GREETED] :] if len(begins) > MOST_GREETED else spoken


def _begins_with_hello(spoken: Sequence[LineWord], length: int) -> bool:
    """Return whether the first `length` words are a greeting."""
    hello = write_plainly(spoken[:length])
    return len(spoken) >= length and (SENTENCES.get(hello) == "start" or _is_hello(hello))


def _is_hello(word: str) -> bool:
    return word not in {"start", "menu", "unstop"} and word in commands and commands[word].name == "start"


def _otherwise(command: Command, rest: Sequence[LineWord], words: Sequence[LineWord]) -> Reading | None:
    """Read a line that begins with the name of a command by chance: "use miles, not km", "show my week"."""
    free = any(each.kind in FREE for each in command.arguments)
    everyday = words[0].key in EVERYDAY - {"me"}
    if (
        command.destructive
        or not rest
        or command.name == "rivalry"
        or len(words) > MOST_IN_SENTENCE
        or not (free or everyday)
    ):
        return None
    shows = command.name == "stats" and words[0].key == "show"
    if shows or may_make_no_group(words):
        shown = _shown(command, rest)
        if shows or shown or words[1].key != "the":
            return shown or (None if shows else offer_nearest(rest))
    put_right = mend_slips(words)
    reading = find_same_sentence(words) or (find_same_sentence(put_right[0]) if put_right else None)
    if isinstance(reading, NotUnderstood) and not reading.readings:
        return reading
    if free and isinstance(reading, Understood) and reading.command is not command:
        return reading
    if isinstance(reading, Unfinished) and reading.command is command and command.name == "use":
        return reading  # "switch group" names no group
    return _beside_a_name(command, put_right, words) if put_right and free else None


def _shown(command: Command, rest: Sequence[LineWord]) -> Reading | None:
    """Read what to show, if it is no person: "show my week", "show members"."""
    reading = _read_words(rest)
    if not isinstance(reading, Understood) or reading.command.destructive:
        return None
    return None if reading.guessed and reading.command is command else reading


def _beside_a_name(
    command: Command, put_right: tuple[list[LineWord], str], words: Sequence[LineWord]
) -> Reading | None:
    """Read a command with a name, if only small words beside the name have typos: "compare me wiht Tom"."""
    fresh, slip = put_right
    mistyped = [new for new, old in zip(fresh, words, strict=True) if new != old]
    if not any(each.kind is Person for each in command.arguments) or any(word.key not in FILLERS for word in mistyped):
        return None
    named = find_by_name(fresh)
    reading = fill_arguments(*named) if named and named[0] is command else None
    return Understood(command, reading.arguments, guessed=slip) if isinstance(reading, Understood) else None


def _slipped(words: Sequence[LineWord], *, loosely: bool = False) -> Reading | None:
    """Read the line with its typos corrected; None if not all of it is understood then."""
    found = mend_slips(words) if len(words) <= MOST_READ else None
    if found is None:
        return None
    fresh, slip = found
    named = find_by_name(fresh)
    if (
        named
        and len(slip) < LONG_ENOUGH
        and sorted(slip) != sorted(fresh[0].key)
        and any(each.kind in FREE and each.required for each in named[0].arguments)
    ):
        return None  # "nice one" is no typo of "nick One"
    told = (_otherwise(*named, fresh) or fill_arguments(*named)) if named and not named[0].destructive else None
    reading: Reading | None = told if isinstance(told, Understood) else None
    for way in (
        read_whole_sentence,
        find_known_sentence,
        read_what_was_done,
        find_question,
        find_name_inside,
        find_nearest_sentence if loosely else _nothing,
    ):
        reading = reading or way(fresh)
    reading = reading or told
    if not isinstance(reading, Understood) or reading.command.destructive:
        return None
    return Understood(reading.command, reading.arguments, guessed=slip)


def _nothing(_: Sequence[LineWord]) -> Reading | None:
    return None


def _destructive_names() -> set[str]:
    return {name for name, each in commands.items() if each.destructive}
