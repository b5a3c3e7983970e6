"""Random facts for every template: variations of the samples in `largest` and `largest_digest`.

Names are of all scripts and of none, as a person chose them and `clean_name` left them; numbers are none, one or many;
lists are long or short; days, places and sports vary. With `wild=False` the same seed gives the same facts with plain
names, so that the effect of a name on a text can be seen.
"""

import dataclasses
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from enum import Enum
from itertools import pairwise
from random import Random
from types import SimpleNamespace
from typing import Any

from fitness.dates import Dates
from fitness.met import Met
from fitness.metrics import Metric
from fitness.ranking import RankedPlace
from messages.message import units
from messages.render import Reader
from messages.words import MOST, clean_name, isolated, one_line
from services.ground.group_settings import GroupSettings
from services.play.standings import Board, BoardRow, gather_board_facts
from services.training.totals import Totals
from tests.messages import largest, largest_digest

FACTS = largest.FACTS | largest_digest.FACTS
OTHERWISE = largest.OTHERWISE | largest_digest.OTHERWISE
ZONES = ("UTC", "Europe/Brussels", "America/Argentina/ComodRivadavia", "Asia/Kathmandu", "Pacific/Kiritimati")
RACES = (1000, 1609, 5000, 10000, 21098, 42195)
TYPED = {"strange", "topic", "typed"}  # texts that a person typed, unchanged
ON_A_BOARD = {"board", "rows", "mine", "more"}
PIECES = [
    "*", "_", "~", "`", "```", "\n", "\r\n", "\t", " ", "\u200b", "\u200d", "\u200c", "\u200e", "\u200f", "\u202a",
    "\u202e", "\u2066", "\u2067", "\u2068", "\u2069", "\u2028", "\u2029", "\ufeff", "\xad", "\x00", "\x0b", "\x85",
    "\u3164", "\U000e0001", "{{ name }}", "{% x %}", "%s", "> ", "- ", "1. ", "#17", "@Ann", "*bold*", "_it_", "~no~",
    "https://evil.example/x_y", "www.", ".com", "wa.me/", "+44 20 7946 0958", "(", ")", "'", '"', "…", "・", "،", "؟",
]  # fmt: skip
WORDS = [
    "Ann", "Björn", "Xiomara", "O'Neil", "Jean-Luc", "Łukasz", "Nguyễn", "İbrahim", "ß", "Ζωή", "Иван", "Ђорђе", "سارة",
    "محمد", "نجمہ", "שלום", "דוד", "आरती", "প্রিয়া", "ਗੁਰਪ੍ਰੀਤ", "தமிழ்", "తెలుగు", "മലയാളം", "සිංහල", "ไทย", "ລາວ", "မြန်မာ",
    "ខ្មែរ", "ქართული", "Հայերեն", "አማርኛ", "日本語", "王小明", "한글", "ᏣᎳᎩ", "ߒߞߏ", "ދިވެހި", "ܣܘܪܝܝܐ", "𝔄𝔫𝔫", "Ａｎｎ",
    "Z̷̡͎o̴͉ë̶́",
    "👟", "👩‍👩‍👧", "👍🏽", "🇧🇪", "❤️", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "7", "2026", "١٢٣", "I", "W" * 50,
    "ﷺ", "ﷺ" * 20, "שם" * 20, "e\u0301" * 30,
]  # fmt: skip


class Chance:
    """One random choice of everything that a template may need."""

    def __init__(self, seed: int, *, wild: bool) -> None:
        self.random, self.names, self.wild = Random(seed), Random(seed + 1), wild
        self.reader = Reader("en", self.random.choice(("metric", "imperial")), self.random.choice(ZONES))

    def facts(self, template: str, needed: set[str]) -> dict[str, Any]:
        """Return a value for each of these names; the facts of a board belong together."""
        found = {name: self._fact(name, may_be_other=not template.startswith("words/")) for name in sorted(needed)}
        if needed & ON_A_BOARD:
            board = self._board()
            found |= {name: board[name] for name in needed & ON_A_BOARD}
            if board["mine"] is None and "above" in needed:
                found["above"] = None
        return found | {name: draw(self) for name, draw in BY_TEMPLATE.get(template, {}).items()}

    def raw(self) -> str:
        """Return a text that a person may type."""
        parts = [self._piece() for _ in range(self.names.choice((1, 1, 2, 3, 6, 12)))]
        text = self.names.choice(("", " ")).join(parts)
        return text if self.wild else "x" * len(one_line(text)) or "x"

    def name(self, most: int = MOST) -> str:
        """Return a name that a member may have; without `wild`, a plain one of the same length."""
        parts = [self._piece() for _ in range(self.names.choice((1, 1, 2, 3, 6, 12)))]
        name = clean_name(self.names.choice(("", " ")).join(parts), most) or "friend"
        return name if self.wild else "x" * units(name)

    def shown_name(self) -> str:
        """Return a name as a text shows it."""
        wild, self.wild = self.wild, True
        name, self.wild = isolated(self.name()), wild
        return name if wild else "x" * units(name)

    def _piece(self) -> str:
        kind = self.names.random()
        if kind < 0.4:
            return self.names.choice(WORDS)
        if kind < 0.8:
            return self.names.choice(PIECES)
        return chr(self.names.choice((self.names.randrange(0x20, 0x3000), self.names.randrange(0x20, 0x1FFFF))))

    def _fact(self, name: str, *, may_be_other: bool) -> Any:
        if name in TYPED:
            return self.raw()
        samples = [FACTS[name], OTHERWISE[name]] if name in OTHERWISE and may_be_other else [FACTS[name]]
        value = self.random.choice(samples)
        return [] if value == [] else self.varied(value)

    def varied(self, value: Any) -> Any:
        """Return another value of the same kind."""
        for kind, vary in VARIED:
            if isinstance(value, kind):
                return vary(self, value)
        return self.record(value) if dataclasses.is_dataclass(value) and type(value) not in FIXED else value

    def text(self, value: str) -> str:
        """Return another name for a name, and the same word for a word that the code knows."""
        if value == largest.DESCRIPTION:
            return self.name(200)
        first, *others = value.split(largest.NAME)
        return first + "".join(self.name() + each for each in others)

    def whole(self, value: int) -> int:
        """Return 0 for 0, otherwise one, a few, or many."""
        return value and self.random.choice((1, 2, 3, value, self.random.randint(min(1, value), max(1, value))))

    def real(self, value: float) -> float:
        """Return 0 for 0, otherwise little, a whole number, or much."""
        return value and self.random.choice((0.04, 1.0, value, self.random.uniform(0, value)))

    def instant(self, value: datetime) -> datetime:
        """Return a time within two years."""
        return value + timedelta(minutes=self.random.randint(-1_000_000, 1_000))

    def day(self, value: date) -> date:
        """Return a day within two years."""
        return value + timedelta(days=self.random.randint(-700, 0))

    def clock(self, _value: time) -> time:
        """Return any time of day."""
        return time(self.random.randrange(24), self.random.randrange(60))

    def days(self, value: Dates) -> Dates:
        """Return a day, a week, a month, or more."""
        start = self.day(value.start)
        return Dates(start, start + timedelta(days=self.random.choice((0, 1, 6, 29, 365, 800))))

    def some(self, value: list[Any]) -> list[Any]:
        """Return the first one, the first two, or all."""
        most = self.random.choice((1, 2, len(value), self.random.randint(1, max(1, len(value)))))
        return [self.varied(each) for each in value[:most]]

    def thing(self, value: SimpleNamespace) -> SimpleNamespace:
        """Return the object with other facts, but the same identity."""
        facts = vars(value).items()
        drawn = {key: each if key == "id" else self.varied(each) for key, each in facts}
        if drawn.get("metres"):
            drawn["metres"] = self.random.choice(RACES)
        return SimpleNamespace(**drawn)

    def record(self, value: Any) -> Any:
        """Return one of our dataclasses with other values."""
        fields = [each.name for each in dataclasses.fields(value) if each.init]
        return dataclasses.replace(value, **{name: self.varied(getattr(value, name)) for name in fields})

    def place(self, value: RankedPlace) -> RankedPlace:
        """Return another place, with another value."""
        return value._replace(place=self.random.choice((1, 2, 3, 11, 49)), value=self.real(value.value))

    def row(self, value: BoardRow) -> BoardRow:
        """Return another person's line."""
        return BoardRow(*(self.varied(each) for each in value))

    def _board(self) -> dict[str, Any]:
        rows = [
            BoardRow(
                self.place(RankedPlace(i, i, largest.YEAR, tied=False)),
                self.thing(largest.person(i)),
                self.totals(),
                moved,
            )
            for i in range(1, self.random.choice((1, 2, 3, 8, 9, 50)) + 1)
            for moved in (self.random.choice((None, 0, 1, -88)),)
        ]
        together = self.random.choice((largest.NONE, self.record(largest.BIGGEST)))
        before = self.random.choice((0.0, self.real(largest.BIGGEST.points)))
        since = self.random.choice((None, self.instant(largest.WHEN)))
        metric, dates = self.random.choice(list(Metric)), self.days(largest.CROSSING)
        ranked = self.random.random() < 0.7
        board = Board(
            self.thing(largest.group()),
            metric,
            dates,
            rows,
            len(rows),
            together,
            before,
            silent_since=since,
            recount=None,
            ranked=ranked,
            veiled={},
            least_metres=0.0,
        )
        return gather_board_facts(board, largest.person(self.random.randint(1, len(rows) + 1)))

    def totals(self) -> Totals:
        """Return the totals of a person."""
        return self.random.choice((largest.NONE, largest.LITTLE, self.record(largest.BIG)))


def _one_sum(chance: Chance) -> Metric:
    return chance.random.choice([each for each in Metric if each.is_sum])


def _a_sum(chance: Chance) -> Metric | None:
    return chance.random.choice([None, _one_sum(chance)])


def _some_lines(chance: Chance) -> list[str]:
    names = [chance.shown_name() for _ in range(chance.random.choice((0, 1, 2, 40)))]
    return [f"Wed 30 Dec 23:59 {one} made {other} a member again" for one, other in pairwise(names)]


# Templates in which a name means something else, or allows fewer values.
BY_TEMPLATE: dict[str, dict[str, Callable[[Chance], Any]]] = {
    "digest/story": {"fact": lambda chance: chance.random.choice((None, f"*{chance.shown_name()}* came back"))},
    "pictures/trend": {"metric": lambda _chance: Metric.POINTS},
    "pictures/trend_subtitle": {"metric": lambda _chance: Metric.POINTS},
    "questions/compared": {"metric": _a_sum, "pair": lambda chance: [(p, chance.totals()) for p in two(chance)]},
    **{f"questions/{which}": {"metric": _one_sum} for which in ("before", "figure")},
    **{f"questions/{which}": {"metric": _a_sum} for which in ("stats", "we")},
    "records/why": {"score": lambda chance: chance.record(FACTS["score"])},
    "refusals/question_over": {"command": lambda _chance: "leave"},
    "refusals/two_groups_match": {"wanted": Chance.name},
    "settings/audit": {"lines": _some_lines},
    "words/asked": {"metric": _a_sum},
    "words/race": {"race": lambda chance: chance.random.choice(RACES)},
}


def two(chance: Chance) -> list[Any]:
    """Return two people."""
    return [chance.thing(largest.person(number)) for number in (1, 2)]


FIXED = {GroupSettings, Met}
VARIED: list[tuple[Any, Callable[[Chance, Any], Any]]] = [
    (Enum, lambda chance, value: chance.random.choice(list(type(value)))),
    (bool, lambda chance, _value: chance.random.random() < 0.5),
    (int, Chance.whole),
    (float, Chance.real),
    (str, Chance.text),
    (datetime, Chance.instant),
    (date, Chance.day),
    (time, Chance.clock),
    (Dates, Chance.days),
    (RankedPlace, Chance.place),
    (BoardRow, Chance.row),
    (SimpleNamespace, Chance.thing),
    (list, Chance.some),
    (tuple, lambda chance, value: tuple(map(chance.varied, value))),
    (dict, lambda chance, value: {chance.varied(key): chance.varied(each) for key, each in value.items()}),
]
