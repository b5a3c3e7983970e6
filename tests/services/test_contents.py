"""Contents stored at the vendor: pushed once, checked, and not sent while they may not be used."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import delete, select

import world as worlds
from config import Settings
from jobs import delivery
from messages.message import Approved, Button, Message
from models import Content, Member, MessageKind, MessageState
from providers.errors import NotSent
from providers.messenger import ContentDefinition as Stored
from providers.messenger import Messenger
from services.delivery import contents, mailbox
from services.delivery.contents import Change
from simulator.twilio.contents import Decision, why_rejected
from tests.conftest import Servers
from tests.letters import READY, Letters
from tests.town import Town
from web.app import create_app
from world import World

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
        return sorted(contents.find_usable(session, letters.town.world.messenger.account))


def is_due(letters: Letters) -> bool:
    with letters.town.world.sessions() as session:
        return contents.is_check_due(session, letters.now, letters.town.world.messenger.account)


def decide(letters: Letters, status: str, category: str = "", reason: str = "") -> None:
    """Let WhatsApp decide about the template."""
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
    for content in contents.list_definitions():
        if content.kind == contents.APPROVED:
            pushed = letters.town.twilio.contents[letters.template(content.name).sid]
            assert why_rejected(pushed) == ""
            assert len(contents.write_template(Approved(content.name, content.samples))) < 1024
        assert all(1 <= len(title) <= 20 and 1 <= len(says) <= 200 for title, says in content.buttons)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_buttons_are_all_variables(letters: Letters, count: int) -> None:
    buttons = tuple(Button(f"Label {i}", f"says {i}") for i in range(1, count + 1))
    values = contents.fill_buttons_content(Message("Which one? {{2}}", buttons=buttons))
    pushed = letters.town.twilio.contents[letters.template(f"buttons_{count}").sid]
    face = pushed.render(values)
    assert face.body == "Which one? {{2}}"
    assert face.buttons == [(f"Label {i}", f"says {i}") for i in range(1, count + 1)]
    assert not face.missing


def test_the_words_of_a_template_are_what_the_vendor_makes_of_it(letters: Letters) -> None:
    odd = {**READY.values, "1": "{{2}} \\1 $1", "2": "\u2068سارة\u2069 & Söhne", "6": "{{1}}"}
    pushed = letters.town.twilio.contents[letters.template().sid]
    assert contents.write_template(Approved("digest_ready", odd)) == pushed.render(odd).body


class BreaksOff:
    """A messenger that stores a number of contents, and then cannot be reached."""

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


@dataclass
class Asking:
    """A member who gets replies with buttons, and the states of these replies."""

    letters: Letters
    member: Member

    def hears(self, *, buttons: bool) -> str:
        """Send the member a reply with two buttons; returns its text on the phone."""
        message = Message("Which one?", buttons=(Button("Run", "lb run"), Button("Ride", "lb ride")))
        with self.letters.town.world.sessions.begin() as session:
            mailbox.post(
                session, self.member.id, message, self.letters.now, kind=MessageKind.REPLY, key=f"test:{uuid4()}"
            )
        delivery.drain()
        self.letters.town.rest()
        assert self.letters.rows()[-1].state is MessageState.READ
        heard = self.letters.town.phones.by_number[self.member.address.removeprefix("whatsapp:")].heard[-1]
        assert [title for title, _ in heard.buttons] == (["Run", "Ride"] if buttons else [])
        return heard.text


@pytest.fixture
def asking(letters: Letters) -> Asking:
    return Asking(letters, letters.with_phone())


IN_WORDS = "Which one?\n\n• Run: send *lb run*\n• Ride: send *lb ride*"


def errors(capsys: pytest.CaptureFixture) -> str:
    return "\n".join(line for line in capsys.readouterr().out.splitlines() if "[error" in line)


def test_buttons_whose_content_was_deleted_are_said_in_words_and_come_back_by_themselves(
    letters: Letters, asking: Asking, capsys: pytest.CaptureFixture
) -> None:
    town = letters.town
    assert asking.hears(buttons=True) == "Which one?"
    old = letters.template("buttons_2")
    town.twilio.contents.clear()
    assert asking.hears(buttons=False) == IN_WORDS
    assert letters.template("buttons_2").status == contents.MISSING
    assert "content missing at the vendor" in errors(capsys)
    with town.world.sessions() as session:
        assert contents.find_missing(session, town.world.messenger.account) == ["buttons_2"]
    asked = len(town.twilio.messages)
    assert asking.hears(buttons=False) == IN_WORDS, "and nobody asks for it in vain again"
    assert len(town.twilio.messages) == asked + 1
    town.travel(minutes=10)
    assert letters.template("buttons_2").sid not in (old.sid, None)
    assert "missing contents stored at the vendor" in errors(capsys)
    assert asking.hears(buttons=True) == "Which one?"


def test_once_a_day_every_content_is_looked_for(letters: Letters) -> None:
    town = letters.town
    town.twilio.contents.clear()
    town.travel(days=1)
    with town.world.sessions() as session:
        assert len(contents.find_missing(session, town.world.messenger.account)) == len(BUTTONS) + len(TEMPLATES)
    town.tick()
    with town.world.sessions() as session:
        assert contents.find_missing(session, town.world.messenger.account) == []
        waiting = session.scalars(select(Content.name).where(Content.status.not_in(["session", "approved"]))).all()
    assert sorted(waiting) == TEMPLATES, "what was made anew is to be approved anew"
    names = {each.approval.name for each in town.twilio.contents.values() if each.approval.name}
    for _ in range(2):
        town.tick()
    assert usable(letters) == sorted([*BUTTONS, *TEMPLATES])
    assert all(len(name.rsplit("_", 2)[1]) == 8 for name in names), "under names that WhatsApp has not seen"


def test_a_digest_whose_template_was_deleted_waits_for_the_new_one(letters: Letters) -> None:
    town, person = letters.town, letters.with_phone(last_inbound_at=None)
    del town.twilio.contents[letters.template().sid]
    one = letters.write(person, "in full", MessageKind.DIGEST, approved=READY)
    town.tick()
    assert (letters.row(one).state, letters.why(one)) == (MessageState.QUEUED, "template held")
    assert letters.template().status == contents.MISSING
    for _ in range(4):
        town.travel(minutes=20)
    assert letters.row(one).state is MessageState.READ


OTHER = "AC" + "1" * 32


def moved(letters: Letters, servers: Servers) -> Letters:
    """The town after its operator has changed to another Twilio account."""
    town = letters.town
    town.twilio.change_account(OTHER, "another token")
    settings = Settings(
        **town.world.settings.model_dump() | {"twilio_account_sid": OTHER, "twilio_auth_token": "another token"}
    )
    world = replace(town.world, settings=settings, messenger=World.from_settings(settings).messenger)
    worlds.use(world)
    servers.app.app = create_app(world)
    return replace(letters, town=replace(town, world=world))


def test_after_a_change_of_the_account_nothing_counts_as_pushed_and_the_job_pushes_it(
    letters: Letters, servers: Servers, capsys: pytest.CaptureFixture
) -> None:
    letters.town.travel(hours=2)
    there = moved(letters, servers)
    asking = Asking(there, there.with_phone())
    assert usable(there) == []
    assert asking.hears(buttons=False) == IN_WORDS
    there.town.tick()
    assert "missing contents stored at the vendor" in errors(capsys)
    assert there.template("buttons_2").account == OTHER
    assert asking.hears(buttons=True) == "Which one?"
    for _ in range(2):
        there.town.tick()
    assert usable(there) == sorted([*BUTTONS, *TEMPLATES])


def test_processes_with_two_accounts_do_not_push_against_each_other(letters: Letters, servers: Servers) -> None:
    town, there = letters.town, moved(letters, servers)
    there.town.travel(hours=2)
    pushed = there.template("buttons_2").pushed_at
    assert there.template("buttons_2").account == OTHER
    with town.world.sessions() as session:
        account = town.world.messenger.account
        assert len(contents.find_missing(session, account)) == len(BUTTONS) + len(TEMPLATES)
        assert contents.list_to_push(session, pushed + timedelta(minutes=59), account) == []
        assert len(contents.list_to_push(session, pushed + timedelta(hours=1), account)) == len(BUTTONS) + len(
            TEMPLATES
        )


def test_contents_of_an_older_release_are_ours_until_the_vendor_says_otherwise(letters: Letters) -> None:
    names = ("buttons_1", "buttons_2", "digest_ready")
    for name in names:
        letters.change(letters.template(name), account=None, pushed_at=None)
    assert set(names) <= set(usable(letters))
    del letters.town.twilio.contents[letters.template("buttons_2").sid]
    found = {each.name: each.status for each in poll(letters)}
    assert [found[name] for name in names] == ["session", contents.MISSING, "approved"]
    account = letters.town.world.messenger.account
    assert [letters.template(name).account for name in names] == [account, None, account]


def test_an_approval_that_could_not_be_asked_for_is_asked_for_later(letters: Letters) -> None:
    town = letters.town
    with town.world.sessions.begin() as session:
        session.execute(delete(Content))
    town.twilio.contents.clear()
    shy = replace(town.world, messenger=AsksNothing(town.world.messenger, 99))
    with shy.sessions.begin() as session:
        told = of_digest(contents.push(session, shy.messenger, letters.now))
    assert (told.status, told.reason) == ("unsubmitted", "the line is dead")
    asked = len(town.twilio.journal)
    town.tick()
    assert not [each for each in town.twilio.journal[asked:] if each.method == "POST"], "not at every tick"
    for _ in range(4):
        town.travel(minutes=10)
    assert usable(letters) == sorted([*BUTTONS, *TEMPLATES])
    assert len(town.twilio.contents) == len(BUTTONS) + len(TEMPLATES), "no content was made twice"


class AsksNothing(BreaksOff):
    """A messenger that stores contents, but fails to submit them for approval."""

    def ask_approval(self, content_id: str, name: str, category: str) -> None:
        raise NotSent("the line is dead")


def test_an_operator_sees_what_is_missing(letters: Letters) -> None:
    town = letters.town
    cli = create_app(town.world).test_cli_runner()
    count, account = len(BUTTONS) + len(TEMPLATES), town.world.messenger.account
    well = cli.invoke(args=["templates", "status"])
    assert (well.exit_code, well.stdout.splitlines()[-1]) == (
        0,
        f"{count} of {count} contents are in the account {account}",
    )
    del town.twilio.contents[letters.template("list_4").sid]
    ill = cli.invoke(args=["templates", "status"])
    assert (ill.exit_code, ill.stdout.splitlines()[-1]) == (
        1,
        f"{count - 1} of {count} contents are in the account {account}",
    )
    assert f"list_4\tmissing\tthe account {account} does not have it" in ill.stdout
    assert "Missing: list_4." in ill.stderr
    assert cli.invoke(args=["templates", "push"]).exit_code == 0
    assert cli.invoke(args=["templates", "status"]).exit_code == 0
