"""Commands about connecting and reading a Garmin account."""

from dataclasses import asdict

from bot.arguments import Instead, LinkCode
from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from messages.message import Button, Message
from models import LinkPurpose, MessageKind
from services.delivery import mailbox
from services.ground.refusals import NotLinked
from services.group import proofs
from services.people import members
from services.training import activities, binding, garmin_notices, linking, syncing
from services.training.binding import AnotherAccount, BeingAsked, Elsewhere, Kept, Stranger


@command(
    "link garmin",
    aliases=("link", "connect", "connect garmin", "pair", "relink", "garmin"),
    help="Connect your Garmin account on a page only you can open",
    allowed=Allowed.ANYONE,
    examples=("link garmin", "connect"),
)
def link_garmin(turn: Turn, code: LinkCode | None = None, instead: Instead | None = None) -> Message:
    """Give a link to a one-time page; with the code that the page shows, connect the account. Nothing
    is read before that.

    Passwords are never sent through the chat.
    """
    if code is not None:
        return _heard(turn, code, instead)
    token = linking.make_link(turn.session, turn.member, LinkPurpose.GARMIN, turn.now)
    account = linking.account_of(turn.session, turn.member)
    url = f"{turn.world.settings.base_url}/link/{token}"
    return turn.say("garmin/link", url=url, minutes=int(linking.LINK_FOR.total_seconds() // 60), account=account)


@command(
    "not my garmin",
    aliases=("wrong garmin", "this is not my garmin", "that's not my garmin", "that’s not my garmin"),
    help="Disconnect a Garmin account that was connected by mistake, and delete what was read",
    allowed=Allowed.ANYONE,
    examples=("not my garmin",),
    destructive=True,
)
def not_my_garmin(turn: Turn, code: LinkCode | None = None) -> Message:
    """Disconnect an account within a day after it was connected. The code in a button says which sign-in is meant."""
    name = binding.disown(turn.session, turn.member, code, turn.now)
    return turn.say("garmin/disowned", whose=name, buttons=[Button("Connect mine", "link garmin")])


@command(
    "status",
    aliases=("link status", "garmin status"),
    help="See whether your Garmin account is connected and up to date",
    allowed=Allowed.ANYONE,
    examples=("status",),
)
def status(turn: Turn) -> Message:
    """Show the state of the account, and the newest activity."""
    account = linking.account_of(turn.session, turn.member)
    if account is None:
        raise NotLinked
    alone = syncing.left_alone(turn.session, account, turn.now)
    return turn.say(
        "garmin/status",
        account=account,
        newest=activities.newest(turn.session, turn.member),
        until=alone.until if alone else None,
        buttons=[commands["sync"].button("Sync now")],
    )


@command(
    "sync",
    aliases=("refresh", "update"),
    help="Fetch your newest activities now",
    allowed=Allowed.ANYONE,
    examples=("sync",),
)
def sync(turn: Turn) -> Message:
    """Ask for a sync. Its result comes as a separate message. If Garmin must not be asked now, the answer says
    when it will be.
    """
    alone = syncing.ask(turn.session, turn.member, turn.now)
    return garmin_notices.away(turn.member, alone) if alone else turn.say("garmin/syncing")


def _heard(turn: Turn, code: str, instead: Instead | None) -> Message:
    """Handle the code of the link page when it comes from this chat."""
    replace = None if instead is None else instead is Instead.REPLACE
    heard = binding.hear(turn.session, turn.member, code, turn.now, replace=replace)
    if isinstance(heard, Elsewhere):
        owner, key = heard.owner, f"code-elsewhere:{heard.attempt.id}"
        warning = garmin_notices.code_elsewhere(owner)
        mailbox.post(turn.session, owner.id, warning, turn.now, kind=MessageKind.REPLY, key=key)
        return turn.say("garmin/code_of_another", buttons=[Button("Connect mine", "link garmin")])
    if isinstance(heard, AnotherAccount):
        members.keep_unfinished(turn.member, f"link garmin {heard.code}", turn.now)
        return garmin_notices.another_account(turn.member, **asdict(heard))
    if isinstance(heard, Kept):
        return turn.say("garmin/kept", whose=heard.name)
    if isinstance(heard, Stranger):
        return turn.say("start/not_proved", buttons=[commands["still me"].button("What else?")])
    if isinstance(heard, BeingAsked):
        return turn.say("garmin/code_right", whose="")
    if turn.is_in_doubt:  # the same account as before, which proves whose number it is
        proofs.confirm(turn.session, turn.member, turn.now, by="garmin")
    return turn.say("garmin/code_right", whose=heard.name, buttons=[garmin_notices.not_me(code)])
