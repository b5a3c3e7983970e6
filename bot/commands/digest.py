"""The weekly digest: read it now, change when it comes, or have it left out."""

from datetime import time, timedelta

from bot.arguments import Newest, Off, Weekday, Weeks, Zone
from bot.command import Allowed, command, commands
from bot.turn import Turn
from fitness.periods import THIS_WEEK, Dates, Period
from fitness.schedules import Weekly, cron, from_cron
from messages.message import Message
from models import Role
from services import audit, digests, groups
from services.refusals import NothingToDigest

FOUR_WEEKS, MOST_WEEKS = Weeks(4), 52


@command(
    "digest",
    aliases=("report", "summary"),
    help="Read your group's digest now",
    allowed=Allowed.MEMBERS,
    examples=("digest", "digest last", "digest this week", "report last week"),
)
def digest(turn: Turn, period: Period | None = None, newest: Newest | None = None) -> Message:
    """The newest digest, or one of any days; drawn when it is sent."""
    group = turn.group
    if period is not None and newest is None:
        dates, _ = turn.resolve(period, group.timezone)
    elif run := digests.last_run(turn.session, group):
        dates = Dates(run.period_start, run.period_end)
    elif newest is not None or group.next_digest_at is None:
        raise NothingToDigest(group=group)
    else:
        dates, _ = turn.resolve(THIS_WEEK, group.timezone)
    return digests.read(turn.session, group, turn.member, dates)


@command(
    "schedule",
    aliases=("when", "digest schedule", "digest time"),
    help="See or change when the digest comes",
    allowed=Allowed.MEMBERS,
    examples=("schedule", "schedule sun 18:00", "schedule monday 8am london", "schedule off"),
)
def schedule(
    turn: Turn, day: Weekday | None = None, at: time | None = None, zone: Zone | None = None, off: Off | None = None
) -> Message:
    """Anybody may look; only admins change it."""
    group = turn.group
    if day is None and at is None and zone is None and off is None:
        return turn.say(
            "digest/schedule",
            group=group,
            schedule=_weekly(group.digest_schedule),
            may=turn.membership.role is not Role.MEMBER,
        )
    groups.require_admin(turn.session, turn.membership, "schedule")
    if zone:
        group.timezone = zone
    old = _weekly(group.digest_schedule) or Weekly(6, time(18, 0))
    new = None if off else cron(Weekly(old.weekday if day is None else int(day), at or old.at))
    digests.reschedule(turn.session, group, new, turn.now)
    audit.note(turn.session, "group.rescheduled", turn.now, member_id=turn.member.id, group_id=group.id, schedule=new)
    return turn.say("digest/scheduled", group=group, schedule=_weekly(new))


@command(
    "mute",
    aliases=("mute digest", "stop digest"),
    help="Have the digest left out for a while",
    allowed=Allowed.MEMBERS,
    examples=("mute", "mute 4 weeks", "mute 2"),
)
def mute(turn: Turn, weeks: Weeks = FOUR_WEEKS) -> Message:
    """No digest of this group for so many weeks. One still counts on its boards."""
    until = turn.now + timedelta(weeks=min(max(weeks, 1), MOST_WEEKS))
    digests.mute(turn.membership, until)
    return turn.say("digest/muted", group=turn.group, until=until, buttons=[commands["unmute"].button("Undo")])


@command(
    "unmute",
    aliases=("unmute digest",),
    help="Get the digest again",
    allowed=Allowed.MEMBERS,
    examples=("unmute",),
)
def unmute(turn: Turn) -> Message:
    """The digest comes again."""
    digests.mute(turn.membership, None)
    return turn.say("digest/unmuted", group=turn.group)


def _weekly(line: str | None) -> Weekly | None:
    schedule = from_cron(line) if line else None
    return schedule if isinstance(schedule, Weekly) else None
