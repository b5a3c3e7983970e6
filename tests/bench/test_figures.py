"""The arithmetic behind the benches' tables."""

from datetime import UTC, datetime, timedelta

import pytest

from bench.figures import least_gap, most_within, percentile, table
from simulator.twilio.values import PretendMessage

NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("seconds", "most"),
    [
        ([], 0),
        ([5], 1),
        ([0, 0.5, 0.99], 3),
        ([0, 0.5, 1.0], 2),  # the second one counts as over at its end
        ([0, 0.9, 1.8, 1.85, 1.89, 2.5], 4),
    ],
)
def test_the_most_within_a_second_wherever_it_begins(seconds, most):
    assert most_within([at(each) for each in seconds], timedelta(seconds=1)) == most


def test_the_least_gap_is_one_between_messages_to_one_person():
    sent = [sent_to("zoe", 0), sent_to("jose", 1), sent_to("zoe", 7), sent_to("jose", 7.5), sent_to("zoe", 20)]
    assert least_gap(sent) == 6.5
    assert least_gap(sent[:2]) == float("inf")


def test_percentiles_are_values_that_were_measured():
    values = [float(each) for each in range(1, 201)]
    assert [percentile(values, share) for share in (50, 95, 99, 100)] == [100, 190, 198, 200]
    assert percentile([7.0], 99) == 7


def test_a_table_is_as_wide_as_its_widest_cells():
    assert table([("fault", "lost"), ("Redis stopped", 0)]) == "fault          lost\nRedis stopped     0"


def sent_to(person: str, seconds: float) -> PretendMessage:
    return PretendMessage(f"SM{person}{seconds}", person, "bot", at(seconds))
