"""Lines that need special answers: secrets, floods, machines, pictures, thanks, and questions about the bot."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

import world as worlds
from models import Erasure, InboundMessage, Kudos, Member
from models.erasures import hashed_sid
from services.ground import limits
from services.people.line_checks import is_secret
from tests.conftest import Servers
from tests.recordings import TCX, session, tcx
from tests.scenes import november, start_group
from tests.town import Person, Town
from tests.web.test_link import every_column, every_value, written
from web.app import create_app

__all__ = ["written"]

KEY = "aV9" + "xK2mQ7pL" * 8
SECRETS = [
    "password: Canary-Hunter2",
    "my password is Canary-Hunter2",
    "Password Canary-Hunter2",
    "pw=Canary-Hunter2",
    "zoe@example.org Canary-Hunter2",
    "zoe@example.org\nCanary-Hunter2",
    "e-mail: zoe@example.org / password: Canary-Hunter2",
    "Passwort: Canary-Hunter2",
    "mot de passe : Canary-Hunter2",
    "my garmin login zoe@example.org and Canary-Hunter2",
    KEY,
    f"here is my key {KEY}",
    "new group password: Canary-Hunter2",
]
NO_SECRETS = [
    "my password is wrong",
    "is my password stored?",
    "password?",
    "what about passwords",
    "I forgot my password",
    "do you keep my password safe",
    "my email is zoe@example.org",
    "zoe@example.org",
    "zoe@example.org thanks",
    "write to zoe@example.org or ben@example.org please",
    "join K7QX2M",
    "https://wa.me/491701234567890?text=join%20K7QX2M",
    "https://gruppetto.example.org/link/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfG",
    "Donaudampfschifffahrtsgesellschaftskapitän",
    "leaderboard points run between 28 oct and 3 nov",
    "👏" * 60,
    "a" * 4096,
    "pin it please",
    "314159",
    "",
]


@pytest.mark.parametrize("line", SECRETS)
def test_what_looks_like_a_secret_is_taken_for_one(line: str) -> None:
    assert is_secret(line)


@pytest.mark.parametrize("line", NO_SECRETS)
def test_what_is_only_about_secrets_is_none(line: str) -> None:
    assert not is_secret(line)


def test_a_secret_typed_here_is_refused_kept_nowhere_and_deleted_at_the_vendor(
    town: Town, zoe: Person, written: io.StringIO
) -> None:
    zoe.says("hi")
    zoe.says("new group")
    for line in SECRETS:
        assert zoe.says(line).startswith("⚠️ Please delete that message: it looks like a password or a key.")
        assert zoe.buttons == ["Connect Garmin"]
    kept = every_column(town.world) + every_value(town.world.redis) + written.getvalue()
    assert "Hunter2" not in kept
    assert KEY not in kept
    with town.world.sessions() as session:
        noted = session.scalars(select(InboundMessage.sid).where(InboundMessage.command == "secret")).all()
        done = session.scalars(select(Erasure.sid).where(Erasure.done_at.is_not(None), Erasure.problem.is_(None)))
        assert set(done) == {hashed_sid(session, sid) for sid in noted}, "what is done is known by a hash"
    assert len(noted) == len(SECRETS)
    assert not set(noted) & set(town.twilio.messages), "Twilio has forgotten them too"
    assert "Sunday Legends" in zoe.says("Sunday Legends"), "a question stays open"


def test_a_files_long_name_is_no_secret(town: Town, zoe: Person) -> None:
    zoe.phone.sends_file(tcx(session(november(17))), TCX, "Morning_Run_2026-11-17T07-30-00_Garmin_Forerunner965.tcx")
    town.rest()
    assert zoe.heard.startswith("✅ Read and counted:")


@pytest.fixture
def strict(town: Town, servers: Servers) -> Iterator[Town]:
    """A town with the default limits for the number of lines."""
    chosen = town.world.settings.model_copy(update={"lines_a_minute": 20, "lines_a_day": 200})
    town.world = replace(town.world, settings=chosen)
    worlds.use(town.world)
    servers.app.app = create_app(town.world)
    return town


def flood(person: Person, lines: int) -> None:
    for _ in range(lines):
        person.phone.says("me")
    person.town.rest()


def test_a_flood_gets_one_warning_and_then_silence_for_a_minute(strict: Town, zoe: Person, jose: Person) -> None:
    flood(zoe, 25)
    assert zoe.count() == 21
    assert zoe.heard == "One after the other, please: I'm quiet for a minute. *stop* is always heard."
    assert jose.says("me"), "others are answered"
    assert zoe.says("password: Canary-Hunter2") == "", "but it is deleted all the same"
    with strict.world.sessions() as session:
        assert session.query(Erasure).count() == 1
    assert zoe.says("stop").startswith("OK, I stop.")
    strict.travel(minutes=1, seconds=1)
    assert "Welcome back" in zoe.says("start")


def test_two_hundred_lines_are_enough_for_a_day(strict: Town, zoe: Person) -> None:
    zoe.says("hi")
    with strict.world.sessions.begin() as session:
        against = limits.hash_member_addresses(session, session.scalars(select(Member)).one())
        for _ in range(199):
            limits.count(session, against, f"{limits.LINE}me", strict.clock() - timedelta(hours=3))
    assert zoe.says("me") == "That was a lot for one day, so I'm quiet until tomorrow. *stop* is always heard."
    strict.travel(hours=1)
    assert zoe.says("me") == ""
    assert zoe.says("stop").startswith("OK, I stop.")
    strict.travel(hours=24)
    assert zoe.says("me")


def test_a_machine_that_says_the_same_for_ever_is_left_alone(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    for _ in range(2):
        assert "I didn't get that" in zoe.says("Ζζζζ ξξξξ: this is an automatic reply")
    for _ in range(5):
        assert zoe.says("Ζζζζ ξξξξ:  this is an automatic reply ") == ""
    assert zoe.says("help").startswith("*What I understand*")
    town.travel(minutes=61)
    assert zoe.says("Ζζζζ ξξξξ: this is an automatic reply")


def test_our_own_words_sent_back_are_answered_once(zoe: Person) -> None:
    heard = zoe.says("help")
    assert zoe.says(heard) == "Those were my own words 🙂 Send *help* to see what I understand."
    for _ in range(3):
        assert zoe.says(zoe.heard) == ""
    assert zoe.says("hi")


def test_no_text_is_answered_kindly_and_once_an_hour(town: Town, zoe: Person) -> None:
    voice = {"MessageType": "audio", "Body": "", "NumMedia": "1"}
    sticker = {"MessageType": "sticker", "Body": "", "NumMedia": "1"}
    ways: list[tuple[Callable, str]] = [
        (zoe.phone.sends_picture, "not pictures."),
        (lambda: zoe.phone._post(voice), "not voice notes."),
        (lambda: zoe.phone._post(sticker), "not stickers, though I like them."),
        (zoe.phone.shares_location, "not places: where you are stays with you."),
    ]
    for sends, words in ways:
        before = zoe.count()
        for _ in range(3):
            sends()
        town.rest()
        assert zoe.count() == before + 1
        assert zoe.heard.startswith(f"I can only read text so far, {words}")
        town.travel(minutes=61)


def test_a_reaction_wants_no_answer(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    zoe.phone._post({"MessageType": "reaction", "Body": ""})
    town.rest()
    assert zoe.count() == 1


def test_a_stranger_is_told_once_a_day_who_this_is(town: Town, zoe: Person) -> None:
    assert "I'm *Gruppetto*" in zoe.says("ζζζζ ξξξξ")
    assert "I didn't get that" in zoe.says("ξξξξ ζζζζ")
    town.travel(hours=24, minutes=1)
    assert zoe.says("ζζζζ ζζζζ").startswith("Hi Zoë 👋")
    assert "I didn't get that" in zoe.says("ξξξξ ξξξξ")


def test_nonsense_of_one_who_has_stopped_starts_nothing(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    zoe.says("stop")
    town.travel(hours=24, minutes=1)
    assert "I didn't get that" in zoe.says("ζζζζ ζζζζ")
    with town.world.sessions() as session:
        assert session.scalar(select(Member.opted_out_at)) is not None


def test_a_member_is_not_told_who_this_is(town: Town, zoe: Person) -> None:
    start_group(zoe)
    town.travel(hours=24, minutes=1)
    assert "I didn't get that" in zoe.says("ζζζζ ζζζζ")


def test_the_tour_is_three_messages_each_asked_for(zoe: Person) -> None:
    zoe.says("hi")
    assert zoe.taps("Show me around").startswith("*1 of 3 · The group.*")
    assert zoe.taps("Next").startswith("*2 of 3 · Your watch.*")
    assert zoe.taps("Next").startswith("*3 of 3 · The talk.*")
    assert zoe.buttons == ["Start a group", "Connect Garmin"]
    assert zoe.count() == 4
    assert zoe.says("tour 9").startswith("*3 of 3")
    zoe.says("hi")
    assert "Show me around" not in zoe.buttons, "offered once"


def test_kudos_come_with_the_next_message(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert zoe.says("kudos @José *what* a ride https://evil.example") == (
        "👏 for José: what a ride. It comes with my next message to them."
    )
    before = jose.count()
    town.rest()
    assert jose.count() == before, "nothing is sent by itself"
    heard = jose.says("groups")
    assert heard.endswith("\n\n👏 Zoë (Sunday Legends): what a ride")
    assert "👏" not in jose.says("groups")


def test_kind_words_do_not_pile_up(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    for words in ("one", "two", "three"):
        zoe.says(f"bravo José {words}")
    with town.world.sessions() as session:
        assert session.scalars(select(Kudos.words)).all() == ["three"]
    assert jose.says("groups").count("👏") == 1


def test_kudos_know_whom_and_how_often(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert zoe.says("kudos") == "Well done to whom? Send me a name from your group, and a few kind words if you like."
    assert zoe.says("José").startswith("👏 for José.")
    assert "kudos are for the others" in zoe.says("kudos Zoë")
    for _ in range(20):
        jose.says("groups")
        heard = zoe.says("kudos José")
    assert "20 kudos in a day" in heard


def test_kudos_of_one_who_has_left_are_not_delivered(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    jose.says("kudos Zoë")
    jose.says("leave")
    jose.says("yes")
    assert "👏" not in zoe.says("groups")


def test_feedback_reaches_those_who_run_the_bot(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    assert zoe.says("feedback the board is *too* small") == "Thanks, passed on to those who run me. Only they read it."
    assert "too* small" not in every_column(town.world), "it is sealed"
    told = create_app(town.world).test_cli_runner().invoke(args=["feedback"])
    assert "member 1\tthe board is *too* small" in told.output
    assert zoe.says("feedback") == "What shall I pass on to those who run me?"
    assert zoe.says("more sports").startswith("Thanks, passed on")
    for _ in range(9):
        heard = zoe.says("feedback again")
    assert "10 of your messages" in heard


def test_who_this_is(zoe: Person) -> None:
    assert zoe.says("about").startswith("I'm *Gruppetto* 0.")
    assert zoe.says("version") == zoe.says("about")
    assert "*What I keep:*" in zoe.says("terms")


def test_whoever_is_anonymous_is_told_that_kind_words_bear_their_name(zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert "with your name" not in jose.says("kudos @Zoë")
    jose.says("anonymous on")
    assert "*with your name*" in jose.says("kudos @Zoë")
