"""Finds lengths of time, distances, counts, and the subject of a challenge anywhere in a line. Each function returns
the value and the places of its words, or None.
"""

import re
from collections.abc import Sequence

from bot.arguments.days import make_reader_of_number
from bot.arguments.finding import find_phrase
from bot.arguments.spoken import Found
from bot.arguments.values import Amount, Distance, Length, Number, Percent, Uses
from bot.words.lines import LineWord
from bot.words.metrics import BOARDS, COUNTED
from fitness.amounts import find_amount, find_distance, find_length, find_number
from fitness.challenges import Contest
from fitness.metrics import METRICS
from fitness.routes import find_route
from fitness.vocabulary import NUMBERS

AIMS = {spoken: metric for spoken, metric in BOARDS.items() if metric.is_aim}
UNITS = {"duration": "seconds", "far": "metres", "climbed": "metres"}  # in what the amount of such a figure is counted


def read_length(words: Sequence[LineWord]) -> Found | None:
    """Find a length of time, in seconds: "45 min"."""
    found = find_length([word.key for word in words])
    return None if found is None else (Length(found[0]), found[1])


def read_distance(words: Sequence[LineWord]) -> Found | None:
    """Find a distance, in metres: "8.1 km"."""
    found = find_distance([word.key for word in words])
    return None if found is None else (Distance(found[0]), found[1])


def read_number(words: Sequence[LineWord]) -> Found | None:
    """Find a number, whole or not."""
    found = find_number([word.key for word in words])
    return None if found is None else (Number(found[0]), found[1])


def read_amount(words: Sequence[LineWord]) -> Found | None:
    """Find an amount: metres, seconds, points, sessions or steps. A figure named after it says what it is an amount of:
    "2000 m ascent".
    """
    keys = [word.key for word in words]
    found = find_amount(keys, COUNTED)
    if found is None:
        return None
    kind, size, places = found
    start = places.stop + (keys[places.stop : places.stop + 1] == ["of"])
    named = find_phrase(keys, start, AIMS, len(keys))
    metric = AIMS["_".join(keys[named.start : named.stop])] if named else None
    if named and metric and UNITS.get(metric.unit) == UNITS.get(METRICS[kind].unit, ""):
        return Amount(metric.value, size), range(places.start, named.stop)
    return Amount(kind, size), places


def read_uses(words: Sequence[LineWord]) -> Found | None:
    """Find a number of people: "10 people", "once"."""
    found = make_reader_of_number("x|uses?|people|persons?|times|friends?")(words)
    if found is None:
        return next(((Uses(1), [i]) for i, word in enumerate(words) if word.key == "once"), None)
    return Uses(found[0][0]), found[1]


def read_percent(words: Sequence[LineWord]) -> Found | None:
    """Find a whole number, perhaps with a percent sign."""
    for i, word in enumerate(words):
        if found := re.fullmatch(r"([0-9]{1,4})%?", word.key):
            return Percent(found[1]), [i]
    return None


def read_whole_number(words: Sequence[LineWord]) -> Found | None:
    """Find a whole number, in digits or as a word."""
    for i, word in enumerate(words):
        if re.fullmatch(r"[0-9]{1,4}", word.key):
            return int(word.key), [i]
    return next(((NUMBERS[word.key], [i]) for i, word in enumerate(words) if word.key in NUMBERS), None)


def read_route(words: Sequence[LineWord]) -> Found | None:
    """Find a route for a challenge."""
    return find_route([word.key for word in words])


def read_contest(words: Sequence[LineWord]) -> Found | None:
    """Find the kind of a contest, such as "streak" or "most improved"; "most" counts only if nothing else is found."""
    meant = {spoken: contest for contest in Contest for spoken in (contest.value, *contest.words)}
    places = [i for i, word in enumerate(words) if word.key in meant]
    found = sorted((meant[words[i].key] for i in places), key=lambda contest: contest is Contest.MOST)
    return (found[0], places) if found else None
