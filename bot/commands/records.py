"""Commands about points, newest sessions, records, streaks, and sessions that seem impossible."""

from dataclasses import replace
from itertools import groupby

from bot.arguments import MarkedPerson, Newest, Number
from bot.declaring.command import Allowed, command, commands
from bot.declaring.friends import MYSELF, find_meant, find_what_is_seen
from bot.declaring.turn import Turn
from fitness.dates import find_week
from fitness.metrics import Metric
from fitness.periods import THIS_WEEK
from fitness.points import FORMULA
from fitness.records import RecordKind
from fitness.sports import Sport
from messages.message import Message
from models import DoubtAnswer, Member, RecordSet
from services.ground.group_settings import GroupSettings, read_settings
from services.group import privacy
from services.people import members
from services.play import questions, series
from services.training import doubts, entries, records, scoring
from services.training.totals import SPORTS

MOST_LISTED, MOST_SPORTS, MOST_BACK = 5, 3, 50


@command(
    "why",
    aliases=("explain", "how points work"),
    help="How the points of a session come about",
    allowed=Allowed.ANYONE,
    examples=("why", "why last", "why 2", "explain 3"),
)
def why(
    turn: Turn, who: MarkedPerson | None = None, number: int | None = None, newest: Newest | None = None
) -> Message:
    """Explain the points of the newest session, or of the one with this number in `last`. For a friend, show the points
    of their week.
    """
    is_named = who is not None and who.casefold() not in MYSELF
    # Single sessions of friends are not explained, so a number after a name is part of the name.
    other = find_meant(turn, f"{who} {number}" if is_named and number is not None else who)
    if other.id != turn.member.id:
        return _theirs(turn, other)
    place = 1 if newest or number is None else number
    found = entries.list_newest(turn.session, turn.member, most=place) if 1 <= place <= MOST_BACK else []
    if not found or len(found) < place:
        return turn.say("records/no_session", known=len(found))
    activity = found[-1]
    made = scoring.read_score(activity) or scoring.score_row(activity)
    table = made.met.value * made.minutes * 100 / FORMULA.met_minutes
    return turn.say(
        "records/why",
        activity=activity,
        score=made,
        low=FORMULA.low * table,
        high=FORMULA.high * table,
        legs=scoring.find_legs(activity),
        speed=doubts.find_speed(activity),
        waits=activity.doubt is not None and activity.doubt_answer is None,
        buttons=[commands["last"].button("last_sessions"), commands["me"].button("my_week")],
    )


def _theirs(turn: Turn, other: Member) -> Message:
    """Show a friend's points of this week, if they share them. How the points came about, with heart
    rate, is not shown.
    """
    dates, _ = turn.resolve(THIS_WEEK, turn.group.timezone)
    fields = find_what_is_seen(turn, other, ["points"], dates.start).fields
    settings = members.read_settings_for(turn.session, turn.member)
    totals, _ = questions.sum_up(turn.session, other, Metric.POINTS, None, dates, dates, settings)
    return turn.say(
        "records/theirs",
        member=other,
        totals=totals.seen(fields),
        dates=dates,
        today=turn.today(turn.group.timezone),
        buttons=[commands["leaderboard"].button("leaderboard"), commands["why"].button("my_last_session")],
    )


@command(
    "last",
    aliases=("recent", "latest"),
    help="Your newest sessions",
    allowed=Allowed.ANYONE,
    examples=("last", "last 3", "recent"),
)
def last(turn: Turn, number: int | None = None) -> Message:
    """List the newest sessions, with numbers for `why`."""
    wanted = min(max(number or MOST_LISTED, 1), MOST_LISTED)
    found = entries.list_newest(turn.session, turn.member, most=wanted)
    if not found:
        return turn.say("records/no_session", known=0)
    return turn.say("records/last", listed=found, buttons=[commands["why"].button("why", 1)])


@command(
    "pb",
    aliases=("pbs", "pr", "prs", "record", "records", "best"),
    help="Your records, or a friend's as far as they share them",
    allowed=Allowed.ANYONE,
    examples=("pb", "pb run", "records swim"),
)
def pb(turn: Turn, who: MarkedPerson | None = None, sport: Sport | None = None) -> Message:
    """Show records by sport: fastest splits, farthest, highest and longest."""
    other = find_meant(turn, who)
    is_mine = other.id == turn.member.id
    rows = records.find_best(turn.session, other, sport) if is_mine else _their_records(turn, other, sport)
    member = None if is_mine else other
    if not rows:
        return turn.say("records/no_record", member=member, sport=sport)
    found = [(each, list(mine)) for each, mine in groupby(rows, key=lambda row: SPORTS[row.sport])]
    elsewhere = [each for each, _ in found[MOST_SPORTS:]]
    return turn.say("records/pb", member=member, sports=found[:MOST_SPORTS], elsewhere=elsewhere)


def _their_records(turn: Turn, other: Member, sport: Sport | None) -> list[RecordSet]:
    """Return a friend's records, if they share the figures in them, without days on which they were anonymous."""
    shown = find_what_is_seen(turn, other, ["sports", "time", "distance"], turn.today(turn.group.timezone))
    may_climb = "elevation" in shown.fields
    rows = records.find_best(turn.session, other, sport)
    return [row for row in rows if shown.may_be_named_on(row.day) and (may_climb or row.kind != RecordKind.HIGHEST)]


@command(
    "streak",
    aliases=("streaks", "my streak"),
    help="Your weeks in a row and the group's, or a friend's",
    allowed=Allowed.ANYONE,
    examples=("streak", "my streak"),
)
def streak(turn: Turn, who: MarkedPerson | None = None) -> Message:
    """Show the active weeks in a row, and what this week still needs."""
    other = find_meant(turn, who)
    if other.id != turn.member.id:
        return _their_streak(turn, other)
    group = turn.group if members.list_memberships(turn.session, turn.member) else None
    settings = read_settings(group) if group else GroupSettings()
    starts, today = settings.week_start, turn.today(group.timezone if group else None)
    mine = series.count_streaks(turn.session, [turn.member.id], today, settings.manual, starts)[turn.member.id]
    together = 0
    if group is not None:
        people = privacy.find_sharing(turn.session, group, "points")
        enough = series.choose_enough_for_group(len(people))
        together = series.count_group_streak_of(turn.session, list(people), today, settings.manual, enough, starts)
    return turn.say(
        "records/streak",
        streak=mine,
        until=find_week(today, starts).end,
        group=group if together else None,
        together_weeks=together,
        buttons=[commands["me"].button("my_week")],
    )


def _their_streak(turn: Turn, other: Member) -> Message:
    """Show a friend's weeks in a row, if they share points, without weeks in which they were anonymous, and without the
    figures of this week.
    """
    settings, today = read_settings(turn.group), turn.today(turn.group.timezone)
    week = find_week(today, settings.week_start)
    since = find_what_is_seen(turn, other, ["points"], week.start).seen_from
    theirs = series.count_streaks(turn.session, [other.id], today, settings.manual, settings.week_start)[other.id]
    by_name = theirs.weeks if since is None else (week.start - since).days // 7 + theirs.safe
    return turn.say(
        "records/their_streak",
        member=other,
        streak=replace(theirs, weeks=min(theirs.weeks, by_name)),
        until=week.end,
        buttons=[commands["leaderboard"].button("everybodys", Metric.STREAK), commands["streak"].button("mine")],
    )


@command(
    "check",
    aliases=("strange", "doubts"),
    help="Sessions of yours that seem impossible",
    allowed=Allowed.ANYONE,
    examples=("check", "strange"),
)
def check(turn: Turn) -> Message:
    """Show the newest session that seems impossible and has not been answered."""
    activity, more = doubts.find_first_waiting(turn.session, turn.member)
    if activity is None:
        return turn.say("records/nothing_strange")
    speed = doubts.find_speed(activity)
    return turn.say("records/strange", activity=activity, speed=speed, more=more, buttons=doubts.make_buttons(activity))


@command(
    "right",
    aliases=("it's right", "its right", "count it"),
    help="Let a strange session count",
    allowed=Allowed.ANYONE,
    examples=("right", "right 12"),
)
def right(turn: Turn, which: Number | None = None) -> Message:
    """Store the owner's answer that the session is right."""
    return _answered(turn, which, DoubtAnswer.RIGHT)


@command(
    "wrong",
    aliases=("not right", "leave it out"),
    help="Leave a strange session out",
    allowed=Allowed.ANYONE,
    examples=("wrong", "wrong 12"),
)
def leave_out(turn: Turn, which: Number | None = None) -> Message:
    """Store the owner's answer that the session must be left out."""
    return _answered(turn, which, DoubtAnswer.LEFT_OUT)


def _answered(turn: Turn, which: Number | None, said: DoubtAnswer) -> Message:
    activity = doubts.answer(turn.session, turn.member, None if which is None else int(which), said)
    waiting, more = doubts.find_first_waiting(turn.session, turn.member)
    return turn.say(
        "records/answered",
        activity=activity,
        counts=said is DoubtAnswer.RIGHT,
        more=more + 1 if waiting else 0,
        buttons=[commands["check"].button("next")] if waiting else [commands["last"].button("last_sessions")],
    )
