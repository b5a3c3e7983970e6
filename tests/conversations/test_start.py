"""The first words with the bot, its help, and being left in peace."""

from tests.town import Person, Town


def test_a_stranger_is_greeted_and_told_what_comes_next(zoe: Person) -> None:
    heard = zoe.says("hello!")
    assert "Hi Zoë 👋 I'm *Gruppetto*" in heard
    assert "new group" in heard
    assert zoe.buttons == ["Start a group", "Help"]


def test_whatever_a_stranger_says_first_is_answered_with_a_greeting(zoe: Person) -> None:
    assert "I'm *Gruppetto*" in zoe.says("what is this thing 🤔")


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
