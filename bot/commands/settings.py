"""Commands for a group's settings and its audit."""

from bot.arguments import Percent, Setting, Switch, Weekday
from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from messages.message import Message
from messages.render import Offer
from models import Role
from services.ground import group_settings
from services.ground.refusals import SettingNotUsable
from services.group import audit_lines, groups, joining, rules

FEW, MOST_ACTS = 8, 20


@command(
    "settings",
    aliases=("set", "setting", "group settings"),
    help="See or change how your group works",
    allowed=Allowed.MEMBERS,
    examples=(
        "settings",
        "settings ranking off",
        "settings cheer below 3",
        "settings manual 50",
        "settings week sunday",
        "settings approval on",
        "settings members invite on",
    ),
)
def change_settings(
    turn: Turn,
    setting: Setting | None = None,
    number: Percent | None = None,
    day: Weekday | None = None,
    switch: Switch | None = None,
) -> Message:
    """Show the settings, or change one. Only admins may change them."""
    given = [each for each in (number, day, switch) if each is not None]
    if setting is None:
        return _show(turn)
    groups.require_admin(turn.session, turn.membership, "settings")
    if len(given) != 1:
        raise SettingNotUsable(setting=setting.value)
    chosen = rules.choose(turn.session, turn.membership, setting.value, _value(given[0]), turn.now)
    return turn.say(
        "settings/changed",
        group=turn.group,
        setting=setting.value,
        chosen=chosen,
        requests=joining.list_waiting(turn.session, turn.group),
        buttons=[commands["settings"].button("all_settings")],
    )


@command(
    "audit",
    aliases=("log admin", "admin log", "history"),
    help="See what the admins of your group did",
    allowed=Allowed.ADMINS,
    examples=("audit", "audit 15"),
)
def show_audit(turn: Turn, most: int = FEW) -> Message:
    """Show the newest acts, as many as fit on a screen."""
    events = audit_lines.list_latest(turn.session, turn.group, min(max(most, 1), MOST_ACTS))
    return turn.say(
        "settings/audit", group=turn.group, lines=audit_lines.write_acts(turn.session, turn.group, events, turn.reader)
    )


def _value(given: Percent | Weekday | Switch) -> bool | int:
    return given is Switch.ON if isinstance(given, Switch) else int(given)


def _show(turn: Turn) -> Message:
    chosen = group_settings.read_settings(turn.group)
    may = turn.membership.role is not Role.MEMBER
    buttons = []
    if may:
        ranking = "off" if chosen.ranking else "on"
        approval = "off" if chosen.approval else "on"
        buttons = [
            Offer(f"ranking_{ranking}", f"settings ranking {ranking}"),
            Offer(f"approval_{approval}", f"settings approval {approval}"),
        ]
    return turn.say("settings/show", group=turn.group, chosen=chosen, may=may, buttons=buttons)
