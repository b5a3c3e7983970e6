"""Commands for the member's own settings: name, units, time zone, language, quiet hours, private activities."""

from zoneinfo import ZoneInfo

from bot.arguments import Hours, Included, Off, Rest, Zone
from bot.declaring.command import Allowed, command
from bot.declaring.turn import Turn
from messages.message import Message
from messages.render import Offer
from models import Units
from services.ground.refusals import ZoneNotKnown
from services.people import choices
from services.training import entries

UNDO = Offer("undo", "undo")


@command(
    "name",
    aliases=("nick", "nickname", "call me", "my name is", "set name"),
    help="Choose how others see your name",
    allowed=Allowed.ANYONE,
    examples=("name Chloé", "call me Ben 🚴"),
)
def name(turn: Turn, wanted: Rest) -> Message:
    """Set the member's name in all groups."""
    choices.set_name(turn.session, turn.member, wanted, turn.now)
    return turn.say("people/named", member=turn.member, buttons=[UNDO])


@command(
    "units",
    aliases=("set units", "unit"),
    help="Read lengths in kilometres or in miles",
    allowed=Allowed.ANYONE,
    examples=("units imperial", "units metric"),
)
def units(turn: Turn, wanted: Units) -> Message:
    """Choose kilometres or miles."""
    choices.use_units(turn.session, turn.member, wanted, turn.now)
    return turn.say("people/units", buttons=[UNDO])


@command(
    "timezone",
    aliases=("time zone", "tz", "set timezone", "set time zone"),
    help="Read times as they are where you live",
    allowed=Allowed.ANYONE,
    examples=("timezone London", "tz europe/paris", "timezone"),
)
def timezone(turn: Turn, zone: Zone | None = None, other: Rest | None = None) -> Message:
    """Set the time zone by a city, or show the present one."""
    if zone is None and other is not None:
        raise ZoneNotKnown(wanted=str(other))
    if zone is not None:
        choices.set_zone(turn.session, turn.member, zone, turn.now)
    return turn.say(
        "people/timezone",
        zone=turn.member.timezone,
        at=turn.now.astimezone(ZoneInfo(turn.member.timezone)).time(),
        changed=zone is not None,
        buttons=[UNDO] if zone else [],
    )


@command(
    "language",
    aliases=("lang", "set language", "languages"),
    help="See or choose the language I write in",
    allowed=Allowed.ANYONE,
    examples=("language", "language en", "language English"),
)
def language(turn: Turn, wanted: Rest | None = None) -> Message:
    """Show the available languages, or choose one."""
    chosen = None if wanted is None else choices.set_language(turn.session, turn.member, wanted, turn.now)
    return turn.say("people/language", languages=choices.list_languages(), chosen=chosen)


@command(
    "quiet",
    aliases=("quiet hours", "do not disturb", "dnd", "set quiet"),
    help="Choose when I write nothing unasked",
    allowed=Allowed.ANYONE,
    examples=("quiet", "quiet 22:00-08:00", "quiet off"),
)
def quiet(turn: Turn, hours: Hours | None = None, off: Off | None = None) -> Message:
    """Show or set the quiet hours, in the member's time zone. Replies are sent at any time."""
    if hours is not None or off is not None:
        start, end = (hours.start, hours.end) if hours else choices.NO_QUIET
        choices.set_quiet_hours(turn.session, turn.member, start, end, turn.now)
    return turn.say(
        "people/quiet",
        start=turn.member.quiet_from,
        end=turn.member.quiet_until,
        zone=turn.member.timezone,
        buttons=[UNDO] if hours or off else [],
    )


@command(
    "set private",
    aliases=("private", "private activities"),
    help="Count activities that are private at Garmin, or leave them out",
    allowed=Allowed.ANYONE,
    examples=("set private include", "set private exclude"),
)
def private(turn: Turn, wanted: Included) -> Message:
    """Choose whether activities that are private at Garmin count."""
    on = wanted is Included.INCLUDE
    entries.include_private(turn.session, turn.member, turn.now, on=on)
    return turn.say("people/private", on=on, buttons=[UNDO])
