import pytest

from bot.words import metrics
from fitness.metrics import COLUMNS, FIELDS, METRICS, SHARED_AT_FIRST, Made, Metric


@pytest.mark.parametrize(
    ("word", "metric"),
    [
        ("far", Metric.DISTANCE),
        ("km", Metric.DISTANCE),
        ("distance", Metric.DISTANCE),
        ("long", Metric.TIME),
        ("hours", Metric.TIME),
        ("sessions", Metric.COUNT),
        ("times", Metric.COUNT),
        ("kcal", Metric.CALORIES),
        ("pace", Metric.PACE),
    ],
)
def test_words_lead_to_one_metric(word, metric):
    assert metrics.BOARDS[word] is metric


def test_no_word_means_two_metrics_in_one_place():
    said = list(metrics._said())
    for where in metrics.WHERE:
        words = [word for _, place, word in said if place in {"", where}]
        assert len(words) == len(set(words)), where


def test_a_metric_is_stored_and_read_back_by_its_name():
    assert Metric("time") is Metric.TIME
    assert [METRICS[f"{metric}"] for metric in Metric] == list(Metric)


def test_what_is_shared_follows_the_metrics():
    assert list(SHARED_AT_FIRST) == ["sports", "time", "distance", "count", "points"]
    assert FIELDS[: len(SHARED_AT_FIRST)] == SHARED_AT_FIRST
    assert {"elevation", "steps", "calories", "titles"} < set(FIELDS)
    assert all(set(metric.fields) <= set(FIELDS) for metric in Metric)
    assert "pace" not in FIELDS


def test_what_is_added_up_has_a_column_unless_it_is_counted():
    without = [metric for metric in Metric if metric.made is Made.ADDED_UP and not metric.column]
    assert without == [Metric.COUNT]
    assert len(COLUMNS) == len(set(COLUMNS))


def test_a_goal_is_about_what_can_be_added_up():
    assert all(metric.is_sum for metric in Metric if metric.is_aim)
