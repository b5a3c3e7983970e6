"""The digest's picture can be read whatever the members' names are, and never makes a digest fail."""

import json
import re
import struct
import threading
import unicodedata
import zlib
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from providers.cards import fonts
from providers.cards.boards import COLOURS, LARGEST, SIGNATURE, choose_colour
from providers.cards.drawing import clean_text, cut_text, draw_svg
from providers.cards.lettering import MARKS, estimate_width
from providers.cards.quickchart import QuickChartServer, write_chartjs
from providers.cards.resvg import Resvg
from providers.charts import Bar, FallbackCharts, Leaderboard, Segment
from providers.errors import ChartError
from tests.patience import AT_MOST, RUNS_OUT

LEGEND = (("run", "Run"), ("ride", "Ride"), ("swim", "Swim"), ("walk", "Walk"), ("strength", "Strength"))
INJECTION = "__BEGINFUNCTION__x()__ENDFUNCTION__"  # short enough not to be cut
PICTURE = SIGNATURE + b"the rest of a picture"
SVG = "{http://www.w3.org/2000/svg}"

HARD_NAMES = (
    """
Zoë 🚴|José|李雷|سارة|Анна|Maximiliana Konstantinopolitanskaya|*_~<b>||👩🏽‍🚒 Eva|🇫🇷|🏴󠁧󠁢󠁥󠁮󠁧󠁿 Tom|1️⃣ first|❤️‍🔥
नमस्ते|สวัสดี|שרה לוי|محمد بن عبد الرحمن بن خالد الطويل جدا جدا|علی‌رضا|Ωμέγα|Nguyễn Thị Phương|ＡＢＣ|𝓩𝓸𝓮|Ⓩⓞⓔ|ﷺ|﷽
Z̷̡̛͇̪a̵͓͋l̶̰͗g̸͙̈́ö̵́|&amp;|]]>|<!--|"quoted"|'; DROP TABLE|{{ 7*7 }}|${x}|../../etc|\\u0000|%s%n|"><script>alert(1)</script>
👨‍👩‍👧‍👦 family|Zoë 👨‍👩‍👧‍👦|🚴‍♀️🏃🏿‍♂️🏊🏻|⸻⸻⸻⸻⸻⸻⸻⸻⸻⸻⸻⸻|WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW
한국어이름|தமிழ்|తెలుగు|മലയാളം|ქართული|አማርኛ|ខ្មែរ|ລາວ|မြန်မာ|ਪੰਜਾਬੀ|ગુજરાતી|ಕನ್ನಡ|සිංහල|Հայերեն
\u202eevil\u202c|\u200b\u200b|\u3164|\ufffe|\U000e0001|\ud800|a\u0300\u0301\u0302\u0303\u0304\u0305\u0306b
""".replace("\n", "|")
    .strip("|")
    .split("|")
)


def bar(name="Zoë", value=100.0, place=1, *, label="", change="", trend=0, **parts):
    segments = tuple(Segment(sport, share) for sport, share in (parts or {"run": 60, "ride": 40}).items())
    return Bar(place, name, value, label or f"{value:g}", segments, change, trend)


def board(*bars, title="Sunday Runners · week 47", legend=LEGEND, ranked=True):
    return Leaderboard(title, "16 – 22 November · 962 pts together", bars, legend, ranked)


def named(names, **rest):
    return board(*(bar(name, 100.0 - n, n + 1) for n, name in enumerate(names)), **rest)


def drawn(chart):
    return ET.fromstring(draw_svg(chart))


def texts(chart):
    return [element.text or "" for element in drawn(chart).iter(SVG + "text")]


def medals(chart):
    return re.findall(r'fill="url\(#leaderboard-\w+-medal-(\d)\)"', draw_svg(chart))


def slices(chart):
    """Return each row's slices as the x and y of their outlines' corners."""
    found = []
    for row in drawn(chart).iter(SVG + "g"):
        paths = [
            path.get("d")
            for path in row.iter(SVG + "path")
            if path.get("fill") in {*COLOURS.values(), choose_colour("")}
        ]
        if row.find(SVG + "rect") is not None:
            found.append([corners(path) for path in paths])
    return found


def corners(path):
    xs, ys = [], []
    for command, numbers in re.findall(r"([MHVA])([^MHVAZ]+)", path):
        values = [float(number) for number in numbers.split()]
        xs += [values[0]] if command == "H" else [] if command == "V" else [values[-2]]
        ys += [values[0]] if command == "V" else [] if command == "H" else [values[-1]]
    return xs, ys


class TestWords:
    @given(st.text(max_size=60))
    def test_plain_words_stay_as_they_are_when_made_plain_again(self, text):
        assert clean_text(clean_text(text)) == clean_text(text)

    @given(st.text(max_size=60))
    def test_nothing_hidden_is_left(self, text):
        left = {unicodedata.category(c) for c in clean_text(text) if c not in "\u200c\u200d"}
        assert not left & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

    @pytest.mark.parametrize(
        ("written", "safe"),
        [
            ("👩🏽‍🚒 Eva", "👩 Eva"),
            ("🏃🏿‍♂️", "🏃"),
            ("Zoé 🇫🇷", "Zoé FR"),
            ("1️⃣", "1"),
            ("𝓩𝓸𝓮", "Zoe"),
            ("Ⓩⓞⓔ", "Zoe"),
            ("  a \t\n b ", "a b"),
            ("\u202eevil\u202c", "evil"),
            ("\u3164\u2800", ""),
            ("e\u0301", "é"),
            ("علی\u200cرضا", "علی\u200cرضا"),
            ("a\u200db", "ab"),
            ("*_~<b>", "*_~<b>"),
        ],
    )
    def test_what_the_renderer_trips_over_is_gone(self, written, safe):
        assert clean_text(written) == safe

    def test_marks_do_not_climb_out_of_the_row(self):
        assert clean_text("x" + "\u0301" * 500) == "x" + "\u0301" * MARKS

    @given(st.text(max_size=60), st.integers(1, 40))
    def test_a_clipped_text_never_takes_more_cells(self, text, cells):
        wide = [c for c in cut_text(text, cells) if unicodedata.category(c) not in ("Mn", "Me", "Cf")]
        assert sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in wide) <= cells

    def test_a_text_that_fits_is_left_alone(self):
        assert cut_text("Zoë", 3) == "Zoë"

    def test_the_dots_stand_where_the_reader_expects_the_end(self):
        assert cut_text("Konstantin", 6) == "Konst…"
        assert cut_text("李雷李雷", 5) == "李雷…"
        assert cut_text("سارة محمد", 5) == "سارة…\u200f", "after the mark, the dots stand at the left"

    def test_widths_follow_the_letters(self):
        assert estimate_width("iiii") < estimate_width("nnnn") < estimate_width("WWWW") < estimate_width("李李李李李")


class TestDrawing:
    @settings(deadline=None, max_examples=60)
    @given(
        st.lists(st.text(max_size=50), min_size=1, max_size=8),
        st.text(max_size=60),
        st.booleans(),
        st.lists(st.floats(), min_size=8, max_size=8),
    )
    def test_any_name_gives_well_formed_xml(self, names, title, ranked, values):
        bars = [Bar(n + 1, name, values[n], name, (Segment("run", values[-n]),), name) for n, name in enumerate(names)]
        chart = Leaderboard(title, title, tuple(bars), (("run", title),), ranked)
        assert drawn(chart).tag == SVG + "svg"
        assert not re.findall(r' (?:d|x|y|width|font-size)="[^"]*(?:nan|inf)', draw_svg(chart))

    def test_a_name_is_text_and_nothing_else(self):
        chart = named(['*_~<b>"&', "<script>alert(1)</script>", "{{ 7*7 }}"])
        assert {'*_~<b>"&', "{{ 7*7 }}"} <= set(texts(chart))
        assert {element.tag for element in drawn(chart).iter()} <= {
            SVG + tag
            for tag in "svg title desc defs linearGradient stop rect circle path g text".split()  # noqa: SIM905
        }

    def test_it_may_stand_inside_a_page_under_a_strict_policy(self):
        one, other = draw_svg(named(["Zoë"])), draw_svg(named(["José"]))
        assert "style" not in one
        assert "href" not in one
        ids = [set(re.findall(r' id="([^"]+)"', picture)) for picture in (one, other)]
        assert ids[0]
        assert not ids[0] & ids[1], "two boards on one page must not share a gradient"

    def test_the_same_board_is_the_same_text(self):
        assert draw_svg(named(["Zoë", "José"])) == draw_svg(named(["Zoë", "José"]))

    def test_a_screen_reader_hears_the_board(self):
        chart = board(bar("Zoë", 242, change="38", trend=1), bar("Tom", 63, 2, change="41", trend=-1))
        words = drawn(chart).findtext(SVG + "desc")
        assert words == "16 – 22 November · 962 pts together; 1. Zoë 242 ▲ 38; 2. Tom 63 ▼ 41"

    def test_who_shares_a_place_shares_its_medal(self):
        chart = board(bar("a", 9, 1), bar("b", 8, 2), bar("c", 7, 3), bar("d", 7, 3), bar("e", 6, 5))
        assert medals(chart) == ["1", "2", "3", "3"]
        assert "5" in texts(chart)

    def test_nobody_wins_a_medal_for_nothing(self):
        assert medals(board(bar("a", 0, 1), bar("b", 0, 1))) == []

    def test_where_nobody_is_ranked_the_order_is_a_to_z(self):
        names = ["Zoë", "Émile", "", "anna", "Bob"]
        chart = named(names, ranked=False)
        assert [text for text in texts(chart) if text in {*names, "?"} and len(text) > 1] == [
            "anna",
            "Bob",
            "Émile",
            "Zoë",
        ]
        assert medals(chart) == []
        assert not {"1", "2", "3", "4", "5"} & set(texts(chart))

    def test_only_six_are_drawn(self):
        assert "seventh" not in texts(named(["a", "b", "c", "d", "e", "f", "seventh"]))

    def test_a_board_without_anybody_is_still_a_card(self):
        assert texts(board()) == ["Sunday Runners · week 47", "16 – 22 November · 962 pts together"]

    def test_an_empty_name_is_not_an_empty_row(self):
        assert "?" in texts(named([""]))

    def test_the_first_week_has_no_changes_and_longer_bars(self):
        tracks = [
            float(next(drawn(chart).iter(SVG + "g")).findall(SVG + "rect")[0].get("width"))
            for chart in (named("abcd"), board(*(bar(name, change="1h 10", trend=1) for name in "abcd")))
        ]
        assert tracks[0] > tracks[1] + 100

    @pytest.mark.parametrize("last", [1e-9, 0.1, 1, 5, 40])
    def test_a_small_last_piece_stays_inside_its_bar(self, last):
        chart = board(bar(value=100, run=100 - last, strength=last), *[bar(value=40)] * 5)
        outline = next(iter(slices(chart)))
        right_end = max(max(xs) for xs, _ in outline)
        track = next(drawn(chart).iter(SVG + "g")).find(SVG + "rect")
        assert right_end == pytest.approx(112 + float(track.get("width")), abs=0.11)
        assert all(62 <= y <= 100 for _, ys in outline for y in ys)
        assert min(outline[1][0]) - max(outline[0][0]) == pytest.approx(3, abs=0.11), "there is a gap between them"
        assert max(outline[1][0]) - min(outline[1][0]) > 3, "and even the smallest can be seen"

    @given(st.lists(st.floats(0, 1e6), min_size=1, max_size=5), st.floats(0, 1e6))
    @settings(deadline=None, max_examples=40)
    def test_no_piece_ever_leaves_the_track(self, parts, rival):
        segments = tuple(Segment(sport, part) for (sport, _), part in zip(LEGEND, parts, strict=False))
        chart = board(Bar(1, "a", sum(parts), "", segments), *(bar(value=rival, place=n) for n in range(2, 7)))
        width_of_track = float(next(drawn(chart).iter(SVG + "g")).find(SVG + "rect").get("width"))
        for row in slices(chart):
            for xs, ys in row:
                assert 112 <= min(xs) <= max(xs) <= 112 + width_of_track + 0.11
                assert 62 <= min(ys) <= max(ys) <= 100

    def test_pieces_come_in_the_order_of_the_legend(self):
        chart = board(bar(swim=10, run=50, yoga=20, ride=20))
        fills = [path.get("fill") for path in drawn(chart).iter(SVG + "path")]
        assert [fill for fill in fills if fill in COLOURS.values()] == [
            COLOURS[sport] for sport in ("run", "ride", "swim", "yoga")
        ]

    def test_nothing_and_nonsense_draw_an_empty_track(self):
        values = (0, -5, float("nan"), float("inf"), 3)
        assert [len(row) for row in slices(board(*(bar(value=value) for value in values)))] == [0, 0, 0, 0, 2]

    def test_a_bar_without_parts_is_one_piece(self):
        assert len(slices(board(Bar(1, "Zoë", 5, "5")))[0]) == 1

    def test_the_legend_names_only_what_is_there(self):
        chart = board(bar(run=60, swim=40, walk=0))
        assert [text for text in texts(chart) if text in dict(LEGEND).values()] == ["Run", "Swim"]

    @pytest.mark.parametrize("word", ["Run", "Radfahren", "Spazieren gehen", "Schlittschuhlaufen im Freien"])
    def test_the_legend_fits_the_card(self, word):
        legend = tuple((sport, word) for sport, _ in LEGEND)
        root = drawn(board(bar(run=1, ride=1, swim=1, walk=1, strength=1), legend=legend))
        keys = [text for text in root.findall(SVG + "text") if text.get("font-weight") == "600"]
        assert len(keys) == len(LEGEND)
        starts = [(float(text.get("y")), float(text.get("x"))) for text in keys]
        ends = [
            x + estimate_width(text.text) * int(text.get("font-size"))
            for (_, x), text in zip(starts, keys, strict=True)
        ]
        assert max(ends) <= 1032.5
        assert max(y for y, _ in starts) <= 1060
        for (line, _), end, (next_line, start) in zip(starts, ends, starts[1:], strict=False):
            assert next_line > line or start - 42 >= end + 20, "two sports touch"

    @pytest.mark.parametrize("count", [1, 2, 3, 6])
    def test_a_long_name_makes_room_for_a_long_value(self, count):
        rows = drawn(board(*[bar("Konstantin " * 9, label="1,148.5 km", change="12 km", trend=1)] * count))
        for row in rows.iter(SVG + "g"):
            if row.find(SVG + "text") is not None:
                _, name, label, change = row.findall(SVG + "text")
                right = float(label.get("x")) - estimate_width(label.text) * int(label.get("font-size"))
                assert 112 + estimate_width(name.text) * int(name.get("font-size")) < right - 20
                track = row.find(SVG + "rect")
                left = float(change.get("x")) - estimate_width(change.text) * int(change.get("font-size"))
                assert 112 + float(track.get("width")) < left - 20

    @pytest.mark.parametrize("letter", ["W", "m", "i", "李", "س", "🚴", "Ж"])
    @pytest.mark.parametrize("count", [5, 20, 40, 400])
    def test_a_title_never_leaves_the_card(self, letter, count):
        title = drawn(board(bar(), title=letter * count)).find(SVG + "text")
        assert estimate_width(title.text) * int(title.get("font-size")) <= 984
        assert int(title.get("font-size")) >= 38

    @pytest.mark.parametrize("count", range(1, 7))
    def test_rows_never_overlap_nor_leave_the_card(self, count):
        root = drawn(named("abcdef"[:count]))
        rows = [
            [float(number) for number in re.findall(r"[\d.]+", group.get("transform"))]
            for group in root.iter(SVG + "g")
            if group.find(SVG + "text") is not None
        ]
        tops, bottoms = [y for _, y, _ in rows], [y + 100 * scale for _, y, scale in rows]
        assert tops[0] >= 192
        assert all(bottom <= top for bottom, top in zip(bottoms, tops[1:], strict=False))
        legend_top = min(float(rect.get("y")) for rect in root.findall(SVG + "rect") if rect.get("rx") == "9")
        assert bottoms[-1] < legend_top < 1040

    def test_sports_are_told_apart_without_seeing_all_colours(self):
        pairs = {pair: difference(*(COLOURS[sport] for sport in pair)) for pair in combinations(COLOURS, 2)}
        assert min(pairs.values()) > 14, min(pairs, key=pairs.get)
        common = ("run", "ride", "swim", "walk", "hike", "strength", "yoga", "row", "ski", "other")
        assert min(pairs[pair] for pair in combinations(common, 2) if pair in pairs) > 20

    def test_a_sport_nobody_thought_of_has_a_colour(self):
        assert choose_colour("quidditch") == COLOURS["other"]


# Machado, Oliveira and Fernandes (2009), severity 1.0, in linear RGB.
SIGHTS = (
    ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
)


def difference(one, other):
    """Return the distance of two colours (CIE76) for the eyes that distinguish them worst."""
    return min(
        sum((a - b) ** 2 for a, b in zip(lab(one, sight), lab(other, sight), strict=True)) ** 0.5 for sight in SIGHTS
    )


def lab(code, sight):
    linear = [((c / 255 + 0.055) / 1.055) ** 2.4 if c > 10 else c / 255 / 12.92 for c in bytes.fromhex(code[1:])]
    r, g, b = (min(1, max(0, sum(x * y for x, y in zip(row, linear, strict=True)))) for row in sight)
    xyz = (
        (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047,
        0.2126729 * r + 0.7151522 * g + 0.0721750 * b,
        (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883,
    )
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def pixels(png):
    """Return the rows of bytes of an 8-bit RGBA PNG."""
    chunks, at = {}, len(SIGNATURE)
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        chunks[kind] = chunks.get(kind, b"") + png[at + 8 : at + 8 + size]
        at += size + 12
    wide, high, depth, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (wide, high, depth, kind) == (1080, 1080, 8, 6)
    raw, stride = zlib.decompress(chunks[b"IDAT"]), 4 * wide
    rows = [bytes(stride)]
    for start in range(0, len(raw), stride + 1):
        rows.append(unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + stride]), rows[-1]))
    return rows[1:]


def unfiltered(kind, line, above):
    for i in range(len(line)):
        left, up, corner = (line[i - 4], above[i], above[i - 4]) if i > 3 else (0, above[i], 0)
        if kind == 1:
            line[i] = line[i] + left & 255
        elif kind == 2:
            line[i] = line[i] + up & 255
        elif kind == 3:
            line[i] = line[i] + (left + up) // 2 & 255
        elif kind == 4:
            guess = left + up - corner
            line[i] = line[i] + min(left, up, corner, key=lambda near: abs(guess - near)) & 255
    return bytes(line)


class PanicException(BaseException):
    """A Rust panic as it looks in Python."""


class TestResvg:
    def test_the_picture_is_a_card_with_everything_on_it(self):
        parts = {"run": 50, "ride": 30, "swim": 20}
        rows = [
            bar("W" * 40, 100, 1, label="1,148.5 km", change="12 km", trend=1, **parts),
            bar("سارة محمد " * 5, 90, 2, label="12h 35", change="2h 05", trend=-1, **parts),
            *(bar(name, 80, 3, label="5h 35") for name in ("李雷" * 20, "Zoë 🚴", "Анна", "i" * 90)),
        ]
        png = Resvg().draw(board(*rows, title="W" * 40))
        assert len(png) < 300_000
        picture = pixels(png)
        seen = {line[i : i + 4] for line in picture for i in range(0, len(line), 4)}
        assert len(seen) > 20
        assert {bytes.fromhex(COLOURS[sport][1:]) + b"\xff" for sport in parts} <= seen
        paper = bytes.fromhex("F6F8F7FF")
        assert all(line[1040 * 4 :] == paper * 40 for line in picture[192:]), "a row is drawn beyond the margin"
        assert not any(b"\xff" * 4 in line[1040 * 4 :] for line in picture[:192]), "the title is"

    def test_sixty_hard_names_are_drawn(self):
        assert len(HARD_NAMES) >= 60
        artist = Resvg()
        for start in range(0, len(HARD_NAMES), 6):
            png = artist.draw(named(HARD_NAMES[start : start + 6], ranked=start % 4 == 0))
            assert png[16:24] == struct.pack(">II", 1080, 1080)
            assert len(png) < 300_000

    def test_a_panic_ends_in_ascii_names(self):
        pictures = []

        def fragile(**asked):
            pictures.append(asked["svg_string"])
            if "é" in asked["svg_string"] or "李" in asked["svg_string"]:
                raise PanicException("removal index (is 3) should be < len (is 3)")
            return PICTURE

        assert Resvg(fragile).draw(named(["José", "李雷"])) == PICTURE
        assert ["José" in picture for picture in pictures] == [True, False]
        assert ">Jose<" in pictures[1]
        assert ">Member 2<" in pictures[1]

    @pytest.mark.parametrize(("font", "name"), [("NotoColorEmoji.ttf", "Zoë 🚴"), ("NotoSans-Bold.ttf", "Zoë")])
    def test_an_emoji_without_a_font_is_left_out_instead_of_boxed(self, tmp_path, font, name):
        (tmp_path / font).touch()
        pictures = []

        def recording(**asked):
            pictures.append(asked)
            return PICTURE

        Resvg(recording, [tmp_path]).draw(named(["Zoë 🚴"]))
        assert f">{name}<" in pictures[0]["svg_string"]
        assert pictures[0]["font_files"] == [str(fonts.INTER), str(tmp_path / font)]
        assert pictures[0]["skip_system_fonts"]

    def test_a_second_panic_is_a_chart_error(self):
        def broken(**_):
            raise PanicException

        with pytest.raises(ChartError, match="panicked"):
            Resvg(broken).draw(named(["Zoë"]))

    @pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, GeneratorExit, TimeoutError])
    def test_whoever_wants_it_to_stop_is_obeyed(self, stop):
        asked = []

        def interrupted(**_):
            asked.append(1)
            raise stop

        with pytest.raises(stop):
            Resvg(interrupted).draw(named(["Zoë"]))
        assert len(asked) == 1

    @pytest.mark.parametrize("png", [b"", b"GIF89a", PICTURE + bytes(LARGEST)], ids=["empty", "gif", "too large"])
    def test_what_whatsapp_would_refuse_is_refused_here(self, png):
        with pytest.raises(ChartError):
            Resvg(lambda **_: png).draw(named(["Zoë"]))

    def test_a_refusal_of_the_renderer_is_a_chart_error(self):
        def refusing(**_):
            raise ValueError("no size")

        with pytest.raises(ChartError, match="no size"):
            Resvg(refusing).draw(named(["Zoë"]))


class TestFonts:
    def test_inter_is_always_there(self, tmp_path):
        assert fonts.list_font_files([tmp_path]) == [str(fonts.INTER)]
        assert fonts.INTER.is_file()

    def test_what_is_missing_is_named(self, tmp_path):
        (tmp_path / "noto").mkdir()
        (tmp_path / "noto" / "NotoSansArabic-Regular.ttf").touch()
        (tmp_path / "noto" / "NotoColorEmoji.ttf").touch()
        missing = fonts.find_missing_scripts([tmp_path])
        assert "Arabic" not in missing
        assert "emoji" not in missing
        assert {"Hebrew", "Thai", "Chinese, Japanese and Korean"} <= set(missing)

    def test_bold_comes_before_regular_and_emoji_before_cjk(self, tmp_path):
        for name in ("NotoSansCJK-Bold.ttc", "NotoColorEmoji.ttf", "NotoSansThai-Regular.ttf", "NotoSansThai-Bold.ttf"):
            (tmp_path / name).touch()
        names = [file.rsplit("/", 1)[1] for file in fonts.list_font_files([tmp_path])[1:]]
        assert names == ["NotoColorEmoji.ttf", "NotoSansThai-Bold.ttf", "NotoSansCJK-Bold.ttc"]


class Quiet(WSGIRequestHandler):
    def log_request(self, *_):
        pass


class Server:
    """Answers as a QuickChart server might: set `answer` first."""

    def __init__(self):
        self.asked, self.answer, self.released = (
            [],
            lambda: Response(PICTURE, content_type="image/png"),
            threading.Event(),
        )
        self._server = make_server("127.0.0.1", 0, self._serve, threaded=True, request_handler=Quiet)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @Request.application
    def _serve(self, request):
        self.asked.append((request.method, request.path, request.get_json()))
        return self.answer()

    def hang(self):
        self.released.wait(AT_MOST)
        return Response(PICTURE)

    def close(self):
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server():
    running = Server()
    yield running
    running.close()


class TestQuickChart:
    def test_it_asks_for_the_picture_in_one_post(self, server):
        assert QuickChartServer(server.host, "http").draw(named(["Zoë", "José"])) == PICTURE
        ((method, path, body),) = server.asked
        assert (method, path) == ("POST", "/chart")
        assert (body["version"], body["format"]) == ("4", "png")
        assert body["width"] * body["devicePixelRatio"] == body["height"] * body["devicePixelRatio"] == 1080
        assert "key" not in body
        chart = json.loads(body["chart"])
        assert chart["data"]["labels"][0] == ["1. \u2068Zoë\u2069", "100"]
        assert [dataset["label"] for dataset in chart["data"]["datasets"]] == ["Run", "Ride"]
        assert chart["data"]["datasets"][0]["data"] == [60.0, 59.4]
        assert chart["options"]["indexAxis"] == "y"

    def test_a_key_goes_along(self, server):
        QuickChartServer(server.host, "http", key="k-1").draw(named(["Zoë"]))
        assert server.asked[0][2]["key"] == "k-1"

    def test_a_name_is_never_code(self, server):
        chart = board(bar(INJECTION, label=INJECTION), title=INJECTION, legend=(("run", INJECTION),))
        QuickChartServer(server.host, "http").draw(chart)
        sent = server.asked[0][2]["chart"]
        assert json.loads(sent) == write_chartjs(chart), "what arrives is pure JSON: the client put no function in"
        assert sent.count(f'"{INJECTION}"') == 2, "in the title and in the label, as strings"

    def test_nobody_is_ranked_in_a_picture_of_cheer(self):
        labels = write_chartjs(named(["Zoë", "anna"], ranked=False))["data"]["labels"]
        assert [label[0] for label in labels] == ["\u2068anna\u2069", "\u2068Zoë\u2069"]

    def test_an_error_with_a_picture_of_it_is_an_error(self, server):
        server.answer = lambda: Response(PICTURE, 500, {"x-quickchart-error": "too many bars"})
        with pytest.raises(ChartError, match="500\ntoo many bars"):
            QuickChartServer(server.host, "http").draw(named(["Zoë"]))

    def test_another_sort_of_answer_is_an_error(self, server):
        server.answer = lambda: Response("<html>sign in to the hotel's network", content_type="text/html")
        with pytest.raises(ChartError, match="not a PNG"):
            QuickChartServer(server.host, "http").draw(named(["Zoë"]))

    def test_a_server_that_hangs_is_not_waited_for(self, server):
        server.answer = server.hang
        with pytest.raises(ChartError, match="timed out"):
            QuickChartServer(server.host, "http", timeout=RUNS_OUT).draw(named(["Zoë"]))

    def test_a_server_that_is_away_is_an_error(self, server):
        server.close()
        with pytest.raises(ChartError):
            QuickChartServer(server.host, "http").draw(named(["Zoë"]))

    @pytest.mark.parametrize(("host", "scheme"), [("quickchart.io", "ftp"), ("", "https")])
    def test_a_wrong_address_is_said_at_once(self, host, scheme):
        with pytest.raises(ValueError, match="not a QuickChart address"):
            QuickChartServer(host, scheme)

    @settings(deadline=None, max_examples=50)
    @given(st.lists(st.text(max_size=40), max_size=7), st.lists(st.floats(), min_size=7, max_size=7))
    def test_any_board_is_valid_json(self, names, values):
        bars = tuple(Bar(n, name, values[n], name, (Segment(name, values[-n]),)) for n, name in enumerate(names))
        chart = Leaderboard("t", "s", bars)
        json.dumps(write_chartjs(chart), allow_nan=False)


class TestFallback:
    def test_the_second_draws_what_the_first_cannot(self, server):
        server.answer = lambda: Response("busy", 429)
        charts = FallbackCharts(QuickChartServer(server.host, "http"), Resvg(lambda **_: PICTURE + b"by resvg"))
        assert charts.draw(named(["Zoë"])) == PICTURE + b"by resvg"
        assert len(server.asked) == 1

    def test_the_second_is_not_asked_when_the_first_can(self, server):
        def unneeded(**_):
            raise AssertionError

        assert FallbackCharts(QuickChartServer(server.host, "http"), Resvg(unneeded)).draw(named(["Zoë"])) == PICTURE

    def test_when_neither_can_it_is_said(self):
        failing = Resvg(lambda **_: b"")
        with pytest.raises(ChartError):
            FallbackCharts(failing, failing).draw(named(["Zoë"]))
