"""The list of mends that the drill must miss stays true: each line is where it is said to be."""

from dataclasses import replace

import pytest

from bench.mends import MENDS, Mend, NotThere, taken_back
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


def test_a_line_that_is_gone_is_told():
    with pytest.raises(NotThere):
        taken_back(replace(MENDS[0].lines[0], line="no such line"), (ROOT / MENDS[0].lines[0].path).read_text())
