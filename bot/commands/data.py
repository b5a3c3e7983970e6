"""Commands about the member's own data: leave activities out, log by hand, undo, disconnect, export and delete."""

from bot.arguments import AccountSign, Distance, KeepOrErase, Length, Newest
from bot.declaring.command import Allowed, command
from bot.declaring.turn import WHO, Turn
from fitness.periods import Period
from fitness.sports import Sport
from messages.message import Button, Message
from messages.render import Offer
from services.data import disconnecting, erasure, exports, undo
from services.ground.refusals import EntryNotUsable, NoSuchActivity, NotLinked, QuestionOver
from services.training import accounts, entries

UNDO = Offer("undo", "undo")


@command(
    "undo",
    aliases=("take back", "undo that"),
    help="Take back what you did in the last ten minutes",
    allowed=Allowed.ANYONE,
    examples=("undo",),
)
def take_back(turn: Turn) -> Message:
    """Undo the newest act; called again, the one before it."""
    before = turn.member.name
    act = undo.undo(turn.session, turn.member, turn.now)
    given_back = act.before["values"].get("name", before)
    called = turn.member.name if turn.member.name != given_back else None
    return turn.say("data/undone", act=act.kind, called=called)


@command(
    "exclude",
    aliases=("leave out", "exclude activity"),
    help="Leave one of your activities out of everything",
    allowed=Allowed.ANYONE,
    examples=("exclude last", "exclude 2", "exclude"),
)
def exclude(turn: Turn, newest: Newest | None = None, number: int | None = None) -> Message:
    """Leave out the newest activity, or the one with this number; without either, show the numbered list."""
    return _mark(turn, newest, number, excluded=True)


@command(
    "include",
    aliases=("include activity",),
    help="Let an activity count again that you left out",
    allowed=Allowed.ANYONE,
    examples=("include last", "include 1", "include"),
)
def include(turn: Turn, newest: Newest | None = None, number: int | None = None) -> Message:
    """Count an activity again: the one that was left out last, or the one with this number."""
    return _mark(turn, newest, number, excluded=False)


@command(
    "log",
    aliases=("add activity", "log activity"),
    help="Log a session that no watch has seen",
    allowed=Allowed.ANYONE,
    examples=("log yoga 45 min", "log swim 30 min 1 km", "log gym 1h yesterday"),
)
def log(
    turn: Turn, sport: Sport, length: Length, distance: Distance | None = None, day: Period | None = None
) -> Message:
    """Log a session by hand. It counts fully for the member, and in groups with the share that they have chosen."""
    dates = turn.resolve(day)[0] if day else None
    if dates is not None and dates.days != 1:
        raise EntryNotUsable(problem="day")
    when = dates.start if dates else turn.today()
    activity = entries.log(turn.session, turn.member, sport, float(length), distance, when, turn.now)
    return turn.say("data/logged", activity=activity, today=turn.today(), buttons=[UNDO])


@command(
    "unlink",
    aliases=("disconnect", "unlink garmin", "disconnect garmin"),
    help="Disconnect Garmin; keep your activities or erase them",
    allowed=Allowed.ANYONE,
    examples=("unlink",),
    destructive=True,
)
def unlink(turn: Turn, wanted: KeepOrErase | None = None, which: AccountSign | None = None) -> Message:
    """Delete the account's tokens at once, then ask whether to keep or erase the activities. The
    question is valid for 15 minutes.

    A member with several accounts is first asked which one, with buttons. A button of an old question changes nothing.
    """
    if wanted is not None:
        gone = disconnecting.settle(turn.session, turn.member, turn.now, erase=wanted is KeepOrErase.ERASE)
        return turn.say("data/settled", gone=gone)
    connected = accounts.list_accounts(turn.session, turn.member)
    if not connected:
        raise NotLinked
    if which is None and len(connected) > 1:
        offers = [Button(turn.world.label_of(each.source), f"unlink #{each.id}") for each in connected]
        return turn.say("data/ask_account", buttons=offers)
    account = next((each for each in connected if which in (None, f"#{each.id}")), None)
    if account is None:
        raise QuestionOver(command="unlink")
    disconnecting.unlink(turn.session, turn.member, account, turn.now)
    kept = entries.count_without_account(turn.session, turn.member)
    source, method = turn.world.label_of(account.source), account.method
    if not kept:
        return turn.say("data/unlinked", source=source, kept=kept, method=method)
    buttons = [Offer("keep_them", "unlink keep"), Offer("erase_them", "unlink erase")]
    return turn.ask("data/unlinked", about="unlink", source=source, kept=kept, method=method, buttons=buttons)


@command(
    "export",
    aliases=("my data", "download", "download my data", "copy of my data", "export my data"),
    help="Get a copy of everything I keep about you",
    allowed=Allowed.ANYONE,
    examples=("export",),
)
def export(turn: Turn) -> Message:
    """Let a worker make a copy of the data and send a link. If a copy is ready and was not downloaded,
    give a new link.
    """
    token = exports.ask_for_copy(turn.session, turn.member, turn.now)
    if token is None:
        return turn.say("data/exporting")
    return turn.say("data/exported", url=f"{turn.world.settings.base_url}/export/{token}", hours=exports.HOURS)


@command(
    "delete me",
    aliases=("delete", "forget me", "erase me", "delete my data", "delete my account", "delete account"),
    help="Erase everything I keep about you",
    allowed=Allowed.ANYONE,
    examples=("delete me",),
    destructive=True,
)
def delete_me(turn: Turn, code: int | None = None) -> Message:
    """Give a code that is valid for ten minutes; with the code, erase everything. While the number is
    in doubt, this waits.
    """
    if turn.is_in_doubt:
        return turn.say("data/erase_waits", buttons=WHO)
    if code is not None:
        erasure.confirm(turn.session, turn.member, code, turn.now)
        return turn.say("data/erased")
    asked = erasure.ask(turn.session, turn.member, turn.now)
    return turn.say(
        "data/delete_me",
        code=asked.code,
        kept=asked.kept,
        heirs=asked.heirs,
        buttons=[Offer("my_data_first", "export")],
    )


def _mark(turn: Turn, newest: Newest | None, number: int | None, *, excluded: bool) -> Message:
    if newest is None and number is None:
        listed = entries.list_newest(turn.session, turn.member, excluded=not excluded)
        if not listed:
            raise NoSuchActivity(excluded=not excluded)
        return turn.ask("data/ask_which", activities=listed, excluded=excluded)
    mark = entries.exclude if excluded else entries.include
    activity = mark(turn.session, turn.member, 1 if number is None else number, turn.now)
    return turn.say("data/excluded" if excluded else "data/included", activity=activity, buttons=[UNDO])
