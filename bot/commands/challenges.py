"""Commands about challenges and seasons."""

from dataclasses import replace
from datetime import date, timedelta

from bot.arguments import Amount, Called, OwnMembership, Yes
from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from fitness.challenges import Contest
from fitness.metrics import Metric
from fitness.periods import Dates
from fitness.routes import Route
from fitness.spans import Span
from fitness.sports import Sport
from messages.message import MOST_SAYS, Message
from messages.render import Offer
from models import Challenge, Membership, Role
from services.ground.group_settings import read_settings
from services.group import groups
from services.play import challenges, contests, seasons
from services.play.challenges import Plan


@command(
    "challenge",
    aliases=("challenge show", "show challenge"),
    help="See how a challenge stands",
    allowed=Allowed.MEMBERS,
    examples=("challenge", "challenge 1"),
)
def challenge(turn: Turn, number: int | None = None, place: OwnMembership | None = None) -> Message:
    """Show the challenge with this number, or the only open one, or the list of all."""
    mine = turn.here(place)
    if number is None and len(challenges.list_open(turn.session, mine.group)) != 1:
        return list_challenges(turn)
    return _shown(turn, mine, challenges.find(turn.session, mine.group, number))


@command(
    "challenge list",
    aliases=("challenges", "list challenges", "all challenges"),
    help="See all challenges of your group",
    allowed=Allowed.MEMBERS,
    examples=("challenge list", "challenges"),
)
def list_challenges(turn: Turn) -> Message:
    """List the present and future challenges, and the last ones that have ended."""
    found = challenges.list_open(turn.session, turn.group)
    buttons = [_see(turn.membership, each, "challenge") for each in found[:3]]
    return turn.say(
        "challenges/list",
        group=turn.group,
        open_ones=found,
        ended=challenges.list_ended(turn.session, turn.group),
        today=_today(turn),
        may=_may_start(turn),
        buttons=buttons,
    )


@command(
    "challenge new",
    aliases=("new challenge",),
    help="Set up a challenge",
    allowed=Allowed.MEMBERS,
    examples=(
        "challenge new most improved 1 to 14 dec",
        "challenge new 300 km next month called The Lakes",
        "challenge new pennine way until 31 march",
        "challenge new run distance next week",
        "challenge new streak for 6 weeks",
    ),
)
def new_challenge(
    turn: Turn,
    days: Span,
    contest: Contest | None = None,
    route: Route | None = None,
    amount: Amount | None = None,
    metric: Metric | None = None,
    sport: Sport | None = None,
    name: Called | None = None,
    agreed: Yes | None = None,
) -> Message:
    """Show what the new challenge would be, and announce it once the member agrees."""
    if not read_settings(turn.group).members_challenge:
        groups.require_admin(turn.session, turn.membership, "new_challenges")
    plan = _plan(turn, days, contest, route, amount, metric, sport, name)
    if agreed is None:
        made = challenges.draft_challenge(turn.session, turn.group, plan, _today(turn))
        buttons = [Offer("announce_it", f"{turn.line} ok"), Offer("no_thanks", "never mind")]
        fits = len(turn.line) + len(" ok") <= MOST_SAYS
        return turn.ask("challenges/proposed", challenge=made, today=_today(turn), buttons=buttons if fits else [])
    made = challenges.announce_challenge(turn.session, turn.membership, plan, _today(turn), turn.now)
    return turn.say("challenges/made", challenge=made, group=turn.group, buttons=[_see(turn.membership, made)])


@command(
    "challenge join",
    aliases=("join challenge", "challenge in"),
    help="Take part in a challenge",
    allowed=Allowed.MEMBERS,
    examples=("challenge join 1", "challenge join"),
)
def join_challenge(turn: Turn, number: int | None = None, place: OwnMembership | None = None) -> Message:
    """Let the member take part. Everything since the challenge's first day counts."""
    mine = turn.here(place)
    found = challenges.find(turn.session, mine.group, number, is_open=True)
    is_new = challenges.join(turn.session, found, turn.member, turn.now)
    return turn.say(
        "challenges/joined",
        challenge=found,
        is_new=is_new,
        hidden=turn.member.id not in contests.find_seen(turn.session, found),
        today=turn.today(mine.group.timezone),
        buttons=[_see(mine, found)],
    )


@command(
    "challenge leave",
    aliases=("leave challenge", "challenge out"),
    help="Take part in a challenge no more",
    allowed=Allowed.MEMBERS,
    examples=("challenge leave 1",),
)
def leave_challenge(turn: Turn, number: int | None = None, place: OwnMembership | None = None) -> Message:
    """Let the member leave the challenge; its sums no longer include them."""
    mine = turn.here(place)
    found = challenges.find(turn.session, mine.group, number, is_open=True)
    challenges.leave(turn.session, found, turn.member, turn.now)
    rejoin = Offer("join_again", f"challenge join {found.number} #{mine.id}")
    return turn.say("challenges/left", challenge=found, buttons=[rejoin])


@command(
    "challenge end",
    aliases=("end challenge", "challenge stop", "challenge off"),
    help="End a challenge early",
    allowed=Allowed.MEMBERS,
    examples=("challenge end 1", "challenge end 1 yes"),
    destructive=True,
)
def end_challenge(
    turn: Turn, number: int | None = None, sure: Yes | None = None, place: OwnMembership | None = None
) -> Message:
    """End a challenge. Its maker and the admins may do this. It asks first, because everybody is told; the yes is valid
    for this challenge only.
    """
    mine = turn.here(place)
    found = challenges.find(turn.session, mine.group, number, is_open=True)
    if found.made_by_id != turn.member.id:
        groups.require_admin(turn.session, mine, "end_challenges")
    if sure is None:
        line = f"challenge end {found.number} #{mine.id}"
        buttons = [Offer("yes_end_it", f"{line} yes"), Offer("no_keep_it", "never mind")]
        return turn.ask("challenges/ask_sure", about=line, challenge=found, buttons=buttons)
    challenges.end(turn.session, found, mine, turn.today(mine.group.timezone), turn.now)
    return turn.say("challenges/ended", challenge=found, buttons=[_see(mine, found)])


@command(
    "season",
    aliases=("seasons", "medals"),
    help="See the season's medals: 3, 2 and 1 for each week's first three",
    allowed=Allowed.MEMBERS,
    examples=("season",),
)
def season(turn: Turn) -> Message:
    """Show the medals of the present season of twelve weeks, and of all time."""
    found = seasons.measure_season(turn.session, turn.group, _today(turn))
    return turn.say(
        "challenges/season",
        season=found,
        group=turn.group,
        ranking=read_settings(turn.group).ranking,
        today=_today(turn),
        buttons=[commands["leaderboard"].button("leaderboard")],
    )


def _plan(
    turn: Turn,
    days: Span,
    contest: Contest | None,
    route: Route | None,
    amount: Amount | None,
    metric: Metric | None,
    sport: Sport | None,
    name: Called | None,
) -> Plan:
    """Return the challenge that was meant: with a route or an amount the group does it together, else
    it is a contest.
    """
    start, end = turn.days(days, _today(turn))
    dates = Dates(start, end or start + timedelta(13))  # "from monday" alone: two weeks
    if route:
        return Plan(Contest.ROUTE, Metric.DISTANCE.value, dates, sport, route, route.metres, name)
    if amount:
        return Plan(Contest.TOGETHER, amount.kind, dates, sport, None, amount.size, name)
    found = contest or Contest.MOST
    by = Metric.POINTS if found in {Contest.STREAK, Contest.IMPROVED} else metric or Metric.POINTS
    return Plan(found, by.value, dates, sport, None, None, name)


def _shown(turn: Turn, mine: Membership, found: Challenge) -> Message:
    today = turn.today(mine.group.timezone)
    standing = contests.measure_contest(turn.session, found, today)
    takes_part = challenges.is_participant(turn.session, found, turn.member)
    join_it = Offer("join", f"challenge join {found.number} #{mine.id}")
    buttons = [] if takes_part or found.ended_at else [join_it]
    facts = challenges.gather_facts(standing, turn.member, today)
    said = turn.say("challenges/standing", **facts, takes_part=takes_part, buttons=[*buttons, _all()])
    chart = challenges.make_picture(standing, turn.member) if found.ended_at else None
    return replace(said, chart=chart, buttons=()) if chart else said


def _may_start(turn: Turn) -> bool:
    return read_settings(turn.group).members_challenge or turn.membership.role is not Role.MEMBER


def _see(mine: Membership, found: Challenge, label: str = "how_it_stands") -> Offer:
    """Return a button that shows a challenge. It contains the membership, because each group has its own numbers."""
    return Offer(label, f"challenge {found.number} #{mine.id}", found.number)


def _all() -> Offer:
    return Offer("all_challenges", "challenge list")


def _today(turn: Turn) -> date:
    return turn.today(turn.group.timezone)
