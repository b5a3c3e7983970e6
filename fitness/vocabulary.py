"""How people write numbers, weekdays, months, years and times of day, as patterns for one or a few words."""

import re
from collections.abc import Sequence

MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

MONTHS = {
    **{name: number for number, name in enumerate(MONTH_NAMES, 1)},
    **{name[:3]: number for number, name in enumerate(MONTH_NAMES, 1)},
    "sept": 9,
}
WEEKDAYS = {
    **{name: number for number, name in enumerate(WEEKDAY_NAMES)},
    **{name[:3]: number for number, name in enumerate(WEEKDAY_NAMES)},
    "tues": 1,
    "weds": 2,
    "thur": 3,
    "thurs": 3,
}
_ONE_TO_TWELVE = "one two three four five six seven eight nine ten eleven twelve"
NUMBERS = {word: value for value, word in enumerate(_ONE_TO_TWELVE.split(), 1)}

_NUMBER_WORDS = "|".join(NUMBERS)
COUNT = rf"(?:[0-9]{{1,9}}|{_NUMBER_WORDS})"
DAY = rf"(?:[0-9]{{1,2}}(?:st|nd|rd|th)?|{_NUMBER_WORDS})"
MONTH = rf"(?:{'|'.join(MONTHS)})"
WEEKDAY = rf"(?:{'|'.join(WEEKDAYS)})"
YEAR = r"(?:20(?!00)[0-9]{2})"  # 2000 alone usually means steps or metres, not a year
# the day comes first, as most of the world writes; with dots only if a year or a dot at the end shows that it is no
# decimal
NUMERIC = r"(?:(?!24/7)[0-9]{1,2}/[0-9]{1,2}(?:/(?:20)?[0-9]{2})?|[0-9]{1,2}\.[0-9]{1,2}\.(?:20)?[0-9]{2})"
DOTTED = r"(?:[0-9]{1,2}\.[0-9]{1,2})"  # means a day only after "since", "from", "until"
ISO_MONTH = rf"(?:{YEAR}-(?:0[1-9]|1[0-2]))"
ISO = rf"(?:{YEAR}-[0-9]{{2}}-[0-9]{{2}})"
CLOCK = r"(?:[0-9]{1,2}(?::[0-9]{2}(?: ?[ap]m)?|h[0-9]{0,2}| ?[ap]m)|noon|midday|midnight)"


def read_number(word: str) -> int:
    """Return the value of "7", "7th" or "seven"."""
    return NUMBERS[word] if word in NUMBERS else int(word.rstrip("stndrh"))


def join_words(words: Sequence[str]) -> str:
    """Return the words as one text to search, each with a space before it."""
    return "".join(f" {word}" for word in words)


def find_matched_words(match: re.Match[str]) -> range:
    """Return the places of the words that a match in the searched line covers. The match must begin at a word."""
    first = match.string.count(" ", 0, match.start()) - 1
    return range(first, first + match.group().count(" ") + 1)
