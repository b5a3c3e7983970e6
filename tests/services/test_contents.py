"""Contents stored at the vendor: pushed once, watched, and held when they may not be used."""

from dataclasses import replace

import pytest
from sqlalchemy import delete

from messages.message import Approved, Button, Message
from models import Content, MessageKind, MessageState
from providers.errors import NotSent
from providers.messenger import Content as Stored
from providers.messenger import Messenger
from services.delivery import contents
from services.delivery.contents import Change
from simulator.twilio.contents import Decision, why_rejected
from tests.letters import READY, Letters
from tests.town import Town
from web.app import create_app

BUTTONS = [*(f"buttons_{count}" for count in (1, 2, 3)), *(f"list_{count}" for count in range(4, 11))]
TEMPLATES = ["account_notice", "digest_ready", "garmin_notice"]
NOTICES = ["account_notice", "garmin_notice"]


@pytest.fixture
def letters(town: Town) -> Letters:
    return Letters(town)


def push(letters: Letters) -> list[Change]:
    with letters.town.world.sessions.begin() as session:
        return contents.push(session, letters.town.world.messenger, letters.now)


def poll(letters: Letters) -> list[Change]:
    with letters.town.world.sessions.begin() as session:
        return contents.poll(session, letters.town.world.messenger, letters.now)


def of_digest(changes: list[Change]) -> Change:
    return next(each for each in changes if each.name == "digest_ready")


def usable(letters: Letters) -> list[str]:
    with letters.town.world.sessions() as session:
        return sorted(contents.usable(session, letters.town.world.messenger.account))


def is_due(letters: Letters) -> bool:
    with letters.town.world.sessions() as session:
        return contents.is_check_due(session, letters.now, letters.town.world.messenger.account)


def decide(letters: Letters, status: str, category: str = "", reason: str = "") -> None:
    """WhatsApp changes its mind about the template."""
    letters.town.twilio.contents[letters.template().sid].decide(Decision(status, reason, category))


def test_everything_is_pushed_once(letters: Letters) -> None:
    assert usable(letters) == sorted([*BUTTONS, *TEMPLATES])
    asked = len(letters.town.twilio.journal)
    assert [(each.name, each.status) for each in push(letters)] == [
        *((name, "session") for name in BUTTONS),
        *((name, "approved") for name in TEMPLATES),
    ]
    assert {each.method for each in letters.town.twilio.journal[asked:]} == {"GET"}, "each is only looked for"
    assert not is_due(letters)


def test_a_changed_template_is_asked_for_under_a_name_that_whatsapp_has_not_seen(letters: Letters) -> None:
    old = letters.template()
    letters.change(old, fingerprint="0" * 32)
    assert [each.status for each in push(letters) if each.name == "digest_ready"] == ["received"]
    new = letters.template()
    assert new.sid != old.sid
    assert "digest_ready" not in usable(letters), "its values may have changed with it"
    assert is_due(letters)
    assert [of_digest(poll(letters)).status for _ in range(2)] == ["pending", "approved"]
    assert letters.town.twilio.contents[new.sid].approval.name == f"digest_ready_{new.fingerprint[:8]}"
    assert "digest_ready" in usable(letters)


@pytest.mark.parametrize(
    ("status", "category", "often"),
    [("paused", "", True), ("rejected", "", False), ("disabled", "", False), ("approved", "MARKETING", False)],
)
def test_what_whatsapp_takes_back_is_held_and_told_and_used_again_when_it_may_be(
    letters: Letters, status: str, category: str, often: bool
) -> None:
    decide(letters, status, category, "too many complaints")
    letters.town.clock.travel(hours=23, minutes=59)
    assert not is_due(letters)
    letters.town.clock.travel(minutes=1)
    assert is_due(letters), "approvals are looked at once a day"
    assert of_digest(poll(letters)) == Change("digest_ready", status, category or "UTILITY", "too many complaints")
    assert [each.name for each in poll(letters) if each.is_bad] == ["digest_ready"]
    assert usable(letters) == sorted([*BUTTONS, *NOTICES])
    assert is_due(letters) is often
    letters.town.clock.travel(days=1)
    assert is_due(letters)
    decide(letters, "approved", "UTILITY")
    assert not any(each.is_bad for each in poll(letters))
    assert usable(letters) == sorted([*BUTTONS, *TEMPLATES])


def test_a_template_still_in_review_is_no_bad_news(letters: Letters) -> None:
    for status in ("received", "pending", "unsubmitted"):
        assert not Change("digest_ready", status).is_bad


def test_the_tick_looks_after_approvals_and_held_messages_leave_when_it_is_over(letters: Letters) -> None:
    decide(letters, "paused")
    letters.town.travel(days=1)
    assert letters.template().status == "paused"
    person = letters.with_phone(last_inbound_at=None)
    one = letters.write(person, "in full", MessageKind.DIGEST, approved=READY)
    letters.town.tick()
    assert (letters.row(one).state, letters.why(one)) == (MessageState.QUEUED, "template held")
    decide(letters, "approved")
    letters.town.tick()
    assert letters.template().status == "approved"
    letters.town.travel(hours=1)
    assert letters.row(one).state is MessageState.READ


def test_approvals_that_cannot_be_asked_for_stay_as_they_are(letters: Letters) -> None:
    before = letters.template()
    letters.town.twilio.auth_token = "changed"
    letters.town.travel(days=1)
    after = letters.template()
    assert (after.status, after.checked_at) == (before.status, before.checked_at)
    assert is_due(letters)


def test_templates_keep_whatsapps_rules(letters: Letters) -> None:
    for content in contents.definitions():
        if content.kind == contents.APPROVED:
            pushed = letters.town.twilio.contents[letters.template(content.name).sid]
            assert why_rejected(pushed) == ""
            assert len(contents.said(Approved(content.name, content.samples))) < 1024
        assert all(1 <= len(title) <= 20 and 1 <= len(says) <= 200 for title, says in content.buttons)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_buttons_are_all_variables(letters: Letters, count: int) -> None:
    buttons = tuple(Button(f"Label {i}", f"says {i}") for i in range(1, count + 1))
    values = contents.buttons_values(Message("Which one? {{2}}", buttons=buttons))
    pushed = letters.town.twilio.contents[letters.template(f"buttons_{count}").sid]
    face = pushed.render(values)
    assert face.body == "Which one? {{2}}"
    assert face.buttons == [(f"Label {i}", f"says {i}") for i in range(1, count + 1)]
    assert not face.missing


def test_the_words_of_a_template_are_what_the_vendor_makes_of_it(letters: Letters) -> None:
    odd = {**READY.values, "1": "{{2}} \\1 $1", "2": "\u2068سارة\u2069 & Söhne", "6": "{{1}}"}
    pushed = letters.town.twilio.contents[letters.template().sid]
    assert contents.said(Approved("digest_ready", odd)) == pushed.render(odd).body


class BreaksOff:
    """A messenger that stores so many contents, and then cannot be reached."""

    def __init__(self, messenger: Messenger, good_for: int) -> None:
        self.messenger, self.good_for, self.account = messenger, good_for, messenger.account

    def has_content(self, content_id: str) -> bool:
        return self.messenger.has_content(content_id)

    def ask_approval(self, content_id: str, name: str, category: str) -> None:
        self.messenger.ask_approval(content_id, name, category)

    def push_content(self, content: Stored) -> str:
        self.good_for -= 1
        if self.good_for < 0:
            raise NotSent("the line is dead")
        return self.messenger.push_content(content)


def test_a_push_that_broke_off_makes_nothing_twice(letters: Letters) -> None:
    twilio, world = letters.town.twilio, letters.town.world
    with world.sessions.begin() as session:
        session.execute(delete(Content))
    twilio.contents.clear()
    half = replace(world, messenger=BreaksOff(world.messenger, 5))
    assert create_app(half).test_cli_runner().invoke(args=["templates", "push"]).exit_code == 1
    assert len(twilio.contents) == 5
    assert create_app(world).test_cli_runner().invoke(args=["templates", "push"]).exit_code == 0
    assert len(twilio.contents) == len(BUTTONS) + len(TEMPLATES)
