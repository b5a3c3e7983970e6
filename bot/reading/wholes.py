"""Reads lines that have a meaning as a whole: exact sentences, finished sessions, months, codes."""

from collections.abc import Sequence

from bot.arguments import CODE, LINK_CODE
from bot.declaring.command import commands
from bot.reading.command_names import COURTESY, fill_arguments, write_plainly
from bot.reading.frames import MOST_IN_SENTENCE
from bot.reading.phrases import FILLERS, SENTENCES
from bot.reading.readings import NotUnderstood, Reading, Understood
from bot.words.lines import POLITE, LineWord
from fitness.periods import BadPeriod, Period, find_period
from fitness.vocabulary import MONTHS, NUMBERS

ERASE = {"erase", "delete", "wipe"}
ERASABLE = ("exclude", "delete me", "unlink")  # an activity, everything, what came from Garmin
ONLY_WHOLE = {"start", "help", "stop"}
ABOUT_CODES = {"code", "join", "joining", "invite", "invited", "invitation", "link", "group", "in"}
AROUND_LINK_CODES = {"code", "the", "my", "is", "it's", "its", "here", "this", "garmin", "from", "page", "confirm"}
DID = frozenset(
    """
    ran rode swam walked hiked cycled biked jogged rowed did done went played skied lifted run paddled climbed made
    """.split()  # noqa: SIM905 - so many words in quotes would read worse
)
AROUND_DEEDS = frozenset(
    """
    i i've ive have just did done made went played it this morning evening afternoon of about some took
    """.split()  # noqa: SIM905 - so many words in quotes would read worse
)


def read_whole_sentence(words: Sequence[LineWord]) -> Reading | None:
    """Read a whole line that is an exact sentence for a command, perhaps with days."""
    if len(words) > MOST_IN_SENTENCE:
        return None
    whole = SENTENCES.get(write_plainly(words)) or SENTENCES.get(
        write_plainly([word for word in words if word.key not in COURTESY])
    )
    bare = SENTENCES.get(write_plainly([word for word in words if word.key not in FILLERS]))
    inexact = commands.get(bare or "") if bare not in ONLY_WHOLE else None
    command = commands.get(whole or "") or (inexact if inexact and not inexact.destructive else None)
    if command:
        return fill_arguments(command, [])
    try:
        found = find_period([word.key for word in words])
    except BadPeriod:
        return None
    left = [word for i, word in enumerate(words) if found and i not in found[1]]
    command = commands.get(SENTENCES.get(write_plainly(left), "")) if left else None
    dated = command and next((each.name for each in command.arguments if each.kind is Period), None)
    return Understood(command, {dated: found[0]}) if command and dated and found else None


def read_what_was_done(words: Sequence[LineWord]) -> Reading | None:
    """Read a line that only says what somebody did and how long it took: "ran 5k in 25 min"."""
    if not any(word.key in DID for word in words) or not any(
        word.key[:1].isdigit() or word.key in NUMBERS or word.key == "hour" for word in words
    ):
        return None
    reading = fill_arguments(commands["log"], [word for word in words if word.is_spoken], POLITE | AROUND_DEEDS)
    return reading if isinstance(reading, Understood) else None


def read_lone_code(words: Sequence[LineWord]) -> Reading | None:
    """Read an invite code alone or in a line about it: "Ben gave me this code: K7QX2M". It must have digits, or it
    could be a word.
    """
    codes = [word for word in words if CODE.fullmatch(word.key.upper()) and any(sign.isdigit() for sign in word.key)]
    codes = [word for word in codes if any(sign.isalpha() for sign in word.key) or len(words) == 1]
    about = len(words) <= 3 or any(word.key in ABOUT_CODES for word in words[:MOST_IN_SENTENCE])
    return fill_arguments(commands["join"], codes) if len(codes) == 1 and about and "join" in commands else None


def read_lone_link_code(words: Sequence[LineWord]) -> Reading | None:
    """Read a code of the link page, alone or with words without meaning: "the code is KTRWPX"."""
    codes = [word for word in words if LINK_CODE.fullmatch(word.key.upper())]
    beside = [word.plain for word in words if word.is_spoken and word not in codes]
    if len(codes) != 1 or any(word not in AROUND_LINK_CODES and word not in COURTESY for word in beside):
        return None
    return fill_arguments(commands["link garmin"], codes) if "link garmin" in commands else None


def ask_what_to_erase(words: Sequence[LineWord]) -> Reading | None:
    """Read "erase" or "delete" alone: nothing is erased, and the bot asks what is meant."""
    spoken = [word.key for word in words if word.is_spoken and word.key not in COURTESY]
    return NotUnderstood(either=words[0].raw, readings=ERASABLE) if len(spoken) == 1 and spoken[0] in ERASE else None


def ask_which_month(words: Sequence[LineWord]) -> Reading | None:
    """Read a month's name alone, which may mean that month or the last thirty-one days."""
    spoken = [word.key for word in words if word.is_spoken and word.key not in POLITE]
    if len(spoken) == 1 and spoken[0] in MONTHS and len(spoken[0]) > 2:
        period = find_period(spoken)
        month = period[0].words if period else spoken[0]
        return NotUnderstood(either=words[0].raw, readings=(f"me {month}", "me last 31 days", f"leaderboard {month}"))
    return None
