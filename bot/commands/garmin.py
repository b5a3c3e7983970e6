"""Commands about connecting and reading a Garmin account."""

from dataclasses import asdict

from bot.arguments import Instead, LinkCode
from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from messages.message import Message
from messages.render import Offer
from models import LinkPurpose, MessageKind
from services.delivery import mailbox
from services.ground.refusals import NotLinked
from services.group import proofs
from services.people import links, members
from services.training import accounts, activities, binding, garmin_notices, one_time_links, syncing
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
    token = one_time_links.make_link(turn.session, turn.member, LinkPurpose.GARMIN, turn.now)
    account = accounts.find_main_account(turn.session, turn.member)
    url = f"{turn.world.settings.base_url}/link/{token}"
    minutes = int(links.LINK_FOR.total_seconds() // 60)
    return turn.say("garmin/link", source=turn.world.labels, url=url, minutes=minutes, account=account)


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
    source, name = binding.disown_account(turn.session, turn.member, code, turn.now)
    buttons = [Offer("connect_mine", "link garmin")]
    return turn.say("garmin/disowned", source=turn.world.label_of(source), whose=name, buttons=buttons)


@command(
    "status",
    aliases=("link status", "garmin status"),
    help="See whether your Garmin account is connected and up to date",
    allowed=Allowed.ANYONE,
    examples=("status",),
)
def status(turn: Turn) -> Message:
    """Show the state of each account, and the newest activity."""
    connected = []
    for account in accounts.list_accounts(turn.session, turn.member):
        alone = syncing.is_left_alone(turn.session, account, turn.now)
        connected.append((turn.world.label_of(account.source), account, alone.until if alone else None))
    if not connected:
        raise NotLinked
    newest = activities.find_newest(turn.session, turn.member)
    buttons = [commands["sync"].button("sync_now")]
    return turn.say("garmin/status", connected=connected, newest=newest, buttons=buttons)


@command(
    "sync",
    aliases=("refresh", "update"),
    help="Fetch your newest activities now",
    allowed=Allowed.ANYONE,
    examples=("sync",),
)
def sync(turn: Turn) -> Message:
    """Request a sync; its result comes in a message of its own. If the source is paused, say until when."""
    alone = syncing.ask(turn.session, turn.member, turn.now)
    if alone:
        return garmin_notices.tell_garmin_away(turn.member, turn.world.label_of(alone.source), alone)
    return turn.say("garmin/syncing", source=turn.world.labels)


def _heard(turn: Turn, code: str, instead: Instead | None) -> Message:
    """Handle the code of the link page when it comes from this chat."""
    replace = None if instead is None else instead is Instead.REPLACE
    heard = binding.hear_link_code(turn.session, turn.member, code, turn.now, replace=replace)
    if isinstance(heard, Elsewhere):
        owner, key = heard.owner, f"code-elsewhere:{heard.attempt.id}"
        source = turn.world.label_of(heard.attempt.source)
        warning = garmin_notices.tell_code_elsewhere(owner, source)
        mailbox.post(turn.session, owner.id, warning, turn.now, kind=MessageKind.REPLY, key=key)
        return turn.say("garmin/code_of_another", source=source, buttons=[Offer("connect_mine", "link garmin")])
    if isinstance(heard, AnotherAccount):
        members.keep_unfinished(turn.member, f"link garmin {heard.code}", turn.now)
        facts = asdict(heard) | {"source": turn.world.label_of(heard.source)}
        return garmin_notices.ask_about_another_account(turn.member, **facts)
    if isinstance(heard, Kept):
        return turn.say("garmin/kept", whose=heard.name)
    if isinstance(heard, Stranger):
        return turn.say("start/not_proved", buttons=[commands["still me"].button("what_else")])
    source = turn.world.label_of(heard.source)
    if isinstance(heard, BeingAsked):
        return turn.say("garmin/code_right", source=source, whose="")
    if turn.is_in_doubt:  # the same account as before, which proves whose number it is
        proofs.confirm(turn.session, turn.member, turn.now, by="garmin")
    return turn.say(
        "garmin/code_right", source=source, whose=heard.name, buttons=[garmin_notices.make_not_me_button(code)]
    )
