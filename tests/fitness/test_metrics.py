import pytest

from bot import commands as _declared  # noqa: F401 - importing declares them
from bot.arguments.figures import read_amount
from bot.arguments.finding import make_word_reader
from bot.explained import explain_reading
from bot.reading.question_words import NO_FIGURE_IN_QUESTIONS, ROLES
from bot.words import metrics
from bot.words.lines import split_line
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


SHOWN = {  # what a member reads, as the texts of templates/en/chat/words call it
    Metric.COUNT: ("sessions",),
    Metric.ELEVATION: ("climbing", "metres climbed"),
    Metric.STREAK: ("weeks in a row",),
    Metric.IMPROVED: ("improvement", "most improved"),
}


@pytest.mark.parametrize(
    ("metric", "spoken"), [(metric, spoken) for metric in Metric for spoken in (metric.value, *SHOWN.get(metric, ()))]
)
def test_a_figure_is_understood_by_what_it_is_called(metric, spoken):
    lines = [f"lb {spoken}", f"who has the most {spoken}?"]
    lines += [f"me {spoken}", f"compare me and José {spoken}"] if metric.is_told_alone else []
    lines += [f"share {spoken} off"] if metric.value in FIELDS else []
    for line in lines:
        assert metric.value in explain_reading(line)["arguments"].values(), line


def test_of_two_figures_the_one_with_the_longer_name_is_read():
    read = make_word_reader({"time": "time", "moving_time": "moving", "moving_time_uphill": "uphill"})
    assert read(split_line("lb moving time run")) == ("moving", range(1, 3))
    assert read(split_line("my moving time uphill")) == ("uphill", range(1, 4))
    assert read(split_line("lb time moving")) == ("time", range(1, 2))
    assert read(split_line("moving")) is None


def test_no_word_for_a_figure_has_another_meaning_in_questions():
    words = {word: metric for word, metric in metrics.QUESTIONS.items() if "_" not in word}
    other = {word for word, metric in words.items() if ROLES[word] != ("metric", metric.value)}
    assert other == NO_FIGURE_IN_QUESTIONS


@pytest.mark.parametrize("metric", [metric for metric in Metric if metric.is_aim])
def test_a_goal_is_set_by_the_own_word_of_its_figure(metric):
    amount = {"duration": "20 hours", "far": "20 km", "climbed": "2000 m"}.get(metric.unit, "20")
    for between in (" ", " of ") if amount != "20" else (" ",):
        found = read_amount(split_line(f"{amount}{between}{metric.value} month"))
        assert found is not None
        assert found[0].kind == metric.value


def test_a_goal_in_metres_is_about_the_figure_that_is_named_after_it():
    assert read_amount(split_line("2000 m elevation gain month"))[0].kind == "elevation"
    assert read_amount(split_line("2000 m vert month"))[0].kind == "elevation"
    assert read_amount(split_line("2000 m climbed in may"))[0].kind == "elevation"
    assert read_amount(split_line("2000 m month"))[0].kind == "distance"
