"""Commands for share pages: a page with a button that puts the digest into the real WhatsApp group."""

from bot.arguments import Newest
from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from fitness.periods import THIS_WEEK, Dates, Period
from messages.message import Message
from services.digest import digests, shares
from services.ground.refusals import NothingToDigest


@command(
    "share digest",
    aliases=("forward", "forward digest", "share page", "share link"),
    help="Get a page that puts the digest into your WhatsApp group",
    allowed=Allowed.ADMINS,
    examples=("share digest", "forward", "share digest last week"),
)
def share_digest(turn: Turn, period: Period | None = None, newest: Newest | None = None) -> Message:
    """Open a page for the newest digest or for any days. Its address is only in this answer."""
    run = digests.find_last_run(turn.session, turn.group) if period is None or newest else None
    if newest is not None and run is None:
        raise NothingToDigest(group=turn.group)
    if run is not None:
        dates = Dates(run.period_start, run.period_end)
    else:
        dates, _ = turn.resolve(period or THIS_WEEK, turn.group.timezone)
    path, until = shares.share(turn.session, turn.membership, dates, turn.now)
    url = f"{turn.world.settings.base_url}{path}"
    return turn.say(
        "sharing/page",
        url=url,
        dates=dates,
        group=turn.group,
        until=until,
        buttons=[commands["unshare"].button("close_the_page")],
    )


@command(
    "unshare",
    aliases=("unshare digest", "stop sharing", "close page"),
    help="Close the pages that show your group's digests",
    allowed=Allowed.ADMINS,
    examples=("unshare",),
)
def unshare(turn: Turn) -> Message:
    """Close all share pages of the group. Messages that were forwarded stay in the chats."""
    return turn.say("sharing/closed", count=shares.revoke(turn.session, turn.membership, turn.now), group=turn.group)
