"""Answers to questions in plain language: one figure, another person, the whole group, or two people side by side."""

import re
from dataclasses import dataclass
from datetime import date

from bot.arguments import Each, Person
from bot.declaring.command import Allowed, command, commands
from bot.declaring.friends import MYSELF, find_meant, find_somebody, find_what_is_seen
from bot.declaring.turn import Turn
from fitness.forms import Kind, Relative, Which
from fitness.metrics import Metric
from fitness.periods import LAST_WEEK, THIS_WEEK, Dates, Period
from fitness.sports import Sport
from messages.message import Message
from messages.render import Offer
from models import Member
from services.ground.group_settings import GroupSettings
from services.ground.refusals import KeptPrivate, WhoToCompare
from services.people import members
from services.play import board_figures, questions, standings
from services.training import activities
from services.training.totals import Totals

AND = re.compile(r"\s+(?:and|vs\.?|versus|with|against|to|or|&|than)\s+|\s*,\s*|\s*&\s*", re.IGNORECASE)


@command(
    "stats",
    aliases=("show", "my stats", "show me"),
    help="Your numbers, or a friend's as far as they share them",
    allowed=Allowed.ANYONE,
    examples=("stats last month", "stats since 1 oct"),
)
def stats(
    turn: Turn,
    who: Person | None = None,
    metric: Metric | None = None,
    sport: Sport | None = None,
    period: Period = THIS_WEEK,
    each: Each | None = None,
) -> Message:
    """Show a person's figures over any days; without a name, the member's own."""
    other = find_meant(turn, who)
    if metric is Metric.STREAK and other.id != turn.member.id:
        return commands["streak"](turn, who=who)
    if other.id == turn.member.id:
        return commands["me"](turn, **_told(metric=metric, sport=sport, period=period, each=each))
    dates, _ = turn.resolve(period, turn.group.timezone)
    metric, sport = _of_one(metric, each, sport)
    each = each if metric and metric.is_sum else None
    totals, titles = _seen(turn, other, dates, sport, metric)
    when = (LAST_WEEK, "last_week") if period == THIS_WEEK else (THIS_WEEK, "this_week")
    buttons = [commands["stats"].button(when[1], f"@{other.name}", when[0].words)]
    return turn.say(
        "questions/stats",
        member=other,
        totals=totals,
        metric=metric,
        sport=sport,
        dates=dates,
        today=turn.today(turn.group.timezone),
        each=each,
        parts=_parts(totals, metric, each, dates, turn.today()),
        titles=titles,
        buttons=[*buttons, commands["compare"].button("compare_with_me", f"@{other.name}", period.words)]
        if buttons
        else [],
    )


@command(
    "we",
    aliases=("us", "together", "group total", "all of us"),
    help="What your group did together",
    allowed=Allowed.MEMBERS,
    examples=("we", "we swim this month", "together distance 2026", "we run average per week this year"),
)
def we(
    turn: Turn,
    metric: Metric | None = None,
    sport: Sport | None = None,
    period: Period = THIS_WEEK,
    each: Each | None = None,
) -> Message:
    """Show the sum of the figures that members share with the group."""
    dates, before = turn.resolve(period, turn.group.timezone)
    metric = metric if metric and metric.is_sum else Metric.TIME if each else None
    board = standings.make_board(turn.session, turn.group, metric or Metric.TIME, dates, before, sport)
    today = turn.today(turn.group.timezone)
    return turn.say(
        "questions/we",
        group=turn.group,
        totals=board.together,
        metric=metric,
        sport=sport,
        dates=dates,
        today=today,
        size=len(board.rows),
        each=each,
        parts=questions.count_parts(board.together, each, dates, today),
        buttons=[commands["leaderboard"].button("leaderboard", *_words(metric, sport), period.words)],
    )


@command(
    "compare",
    aliases=("comparison", "compare me"),
    help="Put two of you side by side, or these days beside those before",
    allowed=Allowed.ANYONE,
    examples=("compare", "compare last month", "compare run this year"),
)
def compare(
    turn: Turn,
    whom: Person | None = None,
    metric: Metric | None = None,
    sport: Sport | None = None,
    period: Period = THIS_WEEK,
) -> Message:
    """Compare two people; without a name, the member now and in the period before."""
    names = [part for part in AND.split(whom or "") if part.strip()]
    if not names:
        return _with_before(turn, metric, sport, period)
    if len(names) > 2:
        raise WhoToCompare
    metric, sport = _of_one(metric, None, sport)
    pair = [turn.member if name.casefold() in MYSELF else find_somebody(turn, name) for name in names]
    pair = [turn.member, *pair] if len(pair) == 1 else pair
    if pair[0].id == pair[1].id:
        raise WhoToCompare
    dates, _ = turn.resolve(period, turn.group.timezone)
    return turn.say(
        "questions/compared",
        pair=[(each, _seen(turn, each, dates, sport, metric)[0]) for each in pair],
        metric=metric,
        sport=sport,
        dates=dates,
        today=turn.today(turn.group.timezone),
        you=turn.member.id,
        buttons=[commands["leaderboard"].button("leaderboard", *_words(metric, sport), period.words)],
    )


@command(
    "longest",
    aliases=("longest one", "biggest"),
    help="Your longest session",
    allowed=Allowed.ANYONE,
    examples=("longest", "longest ride this year", "longest run 2026"),
)
def longest(turn: Turn, sport: Sport | None = None, period: Period | None = None) -> Message:
    """Show the session with the largest distance, or, for sports without distance, the longest time."""
    dates = turn.resolve(period)[0] if period else None
    found = questions.find_longest(turn.session, turn.member, dates, sport)
    return turn.say(
        "questions/longest",
        activity=found,
        sport=sport,
        dates=dates,
        today=turn.today(),
        buttons=[commands["me"].button("my_week")],
    )


@dataclass(frozen=True)
class AskedFigure:
    """The arguments of `me` when a single figure or an average is wanted."""

    metric: Metric | None
    each: Each | None


def say_one_figure(turn: Turn, asked: AskedFigure, sport: Sport | None, period: Period) -> Message:
    """Show one figure of the member, and what it means."""
    metric = asked.metric or Metric.TIME
    if not metric.is_told_alone:
        return commands["leaderboard"](turn, metric=metric, sport=sport, period=period)
    sport = board_figures.choose_sport(metric, sport)
    dates, before = turn.resolve(period)
    totals, then = questions.sum_up(turn.session, turn.member, metric, sport, dates, before, _settings(turn))
    said = _words(asked.metric, sport)
    return turn.say(
        "questions/figure",
        totals=totals,
        then=then if metric.is_sum else 0.0,
        metric=metric,
        sport=sport,
        dates=dates,
        today=turn.today(),
        each=asked.each if metric.is_sum else None,
        parts=_parts(totals, metric, asked.each, _lived(turn, dates), turn.today()),
        buttons=[
            commands["me"].button("all_my_numbers", *_words(None, sport), period.words),
            commands["leaderboard"].button("leaderboard", *said, period.words),
        ],
    )


def _lived(turn: Turn, dates: Dates) -> Dates:
    """Return the days without those before the member's first activity, because an average over these
    would mean nothing.
    """
    first: date | None = activities.find_first_day(turn.session, turn.member)
    return dates if first is None or not dates.start < first <= dates.end else Dates(first, dates.end)


def _with_before(turn: Turn, metric: Metric | None, sport: Sport | None, period: Period) -> Message:
    """Compare the member's present period with the one before. Asked about last week, compare this week so far with the
    whole last week.
    """
    if isinstance(period, Relative) and period.which is Which.LAST and period.kind is not Kind.DAY:
        period = Relative(period.unit, Which.THIS)
    dates = turn.resolve(period)[0]
    before = questions.find_whole_before(period, turn.today())
    metric = metric if metric and metric.is_told_alone else Metric.TIME
    sport = board_figures.choose_sport(metric, sport)
    now, then = questions.sum_up(turn.session, turn.member, metric, sport, dates, before, _settings(turn))
    return turn.say(
        "questions/before",
        totals=now,
        then=then,
        metric=metric,
        sport=sport,
        dates=dates,
        against=before,
        today=turn.today(),
        over=dates.end < turn.today(),
        buttons=[commands["me"].button("my_week"), Offer("leaderboard", "leaderboard")],
    )


def _settings(turn: Turn) -> GroupSettings:
    return members.read_settings_for(turn.session, turn.member)


def _seen(
    turn: Turn, other: Member, dates: Dates, sport: Sport | None, metric: Metric | None
) -> tuple[Totals, list[str]]:
    """Return the totals and the titles of the newest activities that the group may see. For the member's own,
    return all totals and no titles.

    Raises `KeptPrivate` if the person does not share the figure, or was anonymous on one of these days.
    """
    totals, _ = questions.sum_up(turn.session, other, metric, sport, dates, dates, _settings(turn))
    if other.id == turn.member.id:
        return totals, []
    wanted = [*(metric.fields if metric else []), *(["sports"] if sport else [])]
    fields = find_what_is_seen(turn, other, wanted, dates.start).fields
    if not fields & {"time", "distance", "count", "points"}:
        raise KeptPrivate(person=other)
    titles = activities.list_titles(turn.session, other, dates, sport) if "titles" in fields else []
    return totals.seen(fields), titles


def _of_one(metric: Metric | None, each: Each | None, sport: Sport | None) -> tuple[Metric | None, Sport | None]:
    """Return a figure that makes sense for one person, and its sport. An average without a figure is one of time."""
    if metric is None:
        return (Metric.TIME if each else None), sport
    return (metric, board_figures.choose_sport(metric, sport)) if metric.is_told_alone else (None, sport)


def _parts(totals: Totals, metric: Metric | None, each: Each | None, dates: Dates, today: date) -> float | None:
    """Return by how many parts a sum must be divided; None if the figure is not a sum."""
    return questions.count_parts(totals, each, dates, today) if metric and metric.is_sum else None


def _words(metric: Metric | None, sport: Sport | None) -> list[str]:
    return [each.value for each in (metric, sport) if each]


def _told(**arguments: object) -> dict[str, object]:
    """Return those of these values that are arguments of `me`."""
    takes = {argument.name for argument in commands["me"].arguments}
    return {name: value for name, value in arguments.items() if value is not None and name in takes}
