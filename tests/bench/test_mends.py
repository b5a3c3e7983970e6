"""The list of repairs that the drill does not test is true: each line is at the place that the list names."""

import re
from dataclasses import replace

import pytest

from bench.mends import MENDS, Mend, NotThere, taken_back
from bench.troubles import TROUBLES
from simulator.stage import ROOT


@pytest.mark.parametrize("mend", MENDS, ids=lambda mend: mend.name)
def test_every_mend_is_in_its_files(mend: Mend):
    texts = {each.path: (ROOT / each.path).read_text() for each in mend.lines}
    for each in mend.lines:
        without = taken_back(each, texts[each.path])
        assert without != texts[each.path]
        compile(without, each.path, "exec")
        texts[each.path] = without


def test_the_mends_are_those_that_the_drill_is_to_miss():
    assert {each.number for each in MENDS} == {2, 3, 4, 6, 7, 9, 10}


@pytest.mark.parametrize("mend", MENDS, ids=lambda mend: mend.name)
def test_each_is_shown_by_a_trouble_of_the_drill_and_not_by_what_any_short_drill_says(mend: Mend):
    names = [each.__name__ for each in TROUBLES]
    assert all(any(word in name for name in names) for word in mend.seen_in)
    short = ("✗ nobody was to get a digest", "✗ only 9 lines were said outside the outages: too few to judge by")
    assert not any(re.search(mend.says, sentence) for sentence in short)


def test_a_line_that_is_gone_is_told():
    with pytest.raises(NotThere):
        taken_back(replace(MENDS[0].lines[0], line="no such line"), (ROOT / MENDS[0].lines[0].path).read_text())
