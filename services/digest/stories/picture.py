"""The contents of a digest's picture."""

from datetime import timedelta
from statistics import median

from fitness.metrics import Metric
from fitness.sports import Sport
from messages.render import Reader, words
from providers.charts import Bar, Leaderboard, Segment
from services.digest.stories.scene import Scene
from services.play.standings import BoardRow
from services.training.totals import Totals

ROWS, SPORTS = 6, 4
WEEK = timedelta(weeks=1)
# A usual week is the median of the last six weeks with a value, if there are at least three.
USUAL_WEEKS, ENOUGH_WEEKS = 6, 3


def make_picture(scene: Scene) -> Leaderboard:
    """Return the picture of the group's board. It contains nothing about a single reader, so it is
    drawn once for all.
    """
    reader, board = Reader(), scene.board
    found = [sport for sport, _ in divide_by_sport(board.together, board.metric)]
    sports = found[:SPORTS]
    legend = tuple((sport.value, words("digest/sport", reader, sport=sport)) for sport in sports)
    return Leaderboard(
        title=board.group.name,
        subtitle=words("digest/picture_subtitle", reader, board=board),
        bars=tuple(_bar(scene, row, sports) for row in board.rows[:ROWS]),
        legend=legend + ((("other", words("digest/sport", reader, sport=None)),) if len(found) > SPORTS else ()),
        ranked=scene.ranked,
        usual=words("pictures/label", reader, which="usual"),
        shows=tuple(row.member.id for row in board.rows[:ROWS]),
    )


def divide_by_sport(totals: Totals, metric: Metric) -> list[tuple[Sport, float]]:
    """Return the parts of a bar by sport, largest first: points if the board ranks by points, else time."""
    return totals.points_by_sport if metric is Metric.POINTS else totals.by_sport


def _bar(scene: Scene, row: BoardRow, sports: list[Sport]) -> Bar:
    parts = dict(divide_by_sport(row.totals, scene.board.metric))
    own = [Segment(sport.value, parts.pop(sport, 0.0)) for sport in sports]
    moved = row.moved if scene.ranked else None
    return Bar(
        place=row.place.place,
        name=row.member.name,
        value=row.place.value,
        label=words("pictures/amount", Reader(), totals=row.totals, metric=scene.board.metric),
        segments=tuple(part for part in (*own, Segment("other", sum(parts.values()))) if part.value > 0),
        change=str(abs(moved)) if moved else "=" if moved == 0 else "",
        trend=moved or 0,
        usual=_usual(scene, row.member.id),
    )


def _usual(scene: Scene, member_id: int) -> float:
    """Return the value of this member's usual week; 0 if these days are not a week or too few weeks are known."""
    if not scene.is_week:
        return 0.0
    weeks = (scene.weeks.get(scene.dates.start - n * WEEK, {}).get(member_id, 0.0) for n in range(1, USUAL_WEEKS + 1))
    moved = [value for value in weeks if value > 0]
    return median(moved) if len(moved) >= ENOUGH_WEEKS else 0.0
