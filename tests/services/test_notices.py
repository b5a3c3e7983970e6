"""Notices also reach members who did not write for a day, as approved templates."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest

from bot.parser import NotUnderstood, understand
from messages.message import Approved, Message, units
from models import Member, MessageKind, MessageState
from providers.messenger import ContentDefinition
from services.delivery import contents, mailbox, notices
from services.delivery.contents import PLACEHOLDER
from services.delivery.mailbox import NeverSayable
from services.training import garmin_notices
from simulator.twilio.phones import Phone
from tests.letters import Letters
from tests.messages.largest import NAME, group
from tests.town import Town

ROOT = Path(__file__).parent.parent.parent
PROACTIVE = (MessageKind.NOTICE, MessageKind.DIGEST)
ALL = {each.name: each for each in contents.list_definitions() if each.kind == contents.APPROVED}
LONGEST = Member(name=NAME, locale="en", units="metric", timezone="UTC")


@pytest.fixture
def letters(town: Town) -> Letters:
    return Letters(town)


@pytest.mark.parametrize("content", ALL.values(), ids=ALL)
def test_a_template_keeps_the_rules_by_which_whatsapp_reviews(content: ContentDefinition) -> None:
    """https://www.twilio.com/docs/whatsapp/tutorial/message-template-approvals-statuses, facts of 2026."""
    names = PLACEHOLDER.findall(content.body)
    static = PLACEHOLDER.sub(" ", content.body).split()
    behind = [name for label, says in content.buttons for name in PLACEHOLDER.findall(label + says)]
    assert names == [str(number) for number in range(1, len(names) + 1)], "in order, each once"
    assert not content.body.startswith("{{")
    assert not content.body.endswith("}}")
    assert "}}{{" not in content.body.replace(" ", "")
    assert len(static) >= 2 * len(set(names + behind)) + 1
    assert content.samples.keys() == set(names + behind)
    assert "\n" not in content.body
    assert all(1 <= len(label) <= 20 and "{{" not in label for label, _ in content.buttons)
    Approved(content.name, content.samples)  # raises if a sample could not be a value


@pytest.mark.parametrize("kind", PROACTIVE)
@pytest.mark.parametrize(
    "approved",
    [
        None,
        Approved("no_such_template", {"1": "x"}),
        Approved("garmin_notice", {"1": "x"}),
        Approved("garmin_notice", {"1": "x", "2": "y", "3": "z"}),
    ],
)
def test_what_could_not_be_said_after_a_day_is_a_bug_at_once(
    letters: Letters, kind: MessageKind, approved: Approved | None
) -> None:
    member, message = letters.member(), Message("unasked", approved=approved)
    with letters.town.world.sessions.begin() as session, pytest.raises(NeverSayable):
        mailbox.post(session, member.id, message, letters.now, kind=kind, key="one")
    assert letters.rows() == []


def test_a_reply_needs_no_template(letters: Letters) -> None:
    letters.write(letters.member(), "asked for")
    assert [each.state for each in letters.rows()] == [MessageState.QUEUED]


@pytest.mark.parametrize("about", [None, group()])
@pytest.mark.parametrize("short", [None, "garmin/syncing"])
def test_news_fit_into_the_template_with_the_longest_names(short: str | None, about: object) -> None:
    message = notices.write_notice(
        "garmin/relink", LONGEST, about=about, says="digest last", short=short, source="Garmin"
    )
    text = contents.write_template(message.approved)
    assert contents.is_filled_by(message.approved)
    assert units(text) <= 1024
    assert "{{" not in text
    assert ("your account" in text) is (about is None)


def test_a_line_is_cut_between_words() -> None:
    made = notices.write_notice("digest/ready_name", LONGEST, about=None, says="me", member=Member(name="word " * 100))
    line = made.approved.values["3"]
    assert len(line) <= notices.MOST_LINE
    assert line.endswith("word…")


def test_who_has_been_silent_for_days_hears_that_garmin_must_be_connected_again(letters: Letters) -> None:
    person, phone = silent(letters)
    with letters.town.world.sessions.begin() as session:
        message = garmin_notices.ask_to_relink(session.get_one(Member, person.id), "Garmin")
        mailbox.post(session, person.id, message, letters.now, kind=MessageKind.NOTICE, key="relink")
    letters.town.rest()
    assert phone.heard[-1].text.startswith("Hi Friend 1, this is about your own Garmin connection: Garmin no longer")
    assert [label for label, _ in phone.heard[-1].buttons] == ["Connect again", "Status"]


def test_a_button_of_a_template_says_the_command_that_shows_more(letters: Letters) -> None:
    person, phone = silent(letters)
    with letters.town.world.sessions.begin() as session:
        member = session.get_one(Member, person.id)
        message = notices.write_notice("garmin/syncing", member, about=None, says="help leaderboard", source="Garmin")
        mailbox.post(session, person.id, message, letters.now, kind=MessageKind.NOTICE, key="news")
    letters.town.rest()
    assert phone.heard[-1].text.startswith("Hi Friend 1, there is news about your account in Gruppetto: Asking Garmin.")
    phone.taps("Show me")
    letters.town.rest()
    assert "*leaderboard*" in phone.heard[-1].text


def said_by_buttons() -> set[str]:
    """Return the lines that buttons of templates send, from the files and from the code that makes notices."""
    fixed = {says for content in ALL.values() for _, says in content.buttons if "{{" not in says}
    files = [path for room in ("bot", "services", "jobs") for path in (ROOT / room).rglob("*.py")]
    calls = (node for path in files for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    given = (each.value for call in calls for each in call.keywords if each.arg == "says")
    return fixed | {str(each.value) for each in given if isinstance(each, ast.Constant)}


def test_every_button_of_a_template_says_what_is_understood() -> None:
    assert len(said_by_buttons()) > 5
    assert [line for line in said_by_buttons() if isinstance(understand(line), NotUnderstood)] == []


def silent(letters: Letters) -> tuple[Member, Phone]:
    """Return a member who wrote three days ago."""
    person = letters.with_phone(last_inbound_at=letters.now - timedelta(days=3))
    return person, letters.town.phones.by_number[person.address.removeprefix("whatsapp:")]
