"""Odd forms: every message that can be answered is answered, whatever else Twilio writes
into a form, today or later.
"""

from typing import Any

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from models import Identity, InboundMessage, Member, OutboundMessage, SentFile
from tests.patience import AT_MOST
from tests.scenes import start_group
from tests.town import ACCOUNT, SENDER, TOKEN, Person, Town
from tests.web.test_webhook import INBOUND, NUMBER, said

KINDS = [
    "text", "button", "interactive", "image", "audio", "video", "document", "sticker", "location", "contacts", "order",
    "reaction", "edit", "system", "unsupported", "deleted", "poll", "event", "request_welcome", "Not yet invented!",
]  # fmt: skip
INVISIBLE = ["", " ", "\n\t ", "\u200b", "\u200e\u2060\ufeff", "\u2800", "\u3164", "\u00a0", "\ufe0f", "\x00"]

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
odd = st.one_of(
    words,
    st.sampled_from(INVISIBLE),
    st.sampled_from(["-1", "0", "1", "9" * 5_000, "true", "null", "{}", "whatsapp:", "x" * 20_000, "'; --", "%00"]),
)
senders = st.sampled_from(
    [NUMBER, "whatsapp:32470000001", "WhatsApp:+32 470 000001", "whatsapp:US.13491208655302741918", "whatsapp:be.ENT.4"]
)
FIELDS = [
    "ExternalUserId", "WaId", "ProfileName", "Body", "NumMedia", "MediaUrl0", "MediaContentType0", "ButtonText",
    "ButtonPayload", "ListId", "ListTitle", "OriginalRepliedMessageSid", "OriginalRepliedMessageSender", "Latitude",
    "Forwarded", "ReferralBody", "ChannelMetadata", "FlowData", "OptOutType", "SmsStatus", "ApiVersion", "NumSegments",
    "SomethingNew",
]  # fmt: skip
lines = st.sampled_from(["hi", "help", "me", "leave", "stop", "yes", "1"])
forms = st.fixed_dictionaries(
    {"From": senders, "MessageType": st.one_of(st.none(), st.sampled_from(KINDS), odd), "fields": st.lists(
        st.tuples(st.sampled_from(FIELDS), st.one_of(odd, lines)), max_size=8
    )}
)  # fmt: skip


def post(town: Town, form: MultiDict) -> int:
    """Post a signed form, which may have a field several times, and return the HTTP status."""
    url = town.world.settings.base_url + INBOUND
    headers = {"X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(url, form)}
    return requests.post(url, data=list(form.items(multi=True)), headers=headers, timeout=AT_MOST).status_code


def test_no_form_of_somebody_who_can_be_answered_is_refused_or_breaks_a_turn(town: Town) -> None:
    @settings(max_examples=120, deadline=None, derandomize=True)
    @example({"From": NUMBER, "MessageType": "document", "fields": [("MediaUrl0", "\x00"), ("MediaUrl0", "a")]})
    @given(forms)
    def check(drawn: dict[str, Any]) -> None:
        first = said() if drawn["MessageType"] is None else said(MessageType=drawn["MessageType"])
        form = MultiDict(first | {"From": drawn["From"]})
        for field, value in drawn["fields"]:
            form.add(field, value)
        assert post(town, form) == 200
        with town.world.sessions() as session:
            heard = session.get(InboundMessage, form["MessageSid"])
            assert heard is not None
            assert heard.command not in (None, "bug")

    check()


@pytest.mark.parametrize("kind", ["reaction", "system", "deleted"])
def test_what_nobody_said_is_met_with_silence_and_makes_nobody_known(town: Town, zoe: Person, kind: str) -> None:
    for line in ("👍", "new group Mine", "stop", ""):
        zoe.phone.sends(kind, line)
    town.rest()
    assert zoe.count() == 0
    with town.world.sessions() as session:
        assert session.scalars(select(InboundMessage.command)).all() == ["silence"] * 4
        assert session.scalars(select(Member)).all() == []
    zoe.says("hi")
    town.clock.travel(hours=23)
    zoe.phone.sends(kind, "👍")
    with town.world.sessions() as session:
        assert session.scalars(select(Member.last_inbound_at)).one() < town.clock(), "it opens no window"


def test_a_reaction_to_a_question_is_no_answer_to_it(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    assert "leave" in zoe.says("leave").casefold()
    before = zoe.count()
    zoe.phone.reacts(zoe.phone.heard[-1], "yes")
    zoe.phone.reacts(zoe.phone.heard[-1], "👍")
    town.rest()
    assert zoe.count() == before
    assert "Sunday Legends" in zoe.says("members")


def test_an_edited_message_runs_nothing_again_and_is_explained_once_an_hour(
    town: Town, zoe: Person, jose: Person
) -> None:
    start_group(zoe, jose)
    sid = zoe.phone.says("kudos José well done")
    town.rest()
    before = zoe.count()
    for line in ("kudos José well ridden", "leave", "yes", "stop"):
        zoe.phone.edits(sid, line)
        town.rest()
    assert zoe.count() == before + 1
    assert zoe.heard.startswith("I answer each message as it was first sent")
    assert jose.says("groups").endswith("well done")


def test_an_edited_files_name_does_not_have_the_file_read_again(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    media = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/MM{'1' * 32}/Media/ME{'2' * 32}"
    zoe.phone.sends("edit", "run.fit", MediaUrl0=media, MediaContentType0="application/fit")
    with town.world.sessions() as session:
        assert session.scalars(select(SentFile)).all() == []


@pytest.mark.parametrize("kind", ["unsupported", "order", "contacts", "sticker", "location", "poll", "Not invented!"])
def test_a_kind_without_words_is_never_a_command_and_is_answered_once_an_hour(
    town: Town, zoe: Person, kind: str
) -> None:
    zoe.says("hi")
    for line in ("new group Mine", "stop", ""):
        zoe.phone.sends(kind, line, ButtonPayload=line)
    town.rest()
    assert zoe.count() == 2
    assert zoe.heard.startswith("I can only read text so far, not ")
    with town.world.sessions() as session:
        assert session.scalars(select(Member.opted_out_at)).all() == [None]


@pytest.mark.parametrize("line", INVISIBLE)
def test_a_line_that_shows_nothing_is_empty_and_no_picture(town: Town, zoe: Person, line: str) -> None:
    zoe.says("hi")
    zoe.says("new group")
    zoe.phone.says(line)
    town.rest()
    assert zoe.heard == "That message was empty. *help* shows what I understand."
    assert "Sunday Legends" in zoe.says("Sunday Legends"), "a question stays open"


@pytest.mark.parametrize("line", ["?", ".", "👍", "\u200bhelp\u2060", "\ufeffstop"])
def test_a_line_that_shows_something_is_not_empty(zoe: Person, line: str) -> None:
    zoe.says("hi")
    assert "was empty" not in zoe.says(line)


def test_somebody_whose_id_is_odd_stays_the_same_person(town: Town) -> None:
    for known_as in ("", " ", "US.1", "x" * 3_000, "whatsapp:US.1\n2", "whatsapp:+32470000002"):
        assert post(town, MultiDict(said("hi", ExternalUserId=known_as))) == 200
    several = MultiDict(said("hi"))
    several.setlist("ExternalUserId", ["whatsapp:US.1", "whatsapp:US.2"])
    assert post(town, several) == 200
    with town.world.sessions() as session:
        assert session.scalars(select(Identity.value)).all() == ["+32470000001", "US.12"]


def test_a_message_to_our_number_in_another_spelling_is_answered(town: Town, zoe: Person) -> None:
    for to in ("+14155238886", "whatsapp: 14155238886", SENDER.upper(), ""):
        before = zoe.count()
        zoe.phone.sends("text", "help", To=to)
        town.rest()
        assert zoe.count() == before + 1, to


def test_a_number_that_twilio_takes_no_ids_for_silences_nobody(town: Town) -> None:
    """If the address is refused as a number, the operator is told; the person is answered as soon as it works again."""
    ana = town.phones.add("Ana", "", "US.13491208655302741918")
    town.twilio.faults.next.append("400:21211")
    ana.says("hi")
    town.rest()
    with town.world.sessions() as session:
        assert session.scalars(select(OutboundMessage.state)).all() == ["failed"]
        assert session.scalars(select(Member.unreachable_at)).all() == [None]
    ana.says("help")
    town.rest()
    assert ana.heard[-1].text.startswith("*What I understand*")
