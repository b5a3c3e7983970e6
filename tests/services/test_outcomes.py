"""What happens to a message: after every code of the vendor, after receipts in every order, and after a search."""

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest
from sqlalchemy import select

from models import AuditEvent, Erasure, Member, MessageEvent, MessageKind, MessageState, OutboundMessage
from models.erasures import hashed_sid
from providers.messenger import Receipt, RefusalMeaning, Sent
from providers.twilio.twilio_codes import MEANINGS, find_meaning
from services.delivery import contents, looking_up, outbox, outcomes
from services.delivery.looking_up import Look
from services.delivery.outbox import Claimed
from services.ground import breakers
from tests.letters import READY, Letters
from tests.town import START, Town

REPLY, NOTICE, DIGEST = MessageKind.REPLY, MessageKind.NOTICE, MessageKind.DIGEST
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
CODES = [(code, meaning) for meaning, codes in MEANINGS.items() for code in codes]
# What a code does to a notice that was sent once: after how long it is sent again, or None if it is not.
AGAIN: dict[RefusalMeaning, timedelta | None] = {
    RefusalMeaning.AGAIN_SOON: 5 * SECOND,
    RefusalMeaning.AGAIN_LATER: MINUTE,
    RefusalMeaning.WINDOW_CLOSED: timedelta(),
    RefusalMeaning.TEMPLATE_HELD: HOUR,
    RefusalMeaning.STOP: HOUR,
    RefusalMeaning.NO_MORE: None,
    RefusalMeaning.UNREACHABLE: None,
    RefusalMeaning.CONTENT_MISSING: None,  # a notice in plain text has no content: see test_contents
    RefusalMeaning.OURS: None,
    RefusalMeaning.SENDER: None,
}


@pytest.fixture
def letters(town: Town) -> Letters:
    return Letters(town)


def sid(number: int) -> str:
    return f"SM{number:032x}"


def claimed(letters: Letters, count: int = 1, kind: MessageKind = NOTICE, **more: object) -> list[Claimed]:
    """Claim this many messages to as many members, in the order of the members."""
    letters.write_to_all(letters.members(count, **more), "hello", kind, READY)
    found = letters.claim(count)
    places = {row.id: row.member_id for row in letters.rows()}
    return sorted(found, key=lambda each: places[each.id])


def accept(letters: Letters, *messages: Claimed) -> None:
    with letters.town.world.sessions.begin() as session:
        for number, each in enumerate(messages, 1):
            outcomes.note_accepted(session, each, sid(number), letters.now)


def tell(letters: Letters, message: UUID, number: int, status: str, code: int | None = None) -> MessageState | None:
    """Deliver a receipt."""
    with letters.town.world.sessions.begin() as session:
        return outcomes.note_receipt(
            session, message, Receipt(sid(number), status, code, find_meaning(code)), letters.now
        )


def refuse(letters: Letters, message: Claimed, code: int) -> None:
    """Let the vendor refuse the message at once."""
    with letters.town.world.sessions.begin() as session:
        outcomes.note_refused(session, message, code, find_meaning(code), letters.now)


def member_of(letters: Letters, message: Claimed) -> Member:
    with letters.town.world.sessions() as session:
        return session.get_one(Member, session.get_one(OutboundMessage, message.id).member_id)


@pytest.mark.parametrize("by", ["refusal", "receipt"])
def test_every_code_has_its_outcome(letters: Letters, by: str) -> None:
    messages = claimed(letters, len(CODES))
    if by == "receipt":
        accept(letters, *messages)
    seen, wanted = {}, {}
    for number, (message, (code, meaning)) in enumerate(zip(messages, CODES, strict=True), 1):
        if by == "receipt":
            assert tell(letters, message.id, number, "undelivered", code) is letters.row(message.id).state
        else:
            refuse(letters, message, code)
        seen[code] = outcome(letters, message)
        wanted[code] = outcome_of(meaning, sid(number) if by == "receipt" else None)
    assert seen == wanted
    assert {code: letters.row(message.id).error_code for message, code in zip(messages, seen, strict=True)} == {
        code: code for code in seen
    }
    assert letters.template().status == "approved", "none of these was said as a template"


def outcome(letters: Letters, message: Claimed) -> dict[str, object]:
    """Return the state of the row, the member and the breakers; then close the breakers."""
    row, person, shut = letters.row(message.id), member_of(letters, message), letters.breaker()
    letters.open_again()
    return {
        "state": row.state,
        "again": row.next_attempt_at if row.state is MessageState.QUEUED else None,
        "sids": (row.sid, row.old_sids),
        "remembered": row.content is not None,
        "opted out": person.opted_out_at,
        "unreachable": person.unreachable_at,
        "window": person.last_inbound_at is not None,
        "shut until": shut and shut.shut_until,
    }


def outcome_of(meaning: RefusalMeaning, told_of: str | None) -> dict[str, object]:
    again = AGAIN[meaning]
    old = [told_of] if told_of else []
    return {
        "state": MessageState.FAILED if again is None else MessageState.QUEUED,
        "again": None if again is None else START + again,
        "sids": (told_of, []) if again is None else (None, old),
        "remembered": again is not None,
        "opted out": START if meaning is RefusalMeaning.NO_MORE else None,
        "unreachable": START if meaning is RefusalMeaning.UNREACHABLE else None,
        "window": meaning is not RefusalMeaning.WINDOW_CLOSED,
        "shut until": START + HOUR if meaning is RefusalMeaning.STOP else None,
    }


def test_each_code_has_one_meaning_and_an_unknown_one_is_never_tried_again(letters: Letters) -> None:
    codes = [code for code, _ in CODES]
    assert len(codes) == len(set(codes)) >= 60
    assert set(AGAIN) == set(MEANINGS) == set(RefusalMeaning)
    first, second, third = claimed(letters, 3)
    refuse(letters, first, 69_999)
    accept(letters, second, third)
    tell(letters, second.id, 1, "undelivered", 69_999)
    tell(letters, third.id, 2, "failed", None)
    for each in (first, second, third):
        assert letters.row(each.id).state is MessageState.FAILED
        assert (member_of(letters, each).opted_out_at, member_of(letters, each).unreachable_at) == (None, None)
    assert letters.breaker() is None


@pytest.mark.parametrize("code", MEANINGS[RefusalMeaning.TEMPLATE_HELD])
def test_a_template_that_whatsapp_holds_is_not_used_until_it_says_otherwise(letters: Letters, code: int) -> None:
    messages = claimed(letters, 2, DIGEST, last_inbound_at=None)
    accept(letters, *messages)
    tell(letters, messages[0].id, 1, "undelivered", code)
    assert letters.template().status == "paused"
    assert letters.row(messages[0].id).next_attempt_at == START + HOUR
    assert letters.row(messages[1].id).state is MessageState.ACCEPTED
    with letters.town.world.sessions.begin() as session:
        assert "digest_ready" not in contents.find_usable(session, letters.town.world.messenger.account)
        contents.poll(session, letters.town.world.messenger, letters.now)
        assert "digest_ready" in contents.find_usable(session, letters.town.world.messenger.account)
    letters.town.clock.travel(hours=1)
    assert [each.said_as for each in letters.claim()] == ["digest_ready"]


def test_a_closed_window_is_tried_once_as_the_template_and_then_no_more(letters: Letters) -> None:
    [message] = claimed(letters, kind=DIGEST)
    assert message.said_as == "text"
    accept(letters, message)
    tell(letters, message.id, 1, "undelivered", 63016)
    letters.town.clock.travel(seconds=6)
    [again] = letters.claim()
    assert (again.id, again.attempt, again.said_as) == (message.id, 2, "digest_ready")
    with letters.town.world.sessions.begin() as session:
        outcomes.note_accepted(session, again, sid(2), START)
    tell(letters, message.id, 2, "undelivered", 63016)
    row = letters.row(message.id)
    assert (row.state, row.error_code, row.old_sids) == (MessageState.FAILED, 63016, [sid(1)])


def test_a_reply_that_has_no_template_is_over_when_the_window_is_closed(letters: Letters) -> None:
    one = letters.write(letters.member(), "hello")
    [message] = letters.claim()
    refuse(letters, message, 63016)
    assert letters.claim() == []
    assert (letters.row(one).state, letters.why(one)) == (MessageState.EXPIRED, "window closed")


def test_who_writes_while_an_old_message_is_turned_away_is_still_answered(letters: Letters) -> None:
    [message] = claimed(letters, kind=DIGEST)
    accept(letters, message)
    person = member_of(letters, message)
    letters.town.clock.travel(seconds=30)
    letters.change(person, last_inbound_at=letters.now)
    reply = letters.write(person, "an answer")
    tell(letters, message.id, 1, "undelivered", 63016)
    assert [(each.id, each.said_as) for each in letters.claim()] == [(reply, "text")]


def test_whats_apps_own_trouble_is_waited_for_longer_each_time_and_not_for_ever(letters: Letters) -> None:
    [message] = claimed(letters)
    waits = []
    for number in range(1, 6):
        with letters.town.world.sessions.begin() as session:
            outcomes.note_accepted(session, message, sid(number), letters.now)
        tell(letters, message.id, number, "undelivered", 63010)
        row = letters.row(message.id)
        if row.state is MessageState.FAILED:
            break
        waits.append(row.next_attempt_at - letters.now)
        letters.town.clock.travel_to(row.next_attempt_at + SECOND)
        [message] = letters.claim()
    assert waits == [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE]
    assert (row.state, row.attempt, len(row.old_sids)) == (MessageState.FAILED, 5, 4)


def test_nothing_is_put_off_beyond_its_end(letters: Letters) -> None:
    [message] = claimed(letters, kind=REPLY)
    refuse(letters, message, 63018)
    letters.town.clock.travel(minutes=1)
    [message] = letters.claim()
    refuse(letters, message, 63018)
    assert letters.row(message.id).state is MessageState.FAILED, "ten minutes more would be too late for a reply"


def test_an_opt_out_at_the_vendor_ends_what_waits_for_this_person(letters: Letters) -> None:
    [message] = claimed(letters)
    person = member_of(letters, message)
    waiting = letters.write(person, "more", DIGEST)
    refuse(letters, message, 21610)
    assert letters.row(waiting).state is MessageState.SUPPRESSED
    assert member_of(letters, message).opted_out_at == START
    with letters.town.world.sessions() as session:
        audited = session.scalars(select(AuditEvent).where(AuditEvent.action == "member.opted_out")).all()
    assert [(each.member_id, each.detail) for each in audited] == [(person.id, {"by": "vendor"})]


def test_whoever_is_reached_again_is_reachable(letters: Letters) -> None:
    [message] = claimed(letters, kind=REPLY)
    accept(letters, message)
    letters.change(member_of(letters, message), unreachable_at=START)
    tell(letters, message.id, 1, "sent")
    assert member_of(letters, message).unreachable_at == START
    tell(letters, message.id, 1, "delivered")
    assert member_of(letters, message).unreachable_at is None
    assert (letters.row(message.id).delivered_at, letters.row(message.id).content) == (START, None)


def test_a_breaker_shut_for_an_hour_is_not_opened_by_one_for_a_minute(letters: Letters) -> None:
    [message] = claimed(letters)
    refuse(letters, message, 63013)
    with letters.town.world.sessions.begin() as session:
        outcomes.note_account_refused(session, START, "20003")
    shut = letters.breaker()
    assert (shut.shut_until, shut.trips) == (START + HOUR, 2)
    with letters.town.world.sessions() as session:
        assert breakers.is_shut(session, breakers.MESSENGER, START + HOUR - SECOND)
        assert not breakers.is_shut(session, breakers.MESSENGER, START + HOUR)


# An event is the answer to our POST (or a time-out), or a receipt.
ANSWER, TIMEOUT = "answer", "timeout"
HAPPY = ("sending", "sent", "delivered", "read")


@pytest.mark.parametrize(
    ("events", "code", "end"),
    [
        ((*HAPPY, "delivered"), None, MessageState.READ),
        ((ANSWER, *HAPPY), None, MessageState.READ),
        ((TIMEOUT, "sending", "sent", "sent", "delivered"), None, MessageState.DELIVERED),
        ((ANSWER, "sending", "undelivered", "undelivered"), 63003, MessageState.FAILED),
        ((ANSWER, "sending", "undelivered", "undelivered"), 63010, MessageState.QUEUED),
        ((ANSWER, "sending", "sent", "undelivered"), 63016, MessageState.QUEUED),
        ((TIMEOUT, "sending", "sent", "undelivered", "undelivered"), 63016, MessageState.QUEUED),
    ],
)
def test_whatever_the_order_of_receipts_the_end_is_the_same_and_nothing_goes_back(
    letters: Letters, events: tuple[str, ...], code: int | None, end: MessageState
) -> None:
    cases = sorted(set(permutations(events)))
    messages = claimed(letters, len(cases))
    if ANSWER not in events and TIMEOUT not in events:
        accept(letters, *messages)
    paths = {}
    with letters.town.world.sessions.begin() as session:
        for number, (message, case) in enumerate(zip(messages, cases, strict=True), 1):
            row = session.get_one(OutboundMessage, message.id)
            path = [row.state]
            for each in case:
                if each == ANSWER:
                    outcomes.note_accepted(session, message, sid(number), START)
                elif each == TIMEOUT:
                    outcomes.note_doubtful(session, message, START, "timeout")
                else:
                    wrong = code if each == "undelivered" else None
                    outcomes.note_receipt(
                        session, message.id, Receipt(sid(number), each, wrong, find_meaning(wrong)), START
                    )
                path.append(row.state)
            paths[case] = path
            assert (row.sid, row.old_sids) == (
                (None, [sid(number)]) if end is MessageState.QUEUED else (sid(number), [])
            )
    assert {case: path[-1] for case, path in paths.items() if path[-1] is not end} == {}
    assert [path for path in paths.values() if not never_back(path)] == []


def never_back(path: Iterable[MessageState]) -> bool:
    """Return whether states only move forward: a final state is not left, and a failed message does
    not return to the queue.
    """
    over = (MessageState.FAILED, MessageState.QUEUED)
    ranks = [99 if state in over else outcomes.RANK[state] for state in path]
    return ranks == sorted(ranks)


def test_receipts_of_an_old_attempt_are_ignored(letters: Letters) -> None:
    [message] = claimed(letters)
    accept(letters, message)
    tell(letters, message.id, 1, "undelivered", 63010)
    assert tell(letters, message.id, 1, "delivered") is None
    letters.town.clock.travel(seconds=10)
    [again] = letters.claim()
    assert tell(letters, message.id, 1, "delivered") is None
    with letters.town.world.sessions.begin() as session:
        outcomes.note_accepted(session, again, sid(2), letters.now)
    for status in ("sent", "delivered", "undelivered"):
        assert tell(letters, message.id, 1, status) is None
    assert (letters.row(message.id).state, letters.row(message.id).sid) == (MessageState.ACCEPTED, sid(2))


def test_a_late_receipt_for_a_message_that_was_queued_again_keeps_it_from_going_twice(letters: Letters) -> None:
    [message] = claimed(letters)
    with letters.town.world.sessions.begin() as session:
        outcomes.note_doubtful(session, message, START, "timeout")
    for _ in range(2):
        look(letters, [])
    assert letters.row(message.id).state is MessageState.QUEUED
    assert tell(letters, message.id, 1, "sent") is MessageState.SENT
    assert letters.claim() == []
    assert letters.row(message.id).sid == sid(1)


def test_a_late_answer_for_a_message_that_was_queued_again_keeps_it_from_going_twice(letters: Letters) -> None:
    [message] = claimed(letters)
    letters.end_lease(message.id)
    with letters.town.world.sessions.begin() as session:
        looking_up.expire_leases(session, START)
    for _ in range(2):
        look(letters, [])
    accept(letters, message)
    assert letters.claim() == []
    assert letters.row(message.id).state is MessageState.ACCEPTED


def test_a_receipt_of_nobody_we_know_changes_nothing(letters: Letters) -> None:
    [message] = claimed(letters)
    accept(letters, message)
    assert tell(letters, UUID(int=7), 1, "read") is None
    with letters.town.world.sessions.begin() as session:
        assert outcomes.note_receipt(session, None, Receipt(sid(7), "read"), START) is None
        assert outcomes.note_receipt(session, None, Receipt(sid(1), "sent"), START) is MessageState.SENT


def doubt(letters: Letters, text: str = "hello") -> UUID:
    """Add a message of which it is unknown whether the vendor has it; the search for it is due."""
    letters.write(letters.member(), text, NOTICE)
    [message] = letters.claim()
    with letters.town.world.sessions.begin() as session:
        outcomes.note_doubtful(session, message, letters.now, "timeout")
    return message.id


def look(letters: Letters, listed: Sequence[Sent], at: Look | None = None) -> None:
    """Search a list, a minute before the next search."""
    with letters.town.world.sessions.begin() as session:
        due = [at] if at else looking_up.find_due_looks(session, letters.now)
        for each in due:
            looking_up.note_look(session, each, listed, letters.now, MINUTE)
    letters.town.clock.travel(minutes=1)


def listed(number: int, body: str = "hello", **more: object) -> Sent:
    return Sent(**{"sid": sid(number), "to": "", "status": "sent", "body": body, "created_at": START} | more)


@pytest.mark.parametrize(
    ("there", "is_ours"),
    [
        ([listed(1)], True),
        ([listed(1, body=" hello\n")], True),
        ([listed(1, body="")], True),
        ([listed(1, created_at=None)], True),
        ([listed(1, created_at=START - 23 * HOUR)], True),
        ([listed(1, created_at=START + 23 * HOUR)], True),
        ([listed(1, created_at=START - 25 * HOUR)], False),
        ([listed(1, body="other words")], False),
        ([listed(2, body="other words"), listed(1)], True),
        ([], False),
    ],
)
def test_a_message_is_recognised_by_its_time_and_its_words(letters: Letters, there: list[Sent], is_ours: bool) -> None:
    one = doubt(letters)
    look(letters, there)
    row = letters.row(one)
    assert (row.state, row.sid) == ((MessageState.ACCEPTED, sid(1)) if is_ours else (MessageState.UNKNOWN, None))
    if is_ours:
        assert row.next_attempt_at == START, "its receipts may have come to nobody: it is asked after at once"


def test_a_message_of_somebody_who_was_erased_is_not_taken_for_the_same_words_said_again(letters: Letters) -> None:
    with letters.town.world.sessions.begin() as session:
        session.add(Erasure(sid=sid(1), asked_at=START, next_try_at=START))
        session.add(Erasure(sid=hashed_sid(session, sid(2)), asked_at=START, next_try_at=START, done_at=START))
    one = doubt(letters)
    look(letters, [listed(2), listed(1)])
    assert letters.row(one).state is MessageState.UNKNOWN
    look(letters, [listed(3), listed(2), listed(1)])
    assert letters.row(one).sid == sid(3)


def test_the_words_of_a_template_are_recognised_too(letters: Letters) -> None:
    letters.write(letters.member(last_inbound_at=None), "in full", DIGEST, approved=READY)
    [message] = letters.claim()
    with letters.town.world.sessions.begin() as session:
        outcomes.note_doubtful(session, message, START, "timeout")
    look(letters, [listed(1, body=contents.write_template(READY))])
    assert letters.row(message.id).sid == sid(1)


def test_what_belongs_to_another_message_is_not_taken_for_this_one(letters: Letters) -> None:
    person = letters.member()
    for number, tried in ((1, []), (3, [sid(2)])):
        letters.write(person, "hello", state=MessageState.SENT, sid=sid(number), old_sids=tried)
    one = letters.write(person, "hello")
    [message] = letters.claim()
    with letters.town.world.sessions.begin() as session:
        outcomes.note_doubtful(session, message, START, "timeout")
    look(letters, [listed(3), listed(2), listed(1)])
    assert letters.row(one).state is MessageState.UNKNOWN
    look(letters, [listed(4), listed(3), listed(2), listed(1)])
    assert letters.row(one).sid == sid(4)


def test_absent_from_two_looks_it_goes_again(letters: Letters) -> None:
    one = doubt(letters)
    look(letters, [])
    row = letters.row(one)
    assert (row.state, row.looks, row.next_attempt_at) == (MessageState.UNKNOWN, 1, START + MINUTE)
    assert letters.claim() == []
    look(letters, [])
    row = letters.row(one)
    assert (row.state, row.looks) == (MessageState.QUEUED, 0)
    assert [each.attempt for each in letters.claim()] == [2]
    assert letters.row(one).first_attempt_at == START


def test_absent_and_too_old_it_is_given_up(letters: Letters) -> None:
    one = doubt(letters)
    letters.town.clock.travel(hours=12)
    look(letters, [])
    assert letters.row(one).state is MessageState.UNKNOWN
    look(letters, [])
    assert letters.row(one).state is MessageState.EXPIRED


def test_two_who_look_at_once_have_looked_once(letters: Letters) -> None:
    one = doubt(letters)
    with letters.town.world.sessions() as session:
        [due] = looking_up.find_due_looks(session, START)
    for _ in range(2):
        look(letters, [], due)
    assert letters.row(one).looks == 1
    with letters.town.world.sessions() as session:
        [due] = looking_up.find_due_looks(session, letters.now)

    def note(_: int) -> None:
        with letters.town.world.sessions.begin() as session:
            looking_up.note_look(session, due, [], letters.now, MINUTE)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(note, range(8)))
    assert letters.row(one).state is MessageState.QUEUED
    with letters.town.world.sessions() as session:
        steps = session.query(MessageEvent).filter_by(message_id=one, source="look").count()
    assert steps == 2


def test_only_claims_that_ended_are_doubted(letters: Letters) -> None:
    first, second = claimed(letters, 2)
    letters.end_lease(first.id)
    with letters.town.world.sessions.begin() as session:
        assert session.scalar(select(outcomes.has_doubtful_message(START)))
        assert looking_up.expire_leases(session, START + MINUTE) == 1
        assert outcomes.count_backlog(session) == {"sending": 1, "unknown": 1}
        assert not session.scalar(select(outcomes.has_doubtful_message(START)))
        assert session.scalar(select(outcomes.has_doubtful_message(START + MINUTE)))
    assert (letters.row(first.id).state, letters.row(second.id).state) == (MessageState.UNKNOWN, MessageState.SENDING)
    assert letters.row(first.id).next_attempt_at == START + MINUTE


def test_a_silent_message_is_asked_after_four_times_and_then_left(letters: Letters) -> None:
    [message] = claimed(letters)
    accept(letters, message)
    asked = []
    for _ in range(6):
        row = letters.row(message.id)
        letters.town.clock.travel_to(row.next_attempt_at)
        asked.append(letters.now - START)
        with letters.town.world.sessions.begin() as session:
            assert [each.sid for each in looking_up.find_due_polls(session, letters.now)] == [sid(1)]
            looking_up.note_poll(session, sid(1), letters.now)
        if letters.row(message.id).next_attempt_at > START + timedelta(days=365):
            break
    assert asked == list(outcomes.POLLS)
    assert letters.row(message.id).state is MessageState.ACCEPTED


def test_what_was_accepted_is_remembered_until_it_arrives(letters: Letters) -> None:
    [message] = claimed(letters)
    accept(letters, message)
    assert letters.row(message.id).content is not None
    tell(letters, message.id, 1, "sent")
    assert letters.row(message.id).content is not None
    assert letters.row(message.id).next_attempt_at == START + outcomes.POLLS[0]
    assert tell(letters, message.id, 1, "sent") is None, "it was told before"
    tell(letters, message.id, 1, "delivered")
    assert letters.row(message.id).content is None
    assert [each.source for each in letters.events(message.id)] == ["claim", "api", "receipt", "receipt"]


def test_what_we_remember_of_words_is_a_hash_that_nobody_makes_without_our_key(town: Town) -> None:
    with town.world.sessions() as session:
        one, same, other = (outbox.hash_body(session, text) for text in ("two  words\n", "two words", "twowords"))
    assert one == same != other
    assert one != hashlib.sha256(b"two words").hexdigest()[:32]


@pytest.mark.parametrize(
    ("wish", "attempt", "seconds"),
    [(None, 1, 2), (None, 5, 32), (None, 30, 60), (5, 1, 5), (1, 3, 8), (3600, 2, 3600)],
)
def test_one_message_is_left_for_longer_each_time(wish: int | None, attempt: int, seconds: int) -> None:
    assert outcomes.choose_delay(None if wish is None else timedelta(seconds=wish), attempt) == timedelta(
        seconds=seconds
    )
