"""The words for figures, and the places in which each is used: bot/languages/en/metrics.txt."""

from collections.abc import Iterator

from bot.languages.lists import read_lines
from fitness.metrics import METRICS, Metric

EVERYWHERE, ON_BOARDS, IN_QUESTIONS = "", "on boards", "in questions"
IN_SENTENCES, SHARING, AFTER_A_NUMBER = "in sentences", "when sharing", "after a number"
WHERE = (EVERYWHERE, ON_BOARDS, IN_QUESTIONS, IN_SENTENCES, SHARING, AFTER_A_NUMBER)


def list_metric_words(*where: str) -> dict[str, Metric]:
    """Return the words that mean a metric in one of these places or everywhere."""
    return {word: metric for metric, place, word in _said() if place in {EVERYWHERE, *where}}


def _said() -> Iterator[tuple[Metric, str, str]]:
    """Yield a metric, the place in which a word means it, and the word. Raises `ValueError` for a line
    with an unknown metric or place.
    """
    for metric in Metric:
        yield from ((metric, EVERYWHERE, word) for word in (metric.value, metric.sign) if word)
    for line in read_lines("metrics"):
        said, _, words = line.partition(":")
        name, _, where = said.partition(" ")
        if name not in METRICS or where not in WHERE:
            raise ValueError(f"metrics.txt says nothing about {said!r}")
        yield from ((METRICS[name], where, word) for word in words.split())


BOARDS = list_metric_words(ON_BOARDS)
QUESTIONS = list_metric_words(ON_BOARDS, IN_QUESTIONS)
SENTENCES = list_metric_words(IN_SENTENCES)
SHARED = list_metric_words(ON_BOARDS, SHARING)
COUNTED = {word: metric for word, metric in list_metric_words(AFTER_A_NUMBER).items() if metric.is_counted}
