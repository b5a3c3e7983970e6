"""The first lines to the bot, its help, and stopping it."""

import re
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select

from bot.declaring.command import Allowed, command, commands
from bot.declaring.turn import Turn
from messages.message import Message
from models import AuditEvent, Group, Identity, Member, Membership
from services.group import groups
from tests.scenes import start_group
from tests.town import Person, Town


def test_a_stranger_is_greeted_and_told_what_comes_next(zoe: Person) -> None:
    heard = zoe.says("hello!")
    assert "Hi Zoë 👋 I'm *Gruppetto*" in heard
    assert "new group" in heard
    assert zoe.buttons == ["Show me around", "Start a group", "Help"]


def test_whatever_a_stranger_says_first_is_answered_with_a_greeting(zoe: Person) -> None:
    assert "I'm *Gruppetto*" in zoe.says("purple monkey dishwasher 🤔")


def test_one_line_gets_one_reply(zoe: Person) -> None:
    zoe.says("hi")
    zoe.says("help")
    assert zoe.count() == 2


def test_a_repeated_webhook_is_answered_once(town: Town, zoe: Person) -> None:
    sid = zoe.phone.says("hi")
    town.rest()
    assert zoe.phone.repeats(sid) == 200
    town.rest()
    assert zoe.count() == 1


def test_start_knows_how_far_one_has_come(zoe: Person) -> None:
    zoe.says("hi")
    start_group(zoe)
    heard = zoe.says("menu")
    assert "You're in *Sunday Legends*. I have no Garmin data from you yet" in heard
    assert "I'm *Gruppetto*" not in heard
    assert zoe.buttons == ["Connect Garmin", "Help"]
    zoe.connects_garmin()
    assert "You're in Sunday Legends, and your Garmin is connected." in zoe.says("start")
    assert zoe.buttons == ["My week", "Leaderboard", "Help"]


NAMES = (
    ("*_~", "Hi friend 👋"),
    ("*Max*_imum_ ~M~", "Hi Maximum M 👋"),
    ("سارة", "Hi \u2068سارة\u2069 👋"),
    ("\u202eZo\u200bë\u2069", "Hi Zoë 👋"),
    ("👟" * 60, f"Hi {'👟' * 20} 👋"),
    ("Al\nBundy", "Hi Al Bundy 👋"),
    ("Win at https://evil.example", "Hi Win at 👋"),
    ("Call +44 20 7946 0000 now", "Hi Call now 👋"),
)


def test_a_name_is_said_without_harm(town: Town) -> None:
    for number, (chosen, greeted) in enumerate(NAMES):
        assert town.person(chosen, f"+44770090000{number}").says("hi").startswith(greeted)


def test_what_is_not_understood_is_met_with_the_nearest_commands(zoe: Person) -> None:
    zoe.says("hi")
    assert "Did you mean one of these?" in zoe.says("leadrboards wonkiness")
    assert "Leaderboard" in zoe.buttons
    assert "I didn't get that. *help* shows what I understand." in zoe.says("ζζζζ ξξξξ")
    assert zoe.buttons == ["New group", "Help"]
    assert zoe.says("obrigado!!") == "You're welcome 👋"
    assert zoe.says("\u200b").startswith("That message was empty.")


def test_a_slip_of_the_finger_is_forgiven_and_named(zoe: Person) -> None:
    zoe.says("hi")
    assert zoe.says("helo").startswith('_I read "helo" as start._')


def test_a_known_command_with_strange_words_shows_how_it_is_written(zoe: Person) -> None:
    zoe.says("hi")
    heard = zoe.says("sync *everything* _at_ once")
    assert 'I know *sync*, but not what "everything once" means there.' in heard
    assert "• sync" in heard


def test_only_text_is_read_the_words_under_a_picture_too(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    voice = {"MessageType": "audio", "Body": "", "NumMedia": "1"}
    for sends in (zoe.phone.sends_picture, zoe.phone.shares_location, lambda: zoe.phone._post(voice)):
        sends()
        town.rest()
        assert zoe.heard.startswith("I can only read text so far")
        town.travel(minutes=61)
    assert zoe.count() == 4
    zoe.phone.sends_picture("help")
    town.rest()
    assert zoe.heard.startswith("*What I understand*")


def test_help_lists_what_is_understood(zoe: Person) -> None:
    for line in ("help", "?", "HELP!"):
        assert zoe.says(line).startswith("*What I understand*")
    assert "WhatsApp lets no bot into your group chat" in zoe.heard


def test_help_explains_one_command(zoe: Person) -> None:
    heard = zoe.says("help lb")
    assert heard.startswith("*leaderboard* – See who moved most in your group")
    assert "• lb distance run march" in heard
    assert "Also: lb, board, top" in heard


def test_help_explains_a_topic(zoe: Person) -> None:
    assert "So does *help* with: garmin, groups, invites, roles, settings" in zoe.says("help")
    heard = zoe.says("help roles")
    assert heard.startswith("*Roles*\n• *promote* – Make somebody an admin of your group\n")
    assert heard.endswith("_help promote_ shows how that is written.")
    heard = zoe.says("help settings")
    assert heard.startswith("*settings* – See or change how your group works\n• settings\n• settings ranking off")
    assert "• *audit* – See what the admins of your group did" in heard


def test_help_about_what_does_not_exist_says_so(zoe: Person) -> None:
    assert 'I have no command called "dancing".' in zoe.says("help *dancing*")


def test_every_word_that_must_stop_a_sender_stops_it(zoe: Person) -> None:
    for line in ("STOP", "*stop*", "unsubscribe", "END!", "cancel"):
        assert zoe.says(line).startswith("OK, I stop.")
        assert "Welcome back" in zoe.says("start")


@pytest.mark.parametrize("word", ["STOP", "Arrêter", "cancel"])
def test_who_stopped_at_twilio_is_written_to_no_more_and_not_answered(
    town: Town, zoe: Person, jose: Person, word: str
) -> None:
    """Twilio has said goodbye itself. The words for it are set at Twilio, so any line may be one."""
    start_group(zoe, jose)
    jose.says("leave")
    before, told, stopped = jose.count(), zoe.count(), town.clock()
    jose.phone.sends("text", word, OptOutType="STOP")
    town.rest()
    assert jose.count() == before
    with town.world.sessions() as session:
        mine = session.scalars(select(Member).where(Member.name == "José")).one()
        assert mine.opted_out_at == stopped
        audited = select(AuditEvent.at).where(AuditEvent.action == "member.opted_out", AuditEvent.member_id == mine.id)
        assert session.scalars(audited).all() == [stopped], "the withdrawn consent is written down"
        assert session.scalars(select(Membership.left_at)).all() == [None, None], "it is no answer to the question"
    town.travel(days=7)
    town.rest()
    assert (jose.count(), zoe.count() > told) == (before, True), "the week's digest"


def test_who_starts_again_at_twilio_is_written_to_again(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    zoe.phone.sends("text", "STOP", OptOutType="STOP")
    zoe.phone.sends("text", "Weiter", OptOutType="START")
    town.rest()
    assert "Welcome back, Zoë 👋 I write to you again." in zoe.heard
    with town.world.sessions() as session:
        assert session.scalar(select(Member.opted_out_at)) is None


def test_who_has_stopped_is_still_answered_and_may_start_again(town: Town, zoe: Person) -> None:
    zoe.says("stop")
    assert zoe.buttons == ["Start again"]
    with town.world.sessions() as session:
        assert session.scalar(select(Member.opted_out_at)) is not None
    assert zoe.says("help").startswith("*What I understand*")
    assert "Welcome back, Zoë 👋 I write to you again." in zoe.taps("Start again")
    assert "Welcome back" not in zoe.says("start")


@pytest.fixture
def declare() -> Iterator[Callable]:
    """Return a decorator for commands that are removed after the test."""
    before = dict(commands)

    def declared(name: str, handler: Callable) -> None:
        command(name, help="Break", allowed=Allowed.ANYONE, examples=(name,))(handler)

    yield declared
    commands.clear()
    commands.update(before)


def breaks(turn: Turn) -> Message:
    groups.start(turn.session, turn.member, "Half a group", turn.now)
    turn.member.name = "Nobody"
    raise RuntimeError("on purpose")


def breaks_the_database(turn: Turn) -> Message:
    groups.start(turn.session, turn.member, "Half a group", turn.now)
    for _ in range(2):
        turn.session.add(Identity(member_id=turn.member.id, kind="phone", value="+1"))
    turn.session.flush()
    return turn.say("start/cancelled")


def says_too_much(turn: Turn) -> Message:
    groups.start(turn.session, turn.member, "Half a group", turn.now)
    return Message("…" * 2000)


def test_a_bug_is_apologised_for_and_leaves_nothing_half_done(town: Town, zoe: Person, declare: Callable) -> None:
    zoe.says("hi")
    for number, handler in enumerate((breaks, breaks_the_database, says_too_much)):
        declare(f"break{number}", handler)
        heard = zoe.says(f"break{number}")
        assert re.match(r"Something broke on my side \(ref [0-9a-f]{8}\)\. Your data is safe", heard)
    with town.world.sessions() as session:
        assert session.scalars(select(Group)).all() == []
        assert session.scalars(select(Identity.value)).all() == [zoe.phone.number]
        assert session.scalars(select(Member.name)).all() == ["Zoë"]
    assert "Hi Zoë" in zoe.says("hi")


def test_saying_it_without_being_asked_changes_nothing(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    for line in ("new here", "still me"):
        assert "You're in *Sunday Legends*" in zoe.says(line)
