"""Finds amounts in a line of words: "45 min", "1h30", "8.1 km", "5k", "120 points"."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from fitness.vocabulary import NUMBERS, WEEKDAYS, find_matched_words, join_words

MILE, YARD, FOOT = 1_609.344, 0.9144, 0.3048  # metres: the international yard of 1959

# Groups of three digits after one to three are thousands: "1,000", "1.000" and "1'000" are all one thousand, and
# "1,000.5" is half more. "0.500" begins with a zero, so it is a half.
_GROUPED = (
    r"[1-9][0-9]{0,2}"
    r"(?:(?:,[0-9]{3})+(?:\.[0-9]{1,3})?|(?:\.[0-9]{3})+(?:,[0-9]{1,3})?|(?:['’][0-9]{3})+(?:[.,][0-9]{1,3})?)"
)
_NUMBER = rf"(?P<number>{_GROUPED}(?![0-9])|[0-9]{{1,6}}(?:[.,][0-9]{{1,3}})?)"
_THOUSANDS = r"[1-9][0-9]{0,2}[.,'’][0-9]{3}"
_RACED = {"42.195", "42,195", "21.097", "21,097", "21.098", "21,098"}  # kilometres: a marathon, and half of it
_HOURS = r"(?:h|hr|hrs|hour|hours|std)"
_MINUTES = r"(?:m|min|mins|minute|minutes|')"
_SECONDS = r"(?:s|sec|secs|second|seconds)"
_METRES = {
    **dict.fromkeys(("km", "kms", "k", "kilometre", "kilometres", "kilometer", "kilometers"), 1_000.0),
    **dict.fromkeys(("mi", "mile", "miles"), MILE),
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters"), 1.0),
    **dict.fromkeys(("yd", "yds", "yard", "yards"), YARD),
}
# In "30 min 1 km" the distance is no part of the time; "1h 30 m" is an hour and a half.
_NO_WAY = rf"(?! ?(?:{'|'.join(sorted(_METRES.keys() - {'m'}, key=len, reverse=True))})(?!\S))"
_NO_CLOCK = "".join(f"(?<! {word} )" for word in (*WEEKDAYS, "at"))  # "sun 18:00" is a time of day
_LENGTHS = (
    re.compile(r"(?<= )(?P<h>[0-9]{1,2}):(?P<m>[0-5][0-9]):(?P<s>[0-5][0-9])(?!\S)"),
    re.compile(
        rf"(?<= )(?P<h>{_THOUSANDS}|[0-9]{{1,4}}) ?{_HOURS}"
        rf"(?: ?(?:and )?(?P<m>[0-9]{{1,2}}){_NO_WAY} ?{_MINUTES}?)?(?!\S)"
    ),
    re.compile(rf"(?<= )(?P<d>[0-9]{{1,3}}[.,][0-9]{{1,2}}) ?{_HOURS}(?!\S)"),
    re.compile(
        rf"(?<= )(?P<m>{_THOUSANDS}|[0-9]{{1,4}}) ?{_MINUTES}"
        rf"(?: ?(?:and )?(?P<s>[0-9]{{1,2}}){_NO_WAY} ?{_SECONDS}?)?(?!\S)"
    ),
    # "52:30" is minutes and seconds; "1:30" could be either, and is read as hours and minutes, which is more common
    re.compile(rf"{_NO_CLOCK}(?<= )(?P<m>[1-9][0-9]):(?P<s>[0-5][0-9])(?!\S)"),
    re.compile(rf"{_NO_CLOCK}(?<= )(?P<h>[1-9]):(?P<m>[0-5][0-9])(?!\S)"),
    re.compile(r"(?<= )(?P<half>half an?) hour(?!\S)"),
    re.compile(r"(?<= )(?P<hour>an?) hour(?P<andhalf> and a half)?(?!\S)"),
)
_DISTANCE = re.compile(rf"(?<= ){_NUMBER} ?(?P<unit>{'|'.join(sorted(_METRES, key=len, reverse=True))})(?!\S)")
_UP = r"(?:climb|climbing|up|ascent|elevation|vert|vertical)"
_CLIMB = re.compile(rf"(?<= ){_NUMBER} ?(?P<unit>m|metres|meters|ft|feet)(?: of)? {_UP}(?!\S)")


def find_length(words: Sequence[str]) -> tuple[int, range] | None:
    """Find a length of time such as "45 min", "1h30" or "1:05:00". Returns seconds and the places of
    its words, or None.
    """
    text = join_words(words)
    match = next((found for pattern in _LENGTHS if (found := pattern.search(text))), None)
    return None if match is None else (_seconds(match), find_matched_words(match))


def find_distance(words: Sequence[str]) -> tuple[float, range] | None:
    """Find the distance of a session, such as "8.1 km", "5k" or "3 miles". Returns metres and the places of its words,
    or None. No session is a thousand kilometres long, so "8.125 km" has three decimals; "12,500 m" are thousands.
    """
    match = _DISTANCE.search(join_words(words))
    if match is None:
        return None
    number, metres = match["number"], _METRES[match["unit"]]
    is_decimal = metres >= _METRES["km"] and re.fullmatch(r"[0-9]{1,3}[.,][0-9]{3}", number)
    return (_decimal(number) if is_decimal else _count(number)) * metres, find_matched_words(match)


def find_amount(words: Sequence[str], counted: Mapping[str, str]) -> tuple[str, float, range] | None:
    """Return a goal's kind and amount: metres of "distance" or "elevation", seconds of "time", or a
    number of "points" and the like.

    `counted` has the words for figures whose amount is a plain number, with their kind: {"pts": "points"}.
    """
    if match := _CLIMB.search(join_words(words)):
        return (
            "elevation",
            _count(match["number"]) * (FOOT if match["unit"][0] == "f" else 1.0),
            find_matched_words(match),
        )
    if match := _counted(tuple(counted)).search(join_words(words)):
        return str(counted[match["unit"].replace(" ", "_")]), _count(match["number"]), find_matched_words(match)
    if match := _DISTANCE.search(join_words(words)):
        number = _decimal(match["number"]) if match["number"] in _RACED else _count(match["number"])
        return "distance", number * _METRES[match["unit"]], find_matched_words(match)
    if length := find_length(words):
        return "time", float(length[0]), length[1]
    return None


@lru_cache
def _counted(units: tuple[str, ...]) -> re.Pattern[str]:
    spoken = "|".join(sorted((unit.replace("_", " ") for unit in units), key=len, reverse=True))
    return re.compile(rf"(?<= ){_NUMBER} ?(?P<unit>{spoken})(?!\S)")


def find_number(words: Sequence[str]) -> tuple[float, range] | None:
    """Find the first number without a unit: "12", "7.5", "1,000", "seven". Returns it and the place of its word, or
    None.
    """
    for i, word in enumerate(words):
        if re.fullmatch(_NUMBER, word):
            return _count(word), range(i, i + 1)
        if word in NUMBERS:
            return float(NUMBERS[word]), range(i, i + 1)
    return None


def _decimal(text: str) -> float:
    return float(text.replace(",", "."))


def _count(text: str) -> float:
    """A number as it is written in any country, with or without groups of thousands."""
    if not re.fullmatch(_GROUPED, text):
        return _decimal(text)
    mark = re.sub("[0-9]", "", text)  # between the groups, and perhaps another one before the decimals
    whole, decimals = text.rsplit(mark[-1], 1) if len(set(mark)) > 1 else (text, "0")
    return float(f"{re.sub('[^0-9]', '', whole)}.{decimals}")


def _seconds(match: re.Match[str]) -> int:
    parts = match.groupdict()
    if "half" in parts:
        return 1_800
    if "hour" in parts:
        return 5_400 if parts["andhalf"] else 3_600
    if "d" in parts:
        return round(float(parts["d"].replace(",", ".")) * 3_600)
    return (
        3_600 * round(_count(parts.get("h") or "0"))
        + 60 * round(_count(parts.get("m") or "0"))
        + int(parts.get("s") or 0)
    )
