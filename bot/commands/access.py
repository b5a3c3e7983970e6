"""What is signed in as a member: a link that signs a browser in to the dashboard, the list, and ending all of them."""

from bot.arguments import Yes
from bot.declaring.command import Allowed, command
from bot.declaring.turn import Turn
from messages.message import Message
from messages.render import Offer
from services.people import dashboard_links, feeds, links, personal_tokens, sessions, signing_out, webhooks


@command(
    "dashboard",
    aliases=("my page", "web", "website", "web page", "my dashboard", "open dashboard", "browser"),
    help="See your year, records and groups as web pages, and choose what others see",
    allowed=Allowed.ANYONE,
    examples=("dashboard",),
)
def dashboard(turn: Turn) -> Message:
    """Give a link that signs one browser in to the dashboard. It works once."""
    token = dashboard_links.make_dashboard_link(turn.session, turn.member, turn.now)
    return turn.say(
        "access/dashboard",
        url=f"{turn.world.settings.base_url}/dashboard/enter/{token}",
        minutes=int(links.LINK_FOR.total_seconds() // 60),
        days=sessions.BROWSER_FOR.days,
        buttons=[Offer("who_is_signed_in", "signed in")],
    )


@command(
    "signed in",
    aliases=("sessions", "who is signed in", "devices", "tokens"),
    help="See which browsers and programs are signed in as you, and where your data are sent",
    allowed=Allowed.ANYONE,
    examples=("signed in",),
)
def signed_in(turn: Turn) -> Message:
    """List the member's sessions, tokens and webhooks by name, and count the addresses of theirs that apps may read."""
    open_ones = sessions.list_open_sessions(turn.session, turn.member, turn.now)
    tokens = personal_tokens.list_tokens(turn.session, turn.member, turn.now)
    hooks = webhooks.list_webhooks(turn.session, turn.member)
    addresses = feeds.list_feeds(turn.session, turn.member)
    buttons = [Offer("sign_out_all", "sign out")] if open_ones or tokens or hooks or addresses else []
    url = f"{turn.world.settings.base_url}/api/v1/docs"
    return turn.say(
        "access/signed_in",
        programs=open_ones,
        scripts=tokens,
        webhooks=hooks,
        feed_count=len(addresses),
        url=url,
        buttons=buttons,
    )


@command(
    "sign out",
    aliases=("log out", "logout", "sign out everywhere", "sign out all"),
    help="Sign out every browser and program, end your tokens and feeds, and switch your webhooks off",
    allowed=Allowed.ANYONE,
    examples=("sign out", "sign out yes"),
    destructive=True,
)
def sign_out(turn: Turn, sure: Yes | None = None) -> Message:
    """End all sessions, personal tokens and addresses for apps, and switch webhooks off. Asks first, because scripts
    and apps will stop working.
    """
    if sure is None:
        return turn.ask(
            "access/ask_sign_out",
            program_count=len(sessions.list_open_sessions(turn.session, turn.member, turn.now)),
            script_count=len(personal_tokens.list_tokens(turn.session, turn.member, turn.now)),
            webhook_count=sum(each.off_at is None for each in webhooks.list_webhooks(turn.session, turn.member)),
            feed_count=len(feeds.list_feeds(turn.session, turn.member)),
            buttons=[Offer("yes_end_them", "sign out yes"), Offer("no_keep_them", "never mind")],
        )
    ended = signing_out.sign_out_everywhere(turn.session, turn.member, turn.now)
    return turn.say(
        "access/signed_out",
        program_count=ended.programs,
        script_count=ended.scripts,
        webhook_count=ended.webhooks,
        feed_count=ended.feeds,
    )
