"""Connecting a Garmin account, and reading it."""

from bot.command import Allowed, command, commands
from bot.turn import Turn
from messages.message import Message
from models import LinkPurpose
from services.delivery import notices
from services.garmin import linking, syncing
from services.play import standings
from services.refusals import NotLinked


@command(
    "link garmin",
    aliases=("link", "connect", "connect garmin", "pair", "relink", "garmin"),
    help="Connect your Garmin account on a page only you can open",
    allowed=Allowed.ANYONE,
    examples=("link garmin", "connect"),
)
def link_garmin(turn: Turn) -> Message:
    """A one-time page. Passwords never pass through the chat."""
    token = linking.make_link(turn.session, turn.member, LinkPurpose.GARMIN, turn.now)
    account = linking.account_of(turn.session, turn.member)
    url = f"{turn.world.settings.base_url}/link/{token}"
    return turn.say("garmin/link", url=url, minutes=int(linking.LINK_FOR.total_seconds() // 60), account=account)


@command(
    "status",
    aliases=("link status", "garmin status"),
    help="See whether your Garmin account is connected and up to date",
    allowed=Allowed.ANYONE,
    examples=("status",),
)
def status(turn: Turn) -> Message:
    """What is known of the account, and the newest activity."""
    account = linking.account_of(turn.session, turn.member)
    if account is None:
        raise NotLinked
    alone = syncing.left_alone(turn.session, account, turn.now)
    return turn.say(
        "garmin/status",
        account=account,
        newest=standings.newest(turn.session, turn.member),
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
    """Ask for a sync; its result comes as a message of its own, unless Garmin is left alone: then this says when."""
    alone = syncing.ask(turn.session, turn.member, turn.now)
    return notices.away(turn.member, alone) if alone else turn.say("garmin/syncing")
