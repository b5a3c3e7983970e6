"""Writes the text of a digest: the part that is the same for the whole group, and the lines that only
one reader gets.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from fitness.metrics import Metric
from messages.render import Reader, words
from messages.words import folded
from models import Member
from services.digest.stories import facts
from services.digest.stories.facts import Fact
from services.digest.stories.picture import make_picture
from services.digest.stories.pieces import MUST, Piece, TextPart, fit_pieces
from services.digest.stories.scene import Scene
from services.play.standings import BoardRow
from services.training.totals import Totals

ROWS, ROWS_IN_STORY, PODIUM = 8, 6, 3


class DigestForm(StrEnum):
    """The form of a digest: a table, a story, or, if nobody is ranked, a list in alphabetical order (CHEER)."""

    TABLE = "table"
    STORY = "story"
    CHEER = "cheer"


@dataclass(frozen=True)
class Me:
    """The reader: all that they did, whether their watch is connected, and whether they run the group."""

    member: Member
    totals: Totals = field(default_factory=Totals)
    linked: bool = True
    runs_it: bool = False


@dataclass
class Teller:
    """Writes the digest of one scene for many readers. Parts that are the same for readers with the same language and
    units are made once.
    """

    scene: Scene
    pool: list[Fact] = field(init=False)
    said: dict[str, int] = field(init=False, default_factory=dict)
    _made: dict[tuple[Reader, DigestForm], list[Piece]] = field(init=False, default_factory=dict)
    _ready: dict[Reader, dict[str, str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.pool = facts.gather_facts(self.scene)

    @cached_property
    def picture(self) -> dict[str, Any] | None:
        """The contents of the picture, the same for all readers; None if there is nothing to show."""
        return asdict(make_picture(self.scene)) if self.scene.rows else None

    def form(self, wanted: DigestForm = DigestForm.TABLE) -> DigestForm:
        """Return the form that may be used: CHEER if the group wants no ranking or too few members were active."""
        return wanted if self.scene.ranked and wanted is not DigestForm.CHEER else DigestForm.CHEER

    def text(self, me: Me, reader: Reader, wanted: DigestForm = DigestForm.TABLE) -> str:
        """Return the digest for one reader, short enough for a picture's caption."""
        form = self.form(wanted)
        if (reader, form) not in self._made:
            self._made[reader, form] = list(self._pieces(reader, form))
        return self._fitting([*self._made[reader, form], *self._own(me, reader, form)], reader)

    def ready(self, reader: Reader) -> dict[str, str]:
        """Return the values of the approved template that are the same for readers with the same language and units."""
        if reader not in self._ready:
            board = self.scene.board
            self._ready[reader] = {
                part: words(f"digest/ready_{part}", reader, board=board, totals=board.together)
                for part in ("group", "dates", "together", "sessions")
            }
        return self._ready[reader]

    def text_for_all(self, reader: Reader, wanted: DigestForm = DigestForm.TABLE) -> str:
        """Return the digest for anybody: without lines for a single reader, and without hints about commands."""
        pieces = self._pieces(reader, self.form(wanted))
        return self._fitting([piece for piece in pieces if piece.part is not TextPart.HINTS], reader)

    def _fitting(self, pieces: list[Piece], reader: Reader) -> str:
        of = len(self.scene.rows)
        return fit_pieces(pieces, lambda told: words("digest/more", reader, more=of - told) if told < of else "")

    def _pieces(self, reader: Reader, form: DigestForm) -> Iterator[Piece]:
        scene = self.scene
        yield Piece(TextPart.HEAD, MUST, words("digest/head", reader, board=scene.board, form=form))
        yield Piece(
            TextPart.HEAD,
            MUST,
            words("digest/totals", reader, board=scene.board, form=form, totals=scene.board.together),
        )
        chosen = facts.choose_best(self.pool, about_one=1 if form is DigestForm.STORY else facts.MOST_ABOUT_ONE)
        told = {fact: self._worded(fact, chosen[:number], reader) for number, fact in enumerate(chosen)}
        if form is DigestForm.STORY:
            yield from self._story(told, reader)
        else:
            yield from self._rows(form, reader)
        for fact, sentence in told.items():
            mark = words("digest/fact_mark", reader, fact=fact)
            yield Piece(TextPart.FACTS, 20 + fact.score // 2, f"{mark} {sentence}")
        yield from self._notes(form, reader)
        yield Piece(TextPart.HINTS, 30, words("digest/hints", reader))

    def _rows(self, form: DigestForm, reader: Reader) -> Iterator[Piece]:
        rows = self.scene.rows if form is DigestForm.TABLE else sorted(self.scene.rows, key=_alphabetical)
        for number, row in enumerate(rows[:ROWS]):
            worth = 95 if number < PODIUM else 58 - number
            yield Piece(TextPart.ROWS, worth, self._line(row, reader, form, with_unit=number == 0), counts=1)

    def _line(self, row: BoardRow, reader: Reader, form: DigestForm, *, with_unit: bool = False) -> str:
        return words(
            "digest/row", reader, board=self.scene.board, row=row, totals=row.totals, form=form,
            with_unit=with_unit,
        )  # fmt: skip

    def _story(self, told: dict[Fact, str], reader: Reader) -> Iterator[Piece]:
        """Yield a sentence for each member on the podium or with a fact, which is part of the sentence, and one
        sentence for the others among the first rows.
        """
        board, rest = self.scene.board, []
        way = facts.choose_variant(board.group.id, self.scene.dates.start, "story", 3, {})
        for number, row in enumerate(self.scene.rows[:ROWS_IN_STORY]):
            fact = next((each for each in told if each.is_about(row.member.id)), None)
            if fact is None and number >= PODIUM:
                rest.append(row)
                continue
            text = words(
                "digest/story", reader, board=board, row=row, totals=row.totals, fact=told.pop(fact) if fact else "",
                way=(way + number) % 3,
                upper=row.place.place <= max(PODIUM, len(self.scene.rows) // 2),
                leads=fact is not None and fact.kind.startswith("lead"),
            )  # fmt: skip
            yield Piece(TextPart.ROWS, 95 if number < PODIUM else 80 - number, text, counts=1)
        if rest:
            yield Piece(TextPart.ROWS, 70, words("digest/story_rest", reader, board=board, rows=rest), counts=len(rest))

    def _worded(self, fact: Fact, before: list[Fact], reader: Reader) -> str:
        """Return one of the texts for a fact. Each line of its template is one; the second fact of a
        kind gets another.
        """
        board, dates = self.scene.board, self.scene.dates
        text = words(f"digest/fact_{fact.kind}", reader, fact=fact, metric=board.metric, year=dates.end.year)
        ways = text.splitlines()
        way = facts.choose_variant(board.group.id, dates.start, fact.kind, len(ways), self.scene.said)
        self.said[fact.kind] = way
        return ways[(way + sum(each.kind == fact.kind for each in before)) % len(ways)]

    def _notes(self, form: DigestForm, reader: Reader) -> Iterator[Piece]:
        scene = self.scene
        if scene.correction and (
            form is not DigestForm.CHEER or scene.cheer_below
        ):  # not if the group wants no ranking
            yield Piece(TextPart.NOTES, 90, words("digest/correction", reader, correction=scene.correction))
        if scene.board.silent_since:
            yield Piece(TextPart.NOTES, 55, words("digest/silent", reader, reaches=scene.board.silent_since))
        if not scene.said and scene.rows and scene.board.metric is Metric.POINTS:
            yield Piece(TextPart.NOTES, 26, words("digest/first_time", reader))
        if form is DigestForm.CHEER and scene.rows and len(scene.rows) < scene.cheer_below > 2:
            yield Piece(TextPart.NOTES, 25, words("digest/why_cheer", reader, most=scene.cheer_below))

    def _own(self, me: Me, reader: Reader, form: DigestForm) -> Iterator[Piece]:
        """Yield the lines for this reader only: their row if it is below the table, and their own week."""
        mine = self.scene.row_of(me.member.id)
        if mine and form is DigestForm.TABLE and mine not in self.scene.rows[:ROWS]:
            yield Piece(TextPart.ROWS, 94, self._line(mine, reader, form), counts=1)
        ranked = form is not DigestForm.CHEER
        above = next((row for row in reversed(self.scene.rows) if mine and row.place.place < mine.place.place), None)
        text = words(
            "digest/mine", reader, me=me, mine=mine, above=above if ranked else None, ranked=ranked,
            board=self.scene.board,
        )  # fmt: skip
        if text:
            yield Piece(TextPart.MINE, 96, text)
        if me.runs_it and self.scene.rows:
            yield Piece(TextPart.HINTS, 40, words("digest/share", reader))


def _alphabetical(row: BoardRow) -> tuple[str, int]:
    return folded(row.member.name), row.member.id
