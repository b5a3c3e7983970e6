"""Reads a command in a wish, after an article, or in the middle of words without meaning."""

from collections.abc import Sequence

from bot.arguments import MemberWanted
from bot.declaring.command import Command, commands
from bot.reading.command_names import (
    ARTICLES,
    COURTESY,
    FREE,
    MOST_READ,
    count_words_of_longest_name,
    drop_lead_of_name,
    fill_arguments,
    find_by_name,
    is_turned,
    may_make_no_group,
)
from bot.reading.frames import count_wish_words, is_one_person
from bot.reading.phrases import EVERYDAY, FILLERS
from bot.reading.readings import NotUnderstood, Reading, Understood
from bot.words.lines import LineWord

MOST_BARE = 2  # in a line of so few words even an everyday word is a command: "I'm sick"
ASK_FIRST = {"leave", "delete me", "unlink"}  # destructive commands that ask before they act
STATE = {"going", "doing", "looking", "track", "progress", "safe", "alive", "coming", "along"}


def read_wish(words: Sequence[LineWord]) -> Reading | None:
    """Read a wish with an exact command: "I want to start a new group", "please delete my account"."""
    spoken = [word for word in words if word.is_spoken]
    start = count_wish_words(spoken)
    rest = [word for word in spoken[start:] if word.key not in COURTESY]
    plain = [
        word
        for i, word in enumerate(rest)
        if word.key not in {"new", "all"} or i > count_words_of_longest_name(len(commands))
    ]
    bare = [
        word
        for i, word in enumerate(plain)
        if word.key not in ARTICLES or i > count_words_of_longest_name(len(commands))
    ]
    if not start and len(bare) == len(rest):
        return None
    for each in (rest, plain, bare):
        named = find_by_name(each)
        if named is None or may_make_no_group(rest):
            continue
        about_somebody = _is_about_somebody(*named)
        if named[0].name in EVERYDAY and not about_somebody:
            continue
        if named[0].destructive and not (_is_asked_for(spoken[:start]) and (about_somebody or _is_whole(*named, each))):
            continue
        rest_of_it = drop_lead_of_name(named[1])
        if all(word.key in FILLERS and word.raw.islower() for word in rest_of_it):
            rest_of_it = []  # "make a new group for us" has no name yet
        reading = fill_arguments(named[0], rest_of_it)
        if not isinstance(reading, NotUnderstood):
            return reading
    return None


def read_wish_about_somebody(words: Sequence[LineWord]) -> Reading | None:
    """Read a wish about one person who is named. It is read before similar chatter is considered."""
    reading = read_wish(words)
    if not isinstance(reading, Understood) or not any(
        each.required and each.kind is MemberWanted for each in reading.command.arguments
    ):
        return None
    return reading


def _is_asked_for(lead: Sequence[LineWord]) -> bool:
    """Return whether the words ask the bot for something: "I'll leave the group" and "let's" do not."""
    said = {word.key for word in lead}
    return not said & {"i'll", "i’ll", "lets", "let's", "let’s", "let", "lemme", "is", "going"} and bool(
        said & {"please", "pls", "plz", "you"} or (said & {"want", "wanna", "like", "need", "kindly", "love", "wish"})
    )


def _is_whole(command: Command, told: Sequence[LineWord], words: Sequence[LineWord]) -> bool:
    """Return whether the words are a longer name of a destructive command that asks before it acts: "leave group"."""
    return command.name in ASK_FIRST and not told and len(words) > 1


def _is_about_somebody(command: Command, told: Sequence[LineWord]) -> bool:
    """Return whether a command about a person has only a name as argument, a common one or with a
    capital: "please ban Colin".
    """
    must = [each for each in command.arguments if each.required and each.kind is MemberWanted]
    return bool(must and told) and is_one_person(command, told)


def read_without_articles(words: Sequence[LineWord]) -> Reading | None:
    """Read a line as if it had no articles: "start a group called Nine" begins with "start group"."""
    bare = [
        word
        for i, word in enumerate(words)
        if word.key not in ARTICLES or i > count_words_of_longest_name(len(commands))
    ]
    named = find_by_name(bare) if len(bare) < len(words) else None
    if named is None or named[0].destructive:
        return None
    named_so = named[0].name != "new group" or not named[1] or named[1][0].key != "for"
    reading = fill_arguments(
        named[0], drop_lead_of_name(named[1]) if named_so else []
    )  # "a group for my mates" has no name
    return None if isinstance(reading, NotUnderstood) else reading


def find_name_inside(words: Sequence[LineWord]) -> Reading | None:
    """Read a command whose name is anywhere in the line, if all other words are arguments or have no meaning:
    "last week's board".
    """
    if len(words) > MOST_READ:
        return None
    spoken = sum(word.is_spoken for word in words)
    for start in range(len(words)):
        for length in range(min(count_words_of_longest_name(len(commands)), len(words) - start), 0, -1):
            name = " ".join(word.key for word in words[start : start + length])
            found = commands.get(name) or (commands.get(name.removesuffix("'s")) if length == 1 else None)
            if is_turned(name, words[start + length :]) or may_make_no_group(words[start:]):
                continue
            if found is None or found.destructive or (length == 1 and name in EVERYDAY and spoken > MOST_BARE):
                continue
            reading = _told_around(found, words[:start], words[start + length :])
            if reading is not None:
                return reading
    return None


def _told_around(command: Command, before: Sequence[LineWord], after: Sequence[LineWord]) -> Reading | None:
    """Read the arguments around a command's name. Words before it may be arguments but no free text."""
    free = next((each for each in command.arguments if each.kind in FREE), None)
    if free is not None:
        if any(word.is_spoken and word.key not in FILLERS for word in before):
            return None
        reading = fill_arguments(command, drop_lead_of_name(after))
        if free.required or not isinstance(reading, Understood) or free.name not in reading.arguments:
            return None if isinstance(reading, NotUnderstood) else reading
        return None
    reading = fill_arguments(command, [*before, *after], FILLERS if command.name in EVERYDAY else FILLERS | STATE)
    return None if isinstance(reading, NotUnderstood) else reading
