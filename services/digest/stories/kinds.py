"""The kinds of facts that follow from a board and from what came before it, in the order in which they are used.

The score of a fact says how interesting it is for friends.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from fitness.improved import compare_with_usual, find_usual_week
from fitness.metrics import Metric
from fitness.sports import Sport
from services.digest.stories.facts import Fact, finder
from services.digest.stories.scene import Past, Scene
from services.play.standings import BoardRow

CLOSE = 0.03
CLIMB = 2
LONG_AGO = timedelta(days=28)
# So many earlier sessions of a sport are needed, because a beginner would set a record each time.
ENOUGH_BEFORE = 8
ENOUGH_WEEKS = 6
LONGEST_BY_A_HUNDREDTH = 1.01
WORTH_TELLING = 0.1
MILESTONES = {4, 8, 10, 13, 20, 26, 39, 52}
IN_ONE_GO = {Sport.RUN, Sport.RIDE, Sport.SWIM, Sport.WALK, Sport.HIKE, Sport.ROW, Sport.PADDLE, Sport.SKI}
WEEK = timedelta(days=7)


@finder
def lead(scene: Scene) -> Iterator[Fact]:
    """Find who is first: somebody new, or the same person as before."""
    leaders = [row for row in scene.rows if row.place.place == 1]
    if len(leaders) != 1 or len(scene.rows) < 2 or not scene.is_week:
        return
    [first] = leaders
    deposed = [row for row in scene.rows if row.moved is not None and row.moved + row.place.place == 1]
    if first in deposed:
        yield Fact("lead_kept", 40, (first.member,), competitive=True)
    elif first.moved is None:  # a person who was not on the board before may be a newcomer, so nobody was overtaken
        return
    elif (gap := _gap(scene)) and len(deposed) == 1 and deposed[0] is scene.rows[1]:
        yield Fact("lead", 85, (first.member, deposed[0].member), gap, competitive=True)
    else:  # it is not said how far the earlier leader has fallen
        yield Fact("lead_new", 85, (first.member,), competitive=True)


@finder
def close(scene: Scene) -> Iterator[Fact]:
    """Find that the first two are almost equal."""
    if len(scene.rows) > 1 and 0 < (gap := _gap(scene)) <= CLOSE * scene.rows[0].place.value:
        yield Fact("close", 46, (scene.rows[0].member, scene.rows[1].member), gap, competitive=True)


@finder
def climber(scene: Scene) -> Iterator[Fact]:
    """Find who has climbed the most places."""
    climbed = max((row for row in scene.rows if row.moved), key=lambda row: row.moved or 0, default=None)
    if climbed is not None and (climbed.moved or 0) >= CLIMB:
        yield Fact("climber", 55, (climbed.member,), number=climbed.moved or 0, competitive=True)


@finder
def most_improved(scene: Scene) -> Iterator[Fact]:
    """Find who has improved most on their usual week."""
    if not scene.is_week or scene.board.metric is not Metric.POINTS:
        return
    found = []
    for row in scene.rows:
        mine = {week: values[row.member.id] for week, values in scene.weeks.items() if row.member.id in values}
        better = compare_with_usual(row.place.value, find_usual_week(mine, scene.dates.start))
        if better is not None and better.change >= WORTH_TELLING:
            found.append((better.change, -row.member.id, row.member))
    if found:
        change, _, member = max(found, key=lambda each: each[:2])
        yield Fact("improved", 80, (member,), number=round(100 * change))


@finder
def records(scene: Scene) -> Iterator[Fact]:
    """Find personal records of members who share all figures that a record reveals."""
    for record in scene.records:
        row = scene.row_of(record.member_id)
        if row and all(scene.shares(record.member_id, what) for what in ("sports", "time", "distance", "elevation")):
            yield Fact("pb", 90, (row.member,), thing=record)


@finder
def longest(scene: Scene) -> Iterator[Fact]:
    """Find sessions that are longer than any earlier one of the same sport."""
    told = {(record.member_id, record.sport) for record in scene.records}
    for past, row in _pasts(scene, "distance", "count"):
        if (past.member_id, past.sport) in told:
            continue
        enough = past.earlier_count >= ENOUGH_BEFORE and past.sport in IN_ONE_GO
        if enough and past.longest > past.earlier_longest * LONGEST_BY_A_HUNDREDTH > 0:
            yield Fact("longest", 60, (row.member,), past.longest, past.earlier_longest, sport=past.sport)


@finder
def first_since(scene: Scene) -> Iterator[Fact]:
    """Find sports that a member did for the first time, or for the first time in long."""
    enough = {past.member_id for past in scene.past if past.earlier_count >= ENOUGH_BEFORE}
    known = enough & scene.shared.get("count", frozenset())
    for past, row in _pasts(scene):
        if past.sport is Sport.OTHER:
            continue
        if past.last_day is not None and scene.dates.start - past.last_day > LONG_AGO:
            yield Fact("first_since", 50, (row.member,), sport=past.sport, since=past.last_day)
        elif past.last_day is None and past.member_id in known:
            yield Fact("first_ever", 48, (row.member,), sport=past.sport)


@finder
def best_week(scene: Scene) -> Iterator[Fact]:
    """Find a member's biggest week in a long time."""
    if not scene.is_week:
        return
    for row in scene.rows:
        mine = {week: values.get(row.member.id, 0.0) for week, values in scene.weeks.items()}
        weeks = _weeks_since_as_much(mine, scene.dates.start, row.place.value)
        if weeks >= ENOUGH_WEEKS:
            yield Fact("best_week", 57, (row.member,), row.place.value, number=weeks)


@finder
def all_rounder(scene: Scene) -> Iterator[Fact]:
    """Find members with three or more sports in these days."""
    for row in scene.rows:
        sports = tuple(sport for sport, _ in row.totals.by_sport if sport is not Sport.OTHER)
        if len(sports) >= 3 and scene.shares(row.member.id, "sports"):
            yield Fact("all_rounder", 36, (row.member,), number=len(sports), sports=sports)


@finder
def most_often(scene: Scene) -> Iterator[Fact]:
    """Find who had the most sessions, if that is not the leader."""
    rows = sorted(scene.rows, key=lambda row: -row.totals.count)
    if len(rows) > 2 and rows[0].totals.count > max(rows[1].totals.count, 3) and rows[0].place.place > 1:
        yield Fact("most_often", 42, (rows[0].member,), number=rows[0].totals.count, competitive=True)


@finder
def streak(scene: Scene) -> Iterator[Fact]:
    """Find streaks whose number of weeks is worth celebrating."""
    for row in scene.rows:
        weeks = scene.streaks.get(row.member.id, 0)
        if weeks in MILESTONES or (weeks and weeks % 52 == 0):
            yield Fact("streak", 70, (row.member,), number=weeks)


@finder
def together(scene: Scene) -> Iterator[Fact]:
    """Find that this is the group's biggest week in a long time."""
    sums = {week: sum(values.values()) for week, values in scene.weeks.items()}
    total = scene.board.together.value(scene.board.metric)
    if scene.is_week and len(scene.rows) > 1:
        weeks = _weeks_since_as_much(sums, scene.dates.start, total)
        if weeks >= ENOUGH_WEEKS:
            yield Fact("together", 58, number=weeks)


@finder
def everybody(scene: Scene) -> Iterator[Fact]:
    """Find that all members who share their figures were active."""
    if 3 <= scene.board.sharing == len(scene.rows):
        yield Fact("everybody", 44, number=len(scene.rows))


@finder
def goal(scene: Scene) -> Iterator[Fact]:
    """Find the state of the group's goal while its days last. That it was reached is reported once."""
    aim = scene.goal
    if (
        aim is None
        or aim.forecast.done <= 0
        or not (aim.dates.start <= scene.dates.end and scene.dates.start <= aim.dates.end)
    ):
        return
    ahead, days_left = aim.forecast, (aim.dates.end - scene.dates.end).days
    if not ahead.is_reached:
        in_time = ahead.on if days_left > 0 and ahead.on and ahead.on <= aim.dates.end else None
        # The amount for each remaining day is given only if the goal can be reached; otherwise it would be a reproach.
        a_day = ahead.a_day if ahead.on and aim.metric != Metric.COUNT else 0.0
        yield Fact("goal", 56, value=a_day, number=max(days_left, 0), since=in_time, thing=aim)
    elif "goal_hit" not in scene.said or aim.dates.start >= scene.dates.start:
        yield Fact("goal_hit", 100, thing=aim)


@finder
def rivalry(scene: Scene) -> Iterator[Fact]:
    """Find the rivalry of this week: one pair of members whose results are often close."""
    told = scene.rivalry
    if told is not None and told.ahead is not None:
        other = told.other if told.ahead is told.one else told.one
        duel = told.duel if told.ahead is told.one else told.duel.turned()
        flipped = duel.one_won == duel.other_won + 1 and duel.other_won > 0
        kind, score = ("rivalry_flip", 65) if flipped else ("rivalry", 52)
        yield Fact(kind, score, (told.ahead, other), float(told.by), thing=duel, competitive=True)


@finder
def challenge(scene: Scene) -> Iterator[Fact]:
    """Find the state of the group's challenges."""
    for standing in scene.challenges:
        if standing.forecast is not None and standing.done > 0:
            kind = "challenge_done" if standing.forecast.is_reached else "challenge"
            yield Fact(kind, 54, number=standing.days_left, thing=standing)
        elif standing.is_ranked and standing.lines:
            first = standing.lines[0].member
            yield Fact("challenge_led", 51, (first,), number=standing.days_left, thing=standing, competitive=True)


@finder
def group_streak(scene: Scene) -> Iterator[Fact]:
    """Find in how many weeks in a row several members were active."""
    least = min(3, scene.board.sharing)
    if not scene.is_week or least < 2:
        return
    week, weeks = scene.dates.start, 0
    while sum(value > 0 for value in scene.weeks.get(week, {}).values()) >= least:
        week, weeks = week - WEEK, weeks + 1
    if weeks >= 3:
        yield Fact("group_streak", 70 if weeks in MILESTONES else 43, value=float(least), number=weeks)


@finder
def away(scene: Scene) -> Iterator[Fact]:
    """Find who is away and lets the group see it."""
    for member, until in scene.away:
        yield Fact("away", 47, (member,), since=until)


def _gap(scene: Scene) -> float:
    """Return the difference between the first two figures; 0 if it would be written as zero."""
    gap = scene.rows[0].place.value - scene.rows[1].place.value
    return 0.0 if scene.board.metric.reads_as_zero(gap) else gap


def _pasts(scene: Scene, *what: str) -> Iterator[tuple[Past, BoardRow]]:
    """Return what members did in these days, with their rows, for those who share their sports and all
    figures in `what`.
    """
    for past in scene.past:
        row = scene.row_of(past.member_id)
        if row and past.count and all(scene.shares(past.member_id, each) for each in ("sports", *what)):
            yield past, row


def _weeks_since_as_much(values: dict[date, float], start: date, value: float) -> int:
    """Return for how many weeks before `start` no week had this value; 0 if too few weeks are known."""
    before = sorted((week for week in values if week < start), reverse=True)
    if sum(values[week] > 0 for week in before) < ENOUGH_WEEKS:
        return 0
    known = (before[0] - before[-1]).days // 7 + 1 if before else 0
    reached = next((week for week in before if values[week] >= value), None)
    return (start - reached).days // 7 if reached else known
