"""Commands to begin, for help, to stop messages, and for numbers in doubt."""

from bot.arguments import Rest, Yes
from bot.declaring.command import Allowed, command, commands, group_by_topic
from bot.declaring.turn import WHO, Turn
from bot.words.lines import normalise_line
from messages.message import Message
from messages.render import Offer
from models import GarminAccount, GarminStatus
from services.group import proofs
from services.people import members, naming
from services.training import accounts


@command(
    "start",
    aliases=("hi", "hello", "hey", "menu", "unstop", "hola", "ciao"),
    help="Where you stand and what comes next",
    allowed=Allowed.ANYONE,
    examples=("start", "hi", "Hello!"),
)
def start(turn: Turn) -> Message:
    """Greet the member and offer the next step."""
    resumed = members.opt_in(turn.session, turn.member, turn.now)
    mine = members.list_memberships(turn.session, turn.member)
    account = accounts.find_main_account(turn.session, turn.member)
    groups = [each.group.name for each in mine]
    return turn.say(
        "start/welcome",
        member=turn.member,
        groups=groups,
        account=account,
        resumed=resumed,
        is_new=turn.is_new,
        unnamed=naming.is_unnamed(turn.member),
        buttons=_next_steps(bool(mine), account, is_new=turn.is_new),
    )


@command(
    "help",
    aliases=("?", "commands", "h"),
    help="What I understand",
    allowed=Allowed.ANYONE,
    examples=("help", "help leaderboard", "help groups", "?"),
)
def explain(turn: Turn, topic: Rest | None = None) -> Message:
    """Explain the most important commands, the commands of a topic, or one command in detail. If the number is in
    doubt, list the few commands that work.
    """
    if turn.is_in_doubt:
        ways = proofs.find_ways(turn.session, turn.member, turn.now)
        return turn.say("start/help_in_doubt", ways=ways, buttons=WHO)
    topics = group_by_topic()
    asked = find_topic(topic or "", turn.member.locale)
    wanted = commands.get(asked)
    if asked in topics:
        neighbours = [each for each in topics[asked] if each is not wanted]
        return turn.say("start/help_topic", topic=asked, command=wanted, neighbours=neighbours)
    if wanted:
        return turn.say("start/help_command", command=wanted)
    buttons = [commands["leaderboard"].button("leaderboard"), commands["me"].button("my_week")]
    return turn.say("start/help", topic=topic, topics=list(topics), buttons=buttons)


def find_topic(typed: str, language: str) -> str:
    """Return the topic or the name of a command that somebody typed, in English or in the language in which they are
    written to; an empty text if it is neither.
    """
    meant = (typed.casefold().strip(" ?!."), normalise_line(typed, language))
    return next((each for each in meant if each in commands or each in group_by_topic()), "")


@command(
    "stop",
    aliases=("stopall", "unsubscribe", "end", "quit", "revoke", "optout"),
    help="I write no more unless you write first",
    allowed=Allowed.ANYONE,
    examples=("stop", "STOP", "unsubscribe"),
    destructive=True,
)
def stop(turn: Turn) -> Message:
    """Send the member nothing more unasked."""
    members.opt_out(turn.session, turn.member, turn.now)
    if turn.is_in_doubt:
        proofs.tell_stopped(turn.session, turn.member, turn.now)
        return turn.say("start/stopped_in_doubt", buttons=WHO)
    return turn.say("start/stopped", buttons=[Offer("start_again", "start")])


@command(
    "still me",
    aliases=("it's me", "it’s me", "its me"),
    help="Prove, after weeks of silence, that the number is still yours",
    allowed=Allowed.ANYONE,
    examples=("still me",),
    destructive=True,
)
def still_me(turn: Turn) -> Message:
    """Say how to prove that the number is still the member's."""
    if not turn.is_in_doubt:
        return commands["start"](turn)
    ways = proofs.find_ways(turn.session, turn.member, turn.now)
    if not (ways.garmin or ways.others):
        proofs.tell_operator(turn.session, turn.member)
    garmin = [commands["link garmin"].button("sign_in_to_garmin")] if ways.garmin else []
    others = [commands["ask admin"].button("ask_an_admin")] if ways.others else []
    new = [] if garmin and others else [commands["new here"].button("im_new_here")]
    return turn.say("start/prove", ways=ways, buttons=[*garmin, *others, *new])


@command(
    "ask admin",
    aliases=("ask an admin", "ask the admin"),
    help="Let somebody who runs your group tell me that it is still you",
    allowed=Allowed.ANYONE,
    examples=("ask admin",),
    destructive=True,
)
def ask_admin(turn: Turn) -> Message:
    """Ask the people who run the member's groups to confirm them. The answer names nobody."""
    if not turn.is_in_doubt:
        return commands["start"](turn)
    count = proofs.ask_admins(turn.session, turn.member, turn.now)
    return turn.say("start/asked_admin", count=count, buttons=[commands["new here"].button("im_new_here")])


@command(
    "new here",
    aliases=("i'm new here", "i’m new here", "im new here"),
    help="Tell me that this number was somebody else's before",
    allowed=Allowed.ANYONE,
    examples=("new here",),
    destructive=True,
)
def new_here(turn: Turn, sure: Yes | None = None) -> Message:
    """Start a new account, because the number belongs to somebody else now, who learns nothing about
    the earlier member.

    It asks first, because a member who tapped it by mistake could not get their account back.
    """
    if not turn.is_in_doubt:
        return commands["start"](turn)
    if sure is None:
        buttons = [Offer("yes_im_new", "new here yes"), Offer("no_its_me", "still me")]
        return turn.ask("start/ask_new", buttons=buttons, about="new here")
    proofs.tell_given_up(turn.session, turn.member, turn.now)
    turn.member = members.begin_anew(turn.session, turn.member, turn.profile_name, turn.now)
    turn.is_new = True
    return commands["start"](turn)


@command(
    "cancel",
    aliases=("nevermind", "never mind"),
    help="Forget a question I asked",
    allowed=Allowed.ANYONE,
    examples=("cancel",),
    destructive=True,
)
def cancel(turn: Turn) -> Message:
    """Forget the unfinished line."""
    members.take_unfinished(turn.member, turn.now)
    return turn.say("start/cancelled")


def _next_steps(in_group: bool, account: GarminAccount | None, *, is_new: bool) -> list[Offer]:
    if not in_group:
        tour = [commands["tour"].button("show_me_around")] if is_new else []
        return [*tour, commands["new group"].button("start_a_group"), commands["help"].button("help")]
    if account is None or account.status is GarminStatus.NEEDS_RELINK:
        return [commands["link garmin"].button("connect_garmin"), commands["help"].button("help")]
    return [
        commands["me"].button("my_week"),
        commands["leaderboard"].button("leaderboard"),
        commands["help"].button("help"),
    ]
