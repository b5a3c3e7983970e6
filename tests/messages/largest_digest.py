"""The facts that the digest's templates need, with the longest names and the largest figures."""

from datetime import date
from types import SimpleNamespace
from typing import Any

from fitness.ranking import RankedPlace
from fitness.sports import Sport
from services.digest.stories.facts import Fact
from services.digest.stories.scene import Correction
from services.digest.stories.text import Me
from services.play.standings import BoardRow
from tests.messages.largest import BIG, CHALLENGE, CROSSING, WHEN, YEAR, person

ROW = BoardRow(RankedPlace(49, 49, YEAR, tied=False), person(49), BIG, -88)
THING = SimpleNamespace(
    kind="highest",
    metres=21098,
    value=99_999.0,
    metric="points",
    forecast=SimpleNamespace(done=4_999_950.0, target=9_999_950.0, is_reached=False),
    sport=Sport.STRENGTH,
    dates=CROSSING,
    challenge=CHALLENGE,
    one=1,
    one_won=52,
    other_won=52,
    since=date(2025, 9, 30),
)
FACT = Fact(
    "longest",
    1,
    (person(), person()),
    YEAR,
    YEAR,
    9_999,
    Sport.STRENGTH,
    (Sport.STRENGTH,) * 4,
    date(2025, 9, 30),
    THING,
)

FACTS: dict[str, Any] = {
    "above": BoardRow(RankedPlace(48, 48, YEAR, tied=False), person(48), BIG, 1),
    "correction": Correction(CROSSING, [(person(number), 8 + number) for number in (1, 2, 3)]),
    "fact": FACT,
    "form": "table",
    "leads": True,
    "me": Me(person(), BIG),
    "ranked": True,
    "upper": True,
    "reaches": WHEN,
    "row": ROW,
    "way": 0,
    "with_unit": True,
    "year": 2026,
}
OTHERWISE: dict[str, Any] = {
    "above": None,
    "form": "cheer",
    "leads": False,
    "me": Me(person(), linked=False),
    "mine": None,
    "ranked": False,
    "upper": False,
    "way": 1,
    "with_unit": False,
}
