import pytest

from fitness.metrics import Metric


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
    ],
)
def test_words_lead_to_one_metric(word, metric):
    assert [found for found in Metric if word in found.words] == [metric]


def test_a_metric_is_stored_and_read_back_by_its_name():
    assert Metric("time") is Metric.TIME
    names = ["points", "time", "distance", "elevation", "count", "steps", "streak", "improved", "consistency"]
    assert [f"{metric}" for metric in Metric] == names
