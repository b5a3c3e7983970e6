"""Commands about the weekly digest: read it, change its schedule, mute it."""

from dataclasses import replace
from datetime import time, timedelta

from bot.arguments import Newest, Off, OwnMembership, Telling, Weekday, Weeks, Yes, Zone
from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from bot.words.rhythms import Rhythm, find_cron
from fitness.crons import BadCron, Cron
from fitness.impossible import Impossible, Wrong
from fitness.periods import Dates, Period
from fitness.schedules import LAST_DAY, Monthly, Schedule, Weekly, read_cron, write_cron
from messages.message import Message
from messages.render import Offer
from models import Group, Role
from services.digest import digests, sending_now
from services.ground.refusals import NothingToDigest, ScheduleNotUsable
from services.group import groups, rules

FOUR_WEEKS, MOST_WEEKS = Weeks(4), 52
SUNDAYS = Weekly(6, time(18))


@command(
    "digest",
    aliases=("report", "summary"),
    help="Read your group's digest now",
    allowed=Allowed.MEMBERS,
    examples=("digest", "digest last", "digest this story", "digest last week", "report october table"),
)
def digest(
    turn: Turn, period: Period | None = None, newest: Newest | None = None, telling: Telling | None = None
) -> Message:
    """Show the newest digest, or the digest of any days. Its picture is drawn when the message is sent."""
    group = turn.group
    if period is not None and newest is not Newest.LAST:
        dates, _ = turn.resolve(period, group.timezone)
    elif newest is Newest.THIS:
        dates = digests.find_coming_days(group, turn.now)
    elif run := digests.find_last_run(turn.session, group):
        dates = Dates(run.period_start, run.period_end)
    elif newest is not None or group.next_digest_at is None:
        raise NothingToDigest(group=group)
    else:
        dates = digests.find_coming_days(group, turn.now)
    return digests.write_for_reader(turn.session, group, turn.member, dates, turn.now, telling)


@command(
    "preview",
    aliases=("digest preview", "preview digest"),
    help="Read the next digest as it would be now, only you",
    allowed=Allowed.ADMINS,
    examples=("preview", "preview story"),
)
def preview(turn: Turn, telling: Telling | None = None) -> Message:
    """Show an admin the next digest, with what is known by now."""
    dates = digests.find_coming_days(turn.group, turn.now)
    return digests.write_for_reader(turn.session, turn.group, turn.member, dates, turn.now, telling, preview=True)


@command(
    "digest to all",
    aliases=("digest to everyone", "digest to everybody", "send digest to all", "send digest to everyone"),
    help="Send everybody the digest of the days so far, now",
    allowed=Allowed.MEMBERS,
    examples=("digest to all", "digest to all yes"),
    destructive=True,
)
def digest_to_all(turn: Turn, sure: Yes | None = None, place: OwnMembership | None = None) -> Message:
    """Send the digest to the whole group at once. Only admins may. It asks first, because it goes to everybody; the yes
    is valid for this group only.
    """
    mine = turn.here(place)
    groups.require_admin(turn.session, mine, "digest to all")
    if sure is None:
        yes = commands["digest to all"].button("yes_send_it", f"#{mine.id}", "yes")
        return turn.ask(
            "digest/ask_to_all",
            about=f"digest to all #{mine.id}",
            group=mine.group,
            dates=sending_now.find_days_so_far(mine.group, turn.now),
            count=groups.count_members(turn.session, mine.group),
            buttons=[yes, Offer("no_thanks", "never mind")],
        )
    run = sending_now.send_digest_now(turn.session, mine, turn.now)
    return turn.say("digest/to_all", group=mine.group, run=run)


@command(
    "schedule",
    aliases=("when", "digest schedule", "digest time"),
    help="See or change when the digest comes",
    allowed=Allowed.MEMBERS,
    examples=(
        "schedule",
        "schedule sun 18:00",
        "schedule monday 8am london",
        "schedule monthly 1 08:00",
        "schedule cron 30 7 * * 1,4",
        "schedule story",
        "schedule off",
    ),
)
def schedule(
    turn: Turn,
    rhythm: Rhythm | None = None,
    telling: Telling | None = None,
    day: Weekday | None = None,
    at: time | None = None,
    zone: Zone | None = None,
    off: Off | None = None,
) -> Message:
    """Show or change the schedule of the digest. Only admins may change it."""
    group = turn.group
    if not (rhythm or telling or zone or off) and day is None and at is None:
        may = turn.membership.role is not Role.MEMBER
        return turn.say(
            "digest/schedule", group=group, schedule=_schedule(group), form=digests.find_form(group), may=may
        )
    groups.require_admin(turn.session, turn.membership, "schedule")
    if telling:
        digests.tell_as(group, telling)
    new = None if off else write_cron(_wanted(turn, rhythm, day, at))
    rules.reschedule(turn.session, turn.membership, new, turn.now, zone=zone)
    return turn.say("digest/scheduled", group=group, schedule=_schedule(group), form=digests.find_form(group))


@command(
    "mute",
    aliases=("mute digest", "stop digest"),
    help="Have the digest left out for a while",
    allowed=Allowed.MEMBERS,
    examples=("mute", "mute 4 weeks", "mute 2"),
)
def mute(turn: Turn, weeks: Weeks = FOUR_WEEKS) -> Message:
    """Send the member no digest of this group for so many weeks. They stay on its boards."""
    until = turn.now + timedelta(weeks=min(max(weeks, 1), MOST_WEEKS))
    digests.mute_digests(turn.membership, until)
    return turn.say("digest/muted", group=turn.group, until=until, buttons=[commands["unmute"].button("undo")])


@command(
    "unmute",
    aliases=("unmute digest",),
    help="Get the digest again",
    allowed=Allowed.MEMBERS,
    examples=("unmute",),
)
def unmute(turn: Turn) -> Message:
    """Send the member the digest again."""
    digests.mute_digests(turn.membership, None)
    return turn.say("digest/unmuted", group=turn.group)


def _schedule(group: Group) -> Schedule | None:
    return read_cron(group.digest_schedule) if group.digest_schedule else None


def _wanted(turn: Turn, rhythm: Rhythm | None, day: Weekday | None, at: time | None) -> Schedule:
    """Return the schedule that these arguments mean. What they do not name stays as it is."""
    old = _schedule(turn.group) or SUNDAYS
    if rhythm and rhythm.kind == "cron":
        try:
            return read_cron(find_cron(turn.line))
        except BadCron as error:
            raise ScheduleNotUsable(why=error.why) from None
    hour = at or (SUNDAYS.at if isinstance(old, Cron) else old.at)
    if rhythm and rhythm.kind == "month":
        old_day = old.day if isinstance(old, Monthly) else 1
        wanted = old_day if rhythm.day is None else rhythm.day
        if wanted != LAST_DAY and not 1 <= wanted <= 28:
            raise ScheduleNotUsable(why=Impossible(Wrong.NO_DAY_OF_EVERY_MONTH))
        return Monthly(wanted, hour)
    if day is None and rhythm is None:  # only the time, the time zone or the form changes
        return old if isinstance(old, Cron) else replace(old, at=hour)
    return Weekly(int(day) if day is not None else old.weekday if isinstance(old, Weekly) else SUNDAYS.weekday, hour)
