"""Every kind of picture is drawn in both themes, whatever is on it, and has a text."""

import json
import os
import random
import re
import struct
import sys
import time
from dataclasses import asdict, replace
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
import resvg_py
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.cards.drawing import draw_svg
from providers.cards.lettering import clean_text, estimate_width
from providers.cards.quickchart import QuickChartServer, write_chartjs
from providers.cards.resvg import Resvg
from providers.cards.rewording import reword_chart
from providers.cards.themes import COLOURS, DARK, DARK_COLOURS, LIGHT, choose_colour, choose_theme
from providers.charts import (
    Bar,
    ChartFact,
    ChartPart,
    FallbackCharts,
    Leaderboard,
    Mark,
    Mix,
    Result,
    Segment,
    Trend,
    WeekChart,
    Wrapped,
    light_chart,
    read_chart,
)
from providers.errors import ChartError
from tests.providers.test_charts import HARD_NAMES, INJECTION, SVG, difference

# The default keeps the suite short; the long form is NAMES=20000 pytest tests/providers/test_cards.py
NAMES = int(os.environ.get("NAMES", "60"))
RANGES = [(0x20, 0x7F), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0xDFF)]
RANGES += [(0xE00, 0x10FF), (0x1100, 0x11FF), (0x2000, 0x206F), (0x20D0, 0x2BFF), (0x3000, 0x30FF)]
RANGES += [(0x4E00, 0x4FFF), (0xAC00, 0xACFF), (0xFB50, 0xFEFF), (0x1D400, 0x1D7FF), (0x1F1E6, 0x1FAFF)]
LEGEND = (("run", "Run"), ("ride", "Ride"), ("other", "Other"))
PARTS = (Segment("run", 40), Segment("ride", 30), Segment("other", 1))


def every(name="Zoë", value=42.0, *, dark=False):
    """Return one chart of each kind, in which each text is this name and each figure this value."""
    bar = Bar(1, name, value, name, PARTS, name, 1, value)
    mark = Mark(name, value, name, PARTS, value, name)
    fact = ChartFact(name, name, name)
    return [
        Leaderboard(name, name, (bar,) * 7, LEGEND, usual=name, dark=dark),
        Result(name, name, name, (bar,) * 6, LEGEND, goal=value, goal_said=name, dark=dark),
        Trend(name, name, (mark,) * 8, name, name, dark=dark),
        WeekChart(name, name, (fact,) * 4, (mark,) * 7, LEGEND, dark=dark),
        Mix(name, name, name, name, (ChartPart("run", name, value, name, name),) * 6, dark=dark),
        Wrapped(name, name, fact, (fact,) * 6, PARTS, LEGEND, name, (fact,), dark=dark),
        Wrapped(name, name, fact, (fact,) * 4, PARTS, LEGEND, name, (fact,) * 7, dark=dark),
    ]


NOT_FOR_QUICKCHART = {"wrapped"}  # what `write_chartjs` has no words for is drawn without a server
KINDS = [pytest.param(n, id=f"{chart.kind}-{n}") for n, chart in enumerate(every())]


def luminance(code):
    r, g, b = (
        ((c / 255 + 0.055) / 1.055) ** 2.4 if c > 10 else c / 255 / 12.92 for c in bytes.fromhex(code.removeprefix("#"))
    )
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("kind", KINDS)
class TestEveryKind:
    def test_it_survives_the_outbox(self, kind):
        chart = every()[kind]
        assert read_chart(json.loads(json.dumps(asdict(chart)))) == chart

    def test_it_is_well_formed_and_its_ids_are_its_own(self, kind):
        picture = draw_svg(every("<b>&\"'")[kind])
        tags = {element.tag.removeprefix(SVG) for element in ET.fromstring(picture).iter()}
        assert tags <= {"svg", "title", "desc", "defs", "linearGradient", "stop", "rect", "circle", "path", "g", "text"}
        ids = [set(re.findall(r' id="([^"]+)"', draw_svg(every(name)[kind]))) for name in ("Zoë", "José")]
        assert ids[0]
        assert not ids[0] & ids[1]
        assert "style" not in picture

    def test_the_words_tell_what_the_picture_shows(self, kind):
        chart = every("wort")[kind]
        assert "wort" in chart.alt
        assert len(chart.alt.splitlines()) > 3
        spoken = ET.fromstring(draw_svg(chart)).findtext(SVG + "desc")
        assert spoken.count("wort") > 4

    @pytest.mark.parametrize(
        "name", ["W" * 40, "李" * 30, "سارة محمد " * 4, "👩🏽‍🚒" * 9, "Konstantin " * 3, "ﷺ" * 30, ""]
    )
    def test_no_text_leaves_the_card(self, kind, name):
        root = ET.fromstring(draw_svg(every(name)[kind]))
        for text in root.findall(SVG + "text"):
            size, x = float(text.get("font-size")), float(text.get("x"))
            wide = estimate_width(text.text or "") * size
            left = x - {"end": wide, "middle": wide / 2}.get(text.get("text-anchor"), 0)
            assert left >= 30, ET.tostring(text)
            assert left + wide <= 1050, ET.tostring(text)
            assert size >= 20
            assert 0 < float(text.get("y")) < float(root.get("height"))

    @settings(deadline=None, max_examples=15)
    @given(name=st.text(max_size=60), value=st.floats())
    def test_any_name_and_figure_is_well_formed(self, kind, name, value):
        picture = draw_svg(every(name, value)[kind])
        ET.fromstring(picture)
        assert not re.findall(r' (?:d|x|y|width|height|font-size)="[^"]*(?:nan|inf)', picture)

    def test_it_is_drawn_small_enough_in_both_lights(self, kind):
        chart = every("Zoë 李雷 سارة")[kind]
        pictures = [Resvg().draw(light_chart(chart, dark=dark)) for dark in (False, True)]
        assert pictures[0] != pictures[1]
        for png in pictures:
            assert png[16:24] == struct.pack(">II", 1080, 1350 if chart.kind == "wrapped" else 1080)
            assert len(png) < 300_000

    def test_a_name_that_breaks_the_renderer_is_numbered(self, kind):
        chart = reword_chart(every("李雷")[kind], lambda text: text.encode("ascii", "ignore").decode())
        assert "李" not in draw_svg(chart)
        assert chart.kind == every()[kind].kind

    def test_quickchart_is_told_plain_data_or_says_that_it_cannot(self, kind):
        chart = every(INJECTION)[kind]
        if chart.kind in NOT_FOR_QUICKCHART:
            with pytest.raises(ChartError):
                write_chartjs(chart)
            return
        made = write_chartjs(chart)
        assert json.loads(json.dumps(made, allow_nan=False)) == made
        assert f'"{INJECTION}"' in json.dumps(made), "a string, whatever it looks like"


def test_what_was_queued_before_charts_had_kinds_is_a_board():
    facts = asdict(every()[0])
    del facts["kind"], facts["dark"], facts["usual"]
    assert read_chart(json.loads(json.dumps(facts))).kind == "leaderboard"


@pytest.mark.parametrize("facts", [{}, {"kind": "pie"}, {"kind": "trend", "title": 7}])
def test_what_is_no_chart_is_a_chart_error(facts):
    with pytest.raises(ChartError):
        read_chart(facts)


class Watched:
    """The renderer, with a record of what it refused or panicked at, and of the time and size of its pictures."""

    def __init__(self):
        self.stopped, self.seconds, self.sizes = [], [], []

    def __call__(self, **order):
        began = time.process_time()
        try:
            png = resvg_py.svg_to_bytes(**order)
        except BaseException as error:
            self.stopped.append(f"{type(error).__name__}: {error}")
            raise
        self.seconds.append(time.process_time() - began)
        self.sizes.append(len(png))
        return png

    @property
    def verdict(self):
        seconds, most = sorted(self.seconds), len(self.seconds) - 1
        p50, p95 = (1000 * seconds[round(most * part)] for part in (0.5, 0.95))
        return (
            f"{len(seconds)} pictures, {len(self.stopped)} stopped, p50 {p50:.0f} ms, p95 {p95:.0f} ms of one "
            f"processor, the largest {max(self.sizes) / 1000:.0f} KB"
        )


def fuzzed_cards(names, seed=7):
    """Yield cards with names of random characters from many scripts, six on each, of every kind and in both themes."""
    chosen = random.Random(seed)

    def name():
        return "".join(chr(chosen.randint(*chosen.choice(RANGES))) for _ in range(chosen.randint(1, 30)))

    for number in range(names // 6):
        six = [name() for _ in range(6)]
        chart = every(name())[number % 7]
        if isinstance(chart, Leaderboard | Result):
            chart = replace(chart, bars=tuple(replace(chart.bars[0], name=each) for each in six))
        elif isinstance(chart, Wrapped):
            chart = replace(chart, awards=tuple(ChartFact(each, each, each) for each in six))
        yield light_chart(chart, dark=number // 7 % 2 == 1)


def test_fuzzed_names_never_stop_a_picture(capsys):
    watched = Watched()
    artist = Resvg(watched)
    for chart in fuzzed_cards(NAMES):
        assert artist.draw(chart).startswith(b"\x89PNG")
    assert watched.stopped == [], "a panic that the second try in ASCII would have hidden"
    assert max(watched.sizes) < 300_000
    if NAMES > 1_000:
        with capsys.disabled():
            sys.stdout.write(f"\n{watched.verdict}\n")


def test_a_panic_would_be_seen():
    watched = Watched()
    with pytest.raises(ChartError):
        Resvg(lambda **order: watched(**order | {"svg_string": "<svg"})).draw(every()[0])
    assert len(watched.stopped) == 2


@pytest.mark.parametrize("count", [1, 2, 3, 6])
@pytest.mark.parametrize("name", ["Maximiliana Konstantinopolskay", "محمد بن عبد الرحمن بن خالد"])
def test_a_long_name_is_whole_and_legible_on_a_card_of_few(count, name):
    bar = replace(every(name)[0].bars[0], label="1,310 pts", change="12")
    root = ET.fromstring(draw_svg(Leaderboard("t", "s", (bar,) * count, LEGEND)))
    [row, *_] = root.findall(SVG + "g[@transform]")[-count:]
    scale = float(re.search(r"scale\(([\d.]+)\)", row.get("transform"))[1])
    [size] = [float(text.get("font-size")) for text in row.iter(SVG + "text") if text.text == name]
    assert size * scale >= 36


def test_hard_names_are_said_in_awards_too():
    for start in range(0, len(HARD_NAMES), 6):
        names = HARD_NAMES[start : start + 6]
        chart = Wrapped("t", "s", ChartFact("h", "1"), (), awards=tuple(ChartFact(name, "x") for name in names))
        texts = {text.text for text in ET.fromstring(draw_svg(chart)).iter(SVG + "text")}
        assert {clean_text(name) for name in names if 0 < len(clean_text(name)) < 8} <= texts


def test_whoever_draws_says_which_fonts_are_missing(tmp_path):
    (tmp_path / "NotoSansArabic-Bold.ttf").touch()
    local = Resvg(folders=[tmp_path])
    assert "emoji" in local.lacks
    assert "Arabic" not in local.lacks
    assert FallbackCharts(QuickChartServer("localhost:1", "http"), local).lacks == local.lacks


class TestColours:
    def test_sports_are_told_apart_on_a_dark_card_too(self):
        assert DARK_COLOURS.keys() == COLOURS.keys()
        pairs = {pair: difference(*(DARK_COLOURS[sport] for sport in pair)) for pair in combinations(DARK_COLOURS, 2)}
        assert min(pairs.values()) > 14, min(pairs, key=pairs.get)
        common = ("run", "ride", "swim", "walk", "hike", "strength", "yoga", "row", "ski", "other")
        assert min(pairs[pair] for pair in combinations(common, 2) if pair in pairs) > 20

    def test_a_sport_stands_out_from_a_dark_card(self):
        assert min(contrast(code, DARK.paper) for code in DARK_COLOURS.values()) >= 3
        assert min(contrast(code, DARK.track) for code in DARK_COLOURS.values()) >= 1.9

    @pytest.mark.parametrize("paint", [LIGHT, DARK], ids=["light", "dark"])
    def test_every_text_can_be_read(self, paint):
        for ink in (paint.ink, paint.quiet, paint.soft, paint.up, paint.down):
            assert contrast(ink, paint.paper) >= 4.5
        for ink, ground in ((paint.ink, paint.panel), (paint.quiet, paint.panel), (paint.badge_ink, paint.badge)):
            assert contrast(ink, ground) >= 4.5
        for ink, ground in ((paint.ink, paint.sun), (paint.soft, paint.sun), (paint.ink, paint.badge)):
            assert contrast(ink, ground) >= 4.5
        for ground in paint.header:
            assert contrast("#FFFFFF", ground) >= 4.5
            assert contrast("#BFE6DA", ground) >= 4.5
            assert contrast("#FFE08A", ground) >= 4.5

    def test_a_sport_nobody_thought_of_has_a_colour(self):
        assert choose_colour("quidditch", dark=True) == DARK_COLOURS["other"]
        assert choose_theme(dark=True) is DARK
