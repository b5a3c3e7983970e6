"""The chaos run notices lost, doubled and forgotten messages."""

import pytest

from bench.truth import Expected, Truth, Verdict
from jobs import delivery
from messages.message import Message
from models import MessageKind, OutboundMessage
from services.delivery import mailbox
from services.people import members
from tests.town import Town

PHASE = "a bad day"


@pytest.fixture
def truth(town: Town) -> Truth:
    return Truth(town.world.sessions.kw["bind"])


def test_what_was_said_once_is_clean(town, truth):
    expected = [posted(town, "one"), posted(town, "two")]
    assert truth.waiting(expected) == 2
    delivery.drain()
    town.twilio.settle()
    assert truth.waiting(expected) == 0
    assert judged(town, truth, expected) == Verdict(messages=2)


def test_what_twilio_never_got_is_lost(town, truth):
    expected = [posted(town, "one")]
    delivery.drain()
    town.twilio.settle()
    town.twilio.messages.drop(next(iter(town.twilio.messages)))
    assert judged(town, truth, expected) == Verdict(messages=1, lost=1)
    assert "claim → sending" in truth.story("one")


def test_what_was_never_written_down_is_lost(town, truth):
    never = Expected(PHASE, "never", None)
    assert truth.waiting([never]) == 1
    assert judged(town, truth, [never]) == Verdict(messages=1, lost=1)
    assert truth.misfits == ["never"]
    assert "no step is known" in truth.story("never")


def test_what_is_sent_again_is_doubled(town, truth):
    expected = [posted(town, "one")]
    delivery.drain()
    town.twilio.settle()
    with town.world.sessions.begin() as session:
        row = session.query(OutboundMessage).one()
        row.state, row.sid, row.content, row.next_attempt_at = "queued", None, sealed(town, row), town.clock()
    town.clock.travel(seconds=6)
    delivery.drain()
    town.twilio.settle()
    assert judged(town, truth, expected) == Verdict(messages=1, doubled=1)


def test_the_same_words_under_another_reference_are_doubled(town, truth):
    expected = [posted(town, "one")]
    posted(town, "another", words="Words of one")
    delivery.drain()
    town.twilio.settle()
    town.clock.travel(seconds=6)
    delivery.drain()
    town.twilio.settle()
    assert judged(town, truth, expected) == Verdict(messages=1, doubled=1)


def test_what_still_waits_is_not_clean(town, truth):
    expected = [posted(town, "one")]
    verdict = judged(town, truth, expected)
    assert verdict == Verdict(messages=1, waiting=1)
    assert not verdict.is_clean


def test_what_the_product_gave_up_and_twilio_has_is_misjudged(town, truth):
    expected = [posted(town, "one")]
    delivery.drain()
    town.twilio.settle()
    with town.world.sessions.begin() as session:
        session.query(OutboundMessage).one().state = "expired"
    assert judged(town, truth, expected) == Verdict(messages=1, misjudged=1)


def posted(town: Town, key: str, words: str = "") -> Expected:
    """Add a message to Zoë, who has just written."""
    words = words or f"Words of {key}"
    if "Zoë" not in town.people:
        town.person("Zoë", "+32470000001").phone.last_inbound_at = town.clock()
    who = {"phone": "+32470000001", "business_id": None, "address": "whatsapp:+32470000001", "profile_name": "Zoë"}
    with town.world.sessions.begin() as session:
        member, _ = members.recognise_member(session, town.clock(), **who)
        session.flush()
        mailbox.post(session, member.id, Message(words), town.clock(), kind=MessageKind.REPLY, key=key)
    return Expected(PHASE, key, words)


def sealed(town: Town, row: OutboundMessage) -> bytes:
    return town.world.vault.seal("message", row.id, Message("Words of one").to_json())


def judged(town: Town, truth: Truth, expected: list[Expected]) -> Verdict:
    return truth.verdicts(expected, town.twilio.messages.values())[PHASE]
