"""The drill notices if one rule is broken, for each rule; and a run that keeps all rules passes."""

from dataclasses import replace

import pytest

from bench.speed import MOST, ProcessorTime, measure_slowness, read_processor_time
from bench.verdict import Answer, Counted, Findings, Logged, Trouble, breaches, count

CALM = Trouble("nothing", began=0, over=100, back=100)
OUTAGE = Trouble("worker away", began=1000, is_outage=True, names=("worker",), over=1060, back=1064, noticed=40)
STOPPED = Trouble("web gets SIGTERM", began=2000, is_outage=True, over=2004, back=2004.5, gone_in=[3.2])
QUICK = [Answer(float(second), (second + 0.4,)) for second in range(150)]
SOUND = Findings(
    troubles=[CALM, OUTAGE, STOPPED],
    answers=[*QUICK, Answer(1010, (1063.0,)), Answer(998, (1062.0,)), Answer(2001, (2004.4,))],
    digest=Counted(100, 100, 0),
    others=Counted(3, 3, 0),
    connections={"postgres": 16, "redis": 16},
    logs={"web": Logged(900), "worker": Logged(700), "clock": Logged(1)},
    fell={"web": 0},
    alarms={"at the start": []},
)


def test_a_day_that_keeps_every_rule_passes():
    assert breaches(SOUND) == []


def test_a_machine_that_is_slow_itself_gets_more_time():
    slow = replace(SOUND, answers=[*SOUND.answers, Answer(1500, (1507.0,))], slowness=1.5)
    assert breaches(slow) == []
    assert len(breaches(replace(slow, slowness=1.3))) == 1


def test_seconds_are_not_judged_where_the_host_took_the_processors_away_but_everything_else_is():
    late = Answer(1500, (1546.7,))
    robbed = replace(SOUND, answers=[*SOUND.answers, late], slowness=MOST, stolen=0.45)
    assert breaches(robbed) == []
    assert breaches(replace(robbed, stolen=0.2)) == [
        "1 answers took more than 10.0 s outside the outages, the slowest 46.7 s"
    ]
    assert len(breaches(replace(robbed, answers=[*robbed.answers, Answer(1600, ())]))) == 1, "a lost answer stays lost"


def test_the_part_of_the_processor_time_that_the_host_took_is_read(tmp_path):
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 10 40 900 50 0 0 50 7 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n")
    before = read_processor_time(stat)
    assert before == ProcessorTime(wanted=200, stolen=50)
    stat.write_text("cpu  160 10 60 999 60 0 0 70 7 0\n")
    assert read_processor_time(stat).share_stolen_since(before) == 0.2
    assert read_processor_time(tmp_path / "nothing") == ProcessorTime(0, 0)
    assert before.share_stolen_since(before) == 0.0


def test_no_machine_is_so_slow_that_anything_passes():
    assert 1.0 <= measure_slowness(1) <= MOST


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"answers": [*SOUND.answers, Answer(1020, ())]}, "1 of 154 answers never arrived"),
        ({"answers": [*SOUND.answers, Answer(1020, (1062, 1063))]}, "1 answers arrived more than once"),
        ({"answers": [*SOUND.answers, Answer(1500, (1505.1,))]}, "the slowest 5.1 s"),
        ({"answers": [*SOUND.answers, Answer(994.9, (1062,))]}, "the slowest 67.1 s"),
        ({"answers": [*SOUND.answers, Answer(1064.1, (1070,))]}, "the slowest 5.9 s"),
        ({"answers": QUICK[:99]}, "only 99 lines"),
        ({"digest": Counted(100, 99, 0)}, "1 of 100 digests never arrived"),
        ({"digest": Counted(100, 100, 2)}, "2 digests arrived more than once"),
        ({"digest": Counted(0, 0, 0)}, "nobody was to get a digest"),
        ({"others": Counted(3, 2, 0)}, "1 of 3 other messages never arrived"),
        ({"others": Counted(3, 3, 1)}, "1 other messages arrived more than once"),
        ({"connections": {"postgres": 17, "redis": 16}}, "17 connections to postgres at once"),
        ({"connections": {"postgres": 16, "redis": 17}}, "17 connections to redis at once"),
        ({"connections": {"postgres": 16, "redis": 0}}, "no connection to redis was seen"),
        ({"refused": 1}, "1 connections were turned away"),
        ({"troubles": [CALM, replace(OUTAGE, noticed=None), STOPPED]}, "/readyz never named this: worker away"),
        ({"troubles": [CALM, replace(OUTAGE, noticed=60.5), STOPPED]}, "/readyz named this only after 60 s"),
        ({"troubles": [CALM, OUTAGE, replace(STOPPED, gone_in=[1, 25.1])]}, "took 25.1 s to stop: web gets SIGTERM"),
        ({"fell": {"web": 0, "worker": 2}}, "worker stopped by itself 2×"),
        ({"logs": {"web": Logged(900, not_json=3)}}, "3 of 900 lines in the log of web are not JSON"),
        ({"logs": {"worker": Logged(9, telling=2)}}, "2 lines in the log of worker hold a one-time token or a phone"),
        ({"logs": SOUND.logs | {"clock": Logged(0)}}, "clock has logged nothing"),
        ({"logs": {}}, "no log was judged"),
        ({"alarms": {"at the start": ["templates", "clock"]}}, "/readyz named clock, templates at the start"),
    ],
)
def test_a_broken_rule_is_told(changed, told):
    broken = breaches(replace(SOUND, **changed))
    assert len(broken) == 1
    assert told in broken[0]


def test_no_trouble_but_an_outage_excuses_a_late_answer():
    mild = replace(OUTAGE, is_outage=False)
    assert len(breaches(replace(SOUND, troubles=[CALM, mild, STOPPED]))) == 1


def test_a_line_belongs_to_the_row_in_which_it_was_said():
    assert [len(SOUND.during(each)) for each in SOUND.troubles] == [151, 1, 1]


def test_lines_are_counted_once_however_many_answers_they_got():
    assert count([Answer(1, ()), Answer(2, (3, 4, 5)), Answer(3, (4,))]) == Counted(wanted=3, arrived=2, doubled=1)


def test_the_first_answer_is_the_one_that_counts():
    assert Answer(10, (12.5, 11.0)).seconds == 1.0
    assert Answer(10, ()).seconds is None
