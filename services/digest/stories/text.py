"""The text of a digest: what is the same for the whole group, and the lines that only one reader gets."""

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
from services.digest.stories.picture import picture_of
from services.digest.stories.pieces import MUST, Part, Piece, fitting
from services.digest.stories.scene import Scene
from services.play.standings import Row
from services.training.totals import Totals

ROWS, ROWS_IN_STORY, PODIUM = 8, 6, 3


class Form(StrEnum):
    """How a digest is told: as a table, as a story, or, where nobody is ranked, as a cheer from A to Z."""

    TABLE = "table"
    STORY = "story"
    CHEER = "cheer"


@dataclass(frozen=True)
class Me:
    """The reader: what they did, whether or not the group sees it, whether their watch is connected, and whether they
    run the group.
    """

    member: Member
    totals: Totals = field(default_factory=Totals)
    linked: bool = True
    runs_it: bool = False


@dataclass
class Teller:
    """Tells one scene to many readers; what is the same for all who read alike is made once."""

    scene: Scene
    pool: list[Fact] = field(init=False)
    said: dict[str, int] = field(init=False, default_factory=dict)
    _made: dict[tuple[Reader, Form], list[Piece]] = field(init=False, default_factory=dict)
    _ready: dict[Reader, dict[str, str]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.pool = facts.pool(self.scene)

    @cached_property
    def picture(self) -> dict[str, Any] | None:
        """What is on the picture that goes with it, the same for all; none where there is nothing to show."""
        return asdict(picture_of(self.scene)) if self.scene.rows else None

    def form(self, wanted: Form = Form.TABLE) -> Form:
        """The form that may be told: nobody is ranked where the group does not want it, or hardly anybody moved."""
        return wanted if self.scene.ranked and wanted is not Form.CHEER else Form.CHEER

    def text(self, me: Me, reader: Reader, wanted: Form = Form.TABLE) -> str:
        """The digest for one reader, short enough for a caption."""
        form = self.form(wanted)
        if (reader, form) not in self._made:
            self._made[reader, form] = list(self._pieces(reader, form))
        return self._fitting([*self._made[reader, form], *self._own(me, reader, form)], reader)

    def ready(self, reader: Reader) -> dict[str, str]:
        """What its approved form says to everybody who reads alike."""
        if reader not in self._ready:
            board = self.scene.board
            self._ready[reader] = {
                part: words(f"digest/ready_{part}", reader, board=board, totals=board.together)
                for part in ("group", "dates", "together", "sessions")
            }
        return self._ready[reader]

    def text_for_all(self, reader: Reader, wanted: Form = Form.TABLE) -> str:
        """The digest for whoever reads it: nothing of one reader, and nothing to send to the bot."""
        pieces = self._pieces(reader, self.form(wanted))
        return self._fitting([piece for piece in pieces if piece.part is not Part.HINTS], reader)

    def _fitting(self, pieces: list[Piece], reader: Reader) -> str:
        of = len(self.scene.rows)
        return fitting(pieces, lambda told: words("digest/more", reader, more=of - told) if told < of else "")

    def _pieces(self, reader: Reader, form: Form) -> Iterator[Piece]:
        scene = self.scene
        yield Piece(Part.HEAD, MUST, words("digest/head", reader, board=scene.board, form=form))
        yield Piece(
            Part.HEAD, MUST, words("digest/totals", reader, board=scene.board, form=form, totals=scene.board.together)
        )
        chosen = facts.best(self.pool, about_one=1 if form is Form.STORY else facts.MOST_ABOUT_ONE)
        told = {fact: self._worded(fact, chosen[:number], reader) for number, fact in enumerate(chosen)}
        if form is Form.STORY:
            yield from self._story(told, reader)
        else:
            yield from self._rows(form, reader)
        for fact, sentence in told.items():
            mark = words("digest/fact_mark", reader, fact=fact)
            yield Piece(Part.FACTS, 20 + fact.score // 2, f"{mark} {sentence}")
        yield from self._notes(form, reader)
        yield Piece(Part.HINTS, 30, words("digest/hints", reader))

    def _rows(self, form: Form, reader: Reader) -> Iterator[Piece]:
        rows = self.scene.rows if form is Form.TABLE else sorted(self.scene.rows, key=_alphabetical)
        for number, row in enumerate(rows[:ROWS]):
            worth = 95 if number < PODIUM else 58 - number
            yield Piece(Part.ROWS, worth, self._line(row, reader, form, with_unit=number == 0), counts=1)

    def _line(self, row: Row, reader: Reader, form: Form, *, with_unit: bool = False) -> str:
        return words(
            "digest/row", reader, board=self.scene.board, row=row, totals=row.totals, form=form,
            with_unit=with_unit,
        )  # fmt: skip

    def _story(self, told: dict[Fact, str], reader: Reader) -> Iterator[Piece]:
        """A sentence for each of the podium and for whom there is a fact to tell of, which is told with it; the rest
        of the first few in one.
        """
        board, rest = self.scene.board, []
        way = facts.variant(board.group.id, self.scene.dates.start, "story", 3, {})
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
            yield Piece(Part.ROWS, 95 if number < PODIUM else 80 - number, text, counts=1)
        if rest:
            yield Piece(Part.ROWS, 70, words("digest/story_rest", reader, board=board, rows=rest), counts=len(rest))

    def _worded(self, fact: Fact, before: list[Fact], reader: Reader) -> str:
        """One of the ways to say a fact: each line of its template is one. The second of a kind is said otherwise."""
        board, dates = self.scene.board, self.scene.dates
        text = words(f"digest/fact_{fact.kind}", reader, fact=fact, metric=board.metric, year=dates.end.year)
        ways = text.splitlines()
        way = facts.variant(board.group.id, dates.start, fact.kind, len(ways), self.scene.said)
        self.said[fact.kind] = way
        return ways[(way + sum(each.kind == fact.kind for each in before)) % len(ways)]

    def _notes(self, form: Form, reader: Reader) -> Iterator[Piece]:
        scene = self.scene
        if scene.correction and (form is not Form.CHEER or scene.cheer_below):  # not where the group wants no places
            yield Piece(Part.NOTES, 90, words("digest/correction", reader, correction=scene.correction))
        if scene.board.silent_since:
            yield Piece(Part.NOTES, 55, words("digest/silent", reader, reaches=scene.board.silent_since))
        if not scene.said and scene.rows and scene.board.metric is Metric.POINTS:
            yield Piece(Part.NOTES, 26, words("digest/first_time", reader))
        if form is Form.CHEER and scene.rows and len(scene.rows) < scene.cheer_below > 2:
            yield Piece(Part.NOTES, 25, words("digest/why_cheer", reader, most=scene.cheer_below))

    def _own(self, me: Me, reader: Reader, form: Form) -> Iterator[Piece]:
        """What only this reader gets: their line where the table ends above it, and their own week."""
        mine = self.scene.row_of(me.member.id)
        if mine and form is Form.TABLE and mine not in self.scene.rows[:ROWS]:
            yield Piece(Part.ROWS, 94, self._line(mine, reader, form), counts=1)
        ranked = form is not Form.CHEER
        above = next((row for row in reversed(self.scene.rows) if mine and row.place.place < mine.place.place), None)
        text = words(
            "digest/mine", reader, me=me, mine=mine, above=above if ranked else None, ranked=ranked,
            board=self.scene.board,
        )  # fmt: skip
        if text:
            yield Piece(Part.MINE, 96, text)
        if me.runs_it and self.scene.rows:
            yield Piece(Part.HINTS, 40, words("digest/share", reader))


def _alphabetical(row: Row) -> tuple[str, int]:
    return folded(row.member.name), row.member.id
