"""Which message is sent next, and to whom nothing is sent."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from random import Random

import pytest
from sqlalchemy import select, text, update

from messages.message import Approved, Message
from models import Member, Membership, MessageKind, MessageState, OutboundMessage
from models.vault import Vault, new_key
from providers.messenger import RefusalMeaning
from services.data import erasure
from services.delivery import ceiling, looking_up, mailbox, outbox, outcomes
from services.delivery.ceiling import Ceilings
from services.delivery.waiting import release, silence, withdraw
from services.ground.bells import Bell, list_rung
from services.ground.counting import Count, Duration, find_counted
from tests.letters import READY, RULES, Letters, ids
from tests.town import START, Town

REPLY, NOTICE, DIGEST = MessageKind.REPLY, MessageKind.NOTICE, MessageKind.DIGEST
A_DAY_AGO = START - timedelta(days=2)


@pytest.fixture
def letters(town: Town) -> Letters:
    return Letters(town)


def claimed_texts(letters: Letters, most: int = 24) -> list[str]:
    return [each.text for each in letters.claim(most)]


def test_each_person_gets_one_message_at_a_time_in_the_order_they_were_written(letters: Letters) -> None:
    ann, ben = letters.members(2)
    first = letters.write(ann, "first")
    letters.write(ann, "second")
    letters.write(ben, "other")
    assert claimed_texts(letters) == ["first", "other"]
    assert claimed_texts(letters) == []
    row = letters.row(first)
    assert (row.state, row.attempt, row.said_as, row.first_attempt_at) == (MessageState.SENDING, 1, "text", START)
    with letters.town.world.sessions.begin() as session:
        [one] = [each for each in letters.rows() if each.id == first]
        outcomes.note_accepted(session, claimed_like(one), "SM" + "1" * 32, START)
    assert claimed_texts(letters) == ["second"], "replies do not wait for the six seconds"


def claimed_like(row: OutboundMessage) -> outbox.Claimed:
    return outbox.Claimed(row.id, row.attempt, row.kind, "", row.expires_at, None, row.said_as, "")


def test_replies_leave_before_notices_and_these_before_digests(letters: Letters) -> None:
    people = letters.members(9)
    kinds = [DIGEST] * 3 + [NOTICE] * 3 + [REPLY] * 3
    for person, kind in zip(people, kinds, strict=True):
        letters.write(person, kind, kind)
    assert claimed_texts(letters, 4) == ["reply"] * 3 + ["notice"]
    assert claimed_texts(letters, 4) == ["notice"] * 2 + ["digest"] * 2


def test_one_person_with_many_messages_does_not_hold_up_the_others(letters: Letters) -> None:
    chatty, quiet = letters.members(2)
    for number in range(30):
        letters.write(chatty, f"{number}")
    letters.write(quiet, "mine")
    assert {"mine", "0"} == {*claimed_texts(letters, 2), *claimed_texts(letters, 2)}


def test_those_who_may_not_get_theirs_do_not_hold_up_those_behind_them(letters: Letters) -> None:
    for person in letters.members(30, opted_out_at=START):
        letters.write(person, "unwanted", NOTICE)
    letters.write(letters.member(31), "wanted", NOTICE)
    assert claimed_texts(letters, 2) == ["wanted"]


def test_after_a_message_a_notice_waits_six_seconds(letters: Letters) -> None:
    ann = letters.member(next_send_at=START + outbox.PAIR_GAP)
    letters.write(ann, "notice", NOTICE)
    with letters.town.world.sessions() as session:
        assert outbox.find_next_due(session) == START + outbox.PAIR_GAP
    assert claimed_texts(letters) == []
    letters.town.clock.travel(seconds=6)
    assert claimed_texts(letters) == ["notice"]


def test_nothing_leaves_before_its_time_or_after_its_end(letters: Letters) -> None:
    ann, ben = letters.members(2)
    letters.write(ann, "later", next_attempt_at=START + timedelta(seconds=1))
    over = letters.write(ben, "over", expires_at=START)
    assert claimed_texts(letters) == []
    assert (letters.row(over).state, letters.why(over)) == (MessageState.EXPIRED, "too late")
    assert letters.row(over).content is None


def test_the_lease_runs_by_the_databases_clock(letters: Letters) -> None:
    letters.town.clock.travel_to(datetime(2001, 1, 1, tzinfo=UTC))
    one = letters.write(letters.member())
    lease = timedelta(hours=1)
    before = databases_time(letters)
    letters.claim(rules=replace(RULES, lease=lease))
    assert before + lease <= letters.row(one).leased_until <= databases_time(letters) + lease
    with letters.town.world.sessions() as session:
        assert not session.scalar(select(outcomes.has_doubtful_message(letters.now)))


def databases_time(letters: Letters) -> datetime:
    with letters.town.world.sessions() as session:
        return session.connection().exec_driver_sql("SELECT clock_timestamp()").scalar()


def test_whoever_lost_their_claim_can_mark_nothing(letters: Letters) -> None:
    one = letters.write(letters.member())
    [slow] = letters.claim()
    letters.end_lease(one)
    with letters.town.world.sessions.begin() as session:
        assert looking_up.expire_leases(session, START) == 1
    looks_twice(letters)
    [quick] = letters.claim()
    assert (slow.attempt, quick.attempt) == (1, 2)
    for mark in (
        lambda session: outcomes.note_accepted(session, slow, "SM" + "5" * 32, START),
        lambda session: outcomes.put_back(session, slow, START, "429"),
        lambda session: outcomes.note_refused(session, slow, 21211, RefusalMeaning.UNREACHABLE, START),
        lambda session: outcomes.note_doubtful(session, slow, START, "hang"),
    ):
        with letters.town.world.sessions.begin() as session:
            mark(session)
        row = letters.row(one)
        assert (row.state, row.attempt, row.sid) == (MessageState.SENDING, 2, None)
    with letters.town.world.sessions.begin() as session:
        outcomes.note_accepted(session, quick, "SM" + "6" * 32, START)
    assert letters.row(one).sid == "SM" + "6" * 32


def looks_twice(letters: Letters) -> None:
    """Let two searches of the vendor's list find nothing."""
    for _ in range(2):
        with letters.town.world.sessions.begin() as session:
            [look] = looking_up.find_due_looks(session, letters.now)
            looking_up.note_look(session, look, [], letters.now, timedelta())


def test_twenty_workers_at_once_claim_every_message_once_and_one_for_each_person(letters: Letters) -> None:
    people = letters.members(30)
    draw = Random(3)
    for number in range(120):
        letters.write(draw.choice(people), f"{number}", draw.choice([REPLY, DIGEST]))
    for _ in range(3):
        with ThreadPoolExecutor(20) as pool:
            rounds = list(pool.map(lambda _: letters.claim(4), range(20)))
        claimed = [each for one in rounds for each in one]
        in_flight = Counter(row.member_id for row in letters.rows() if row.state in outbox.IN_FLIGHT)
        assert max(Counter(ids(claimed)).values()) == 1
        assert max(in_flight.values()) == 1
        assert len(claimed) == len(in_flight)
        with letters.town.world.sessions.begin() as session:
            for each in claimed:
                outcomes.note_accepted(session, each, f"SM{each.id.hex}", letters.now)
        letters.town.clock.travel(seconds=6)
    assert {row.attempt for row in letters.rows() if row.state is MessageState.ACCEPTED} == {1}


EVENINGS = (time(21, 30), time(7, 30))
# Zone, quiet hours, a time, and when the quiet hours end; None if the time is not in them.
QUIET = [
    ("Europe/Brussels", EVENINGS, (11, 18, 20, 29), None),
    ("Europe/Brussels", EVENINGS, (11, 18, 20, 30), (11, 19, 6, 30)),
    ("Europe/Brussels", EVENINGS, (11, 19, 3, 0), (11, 19, 6, 30)),
    ("Europe/Brussels", EVENINGS, (11, 19, 6, 30), None),
    ("Asia/Kathmandu", EVENINGS, (11, 18, 19, 0), (11, 19, 1, 45)),
    ("America/Los_Angeles", EVENINGS, (11, 18, 19, 0), None),
    ("Pacific/Kiritimati", EVENINGS, (11, 18, 10, 0), (11, 18, 17, 30)),
    ("UTC", (time(13), time(15)), (11, 18, 14, 0), (11, 18, 15, 0)),
    ("UTC", (time(13), time(15)), (11, 18, 15, 0), None),
    ("UTC", (time(9), time(9)), (11, 18, 9, 0), None),
    # In the night of 25 October the hour from two to three occurs twice in Brussels: 02:15 is over at 02:30, …
    ("Europe/Brussels", (time(21), time(2, 30)), (10, 25, 0, 15), (10, 25, 0, 30)),
    # … and so it is an hour later, the second time.
    ("Europe/Brussels", (time(21), time(2, 30)), (10, 25, 1, 15), (10, 25, 1, 30)),
]


def test_quiet_hours_delay_what_nobody_waits_for(letters: Letters) -> None:
    for number, (zone, hours, now, until) in enumerate(QUIET):
        here = {"timezone": zone, "quiet_from": hours[0], "quiet_until": hours[1]}
        letters.town.clock.travel_to(datetime(2026, *now, tzinfo=UTC))
        ann, ben = letters.members(2, 2 * number, **here)
        notice, reply = letters.write(ann, "notice", NOTICE), letters.write(ben, "reply")
        claimed = ids(letters.claim())
        assert reply in claimed
        assert (notice in claimed) is (until is None), (zone, now)
        if until is not None:
            morning = datetime(2026, *until, tzinfo=UTC)
            assert letters.row(notice).next_attempt_at == morning, (zone, now)
            letters.town.clock.travel_to(morning)
            assert notice in ids(letters.claim()), (zone, now)


def test_what_would_end_in_the_night_is_still_said_in_the_morning(letters: Letters) -> None:
    letters.town.clock.travel_to(datetime(2026, 11, 18, 22, tzinfo=UTC))
    ann = letters.member(quiet_from=time(21), quiet_until=time(12))
    one = letters.write(ann, "notice", NOTICE)
    assert letters.row(one).expires_at < datetime(2026, 11, 19, 12, tzinfo=UTC)
    assert letters.claim() == []
    letters.town.clock.travel_to(datetime(2026, 11, 19, 12, tzinfo=UTC))
    assert claimed_texts(letters) == ["notice"]


def test_two_workers_at_once_never_claim_two_for_one_person(letters: Letters) -> None:
    """A long queue makes searching it slow enough that others claim at the same time."""
    people = letters.members(4)
    for number in range(40):
        letters.write(people[number % 4], f"{number}")
    long_queue(letters, 15_000)
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            claimed = [each for one in pool.map(lambda _: letters.claim(4), range(8)) for each in one]
            readers = sorted(each.to for each in claimed)
            assert readers == sorted(person.address for person in people)
            with letters.town.world.sessions.begin() as session:
                for each in claimed:
                    outcomes.note_accepted(session, each, f"SM{each.id.hex}", letters.now)


def long_queue(letters: Letters, rows: int) -> None:
    """Queue very many messages for a member who has just got one; each worker must search through all of them."""
    busy = letters.member(99)
    letters.write(busy, "in flight", state=MessageState.UNKNOWN)
    with letters.town.world.sessions.begin() as session:
        session.execute(
            text(
                "INSERT INTO outbound_messages (id, member_id, kind, dedupe_key, state, priority, attempt,"
                " next_attempt_at, expires_at, looks, created_at, updated_at)"
                " SELECT gen_random_uuid(), :member, 'digest', 'long:' || n,"
                " 'queued', 0, 0, :now, :end, 0, :now, :now FROM generate_series(1, :rows) AS n"
            ),
            {"member": busy.id, "now": START - timedelta(hours=1), "end": START + timedelta(hours=9), "rows": rows},
        )


def test_somebody_who_is_being_written_to_is_not_in_the_way(letters: Letters) -> None:
    ann, ben = letters.members(2)
    first, second = letters.write(ann, "first"), letters.write(ben, "second")
    with letters.town.world.sessions() as other:
        other.execute(select(Member).where(Member.id == ann.id).with_for_update())
        assert ids(letters.claim()) == [second], "whom another worker holds is passed over, not waited for"
        other.rollback()
        mailbox.post(other, ann.id, Message("being written", approved=READY), START, kind=DIGEST, key="uncommitted")
        other.flush()
        assert ids(letters.claim()) == [first], "a digest being written for somebody does not hold up their reply"


@pytest.mark.parametrize("flag", ["opted_out_at", "unreachable_at"])
def test_who_wants_nothing_or_cannot_be_reached_gets_only_replies(letters: Letters, flag: str) -> None:
    ann = letters.member(**{flag: START})
    notice, reply = letters.write(ann, "notice", NOTICE), letters.write(ann, "reply")
    assert ids(letters.claim()) == [reply]
    with letters.town.world.sessions.begin() as session:
        outcomes.note_accepted(session, claimed_like(letters.row(reply)), "SM" + "1" * 32, START)
    letters.town.clock.travel(seconds=6)
    assert letters.claim() == []
    assert letters.row(notice).state is MessageState.SUPPRESSED
    assert letters.why(notice) == {"opted_out_at": "opted out", "unreachable_at": "unreachable"}[flag]


def test_an_opt_out_ends_what_waits_but_no_reply(letters: Letters) -> None:
    ann, ben = letters.members(2)
    mine = [letters.write(ann, kind, kind) for kind in (REPLY, NOTICE, DIGEST)]
    other = letters.write(ben, "digest", DIGEST)
    with letters.town.world.sessions.begin() as session:
        silence(session, ann.id)
    states = [letters.row(each).state for each in (*mine, other)]
    assert states == [MessageState.QUEUED, MessageState.SUPPRESSED, MessageState.SUPPRESSED, MessageState.QUEUED]


def test_what_waits_about_a_group_ends_for_who_left_it_and_nothing_else(letters: Letters) -> None:
    ann, ben = letters.members(2)
    left, other = letters.group(ann, ben), letters.group(ann)
    about = letters.write(ann, "about the group", NOTICE, group=left)
    waiting = [
        letters.write(ann, "about another group", NOTICE, group=other),
        letters.write(ann, "about no group", NOTICE),
        letters.write(ben, "to one who stays", NOTICE, group=left),
    ]
    arrived = letters.write(ann, "about the group", NOTICE, group=left, state=MessageState.DELIVERED)
    with letters.town.world.sessions.begin() as session:
        withdraw(session, ann.id, left.id)
    assert (letters.row(about).state, letters.row(about).content) == (MessageState.SUPPRESSED, None)
    assert letters.events(about)[-1].source == "removed"
    assert {letters.row(each).state for each in waiting} == {MessageState.QUEUED}
    assert letters.row(arrived).state is MessageState.DELIVERED


def test_what_is_in_doubt_waits_six_hours_and_is_no_error_when_it_is_too_late(letters: Letters) -> None:
    ann, ben = letters.members(2, doubted_at=START)
    notice, reply = letters.write(ann, "notice", NOTICE), letters.write(ben, "reply")
    assert ids(letters.claim()) == [reply], "replies go to whoever has the number now"
    row = letters.row(notice)
    assert (row.state, row.next_attempt_at) == (MessageState.QUEUED, START + timedelta(hours=6))
    assert letters.why(notice) == outbox.IN_DOUBT
    letters.town.clock.travel_to(row.expires_at)
    assert letters.claim() == []
    assert (letters.row(notice).state, letters.why(notice)) == (MessageState.SUPPRESSED, outbox.IN_DOUBT)


def test_after_a_proof_what_was_put_off_may_leave_at_once_unless_it_is_too_late(letters: Letters) -> None:
    ann, ben = letters.members(2)
    later = START + outbox.PROOF_AGAIN
    fresh = letters.write(ann, "fresh", NOTICE, next_attempt_at=later, expires_at=START + timedelta(seconds=1))
    late = letters.write(ann, "late", NOTICE, next_attempt_at=later, expires_at=START)
    not_meant = [
        letters.write(ann, "a reply that is tried again", next_attempt_at=later),
        letters.write(ben, "to somebody else", NOTICE, next_attempt_at=later),
    ]
    with letters.town.world.sessions.begin() as session:
        release(session, ann.id, START)
        assert list_rung(session) == {Bell.DELIVER}
    assert letters.row(fresh).next_attempt_at == START
    assert (letters.row(late).state, letters.why(late)) == (MessageState.SUPPRESSED, outbox.IN_DOUBT)
    assert {letters.row(each).next_attempt_at for each in not_meant} == {later}


def test_only_messages_that_may_leave_now_are_counted_as_ready(letters: Letters) -> None:
    def ready(most: int) -> int:
        with letters.town.world.sessions() as session:
            return outbox.count_ready(session, letters.now, most)

    ann, ben, eve, moe = letters.members(4)
    letters.write(ann, "later", next_attempt_at=START + timedelta(seconds=1))
    letters.write(ben, "on its way", state=MessageState.UNKNOWN)
    letters.write(ben, "behind it")
    assert ready(9) == 0
    letters.write(eve, "now")
    assert ready(9) == 1
    letters.write(moe, "now")
    letters.write(moe, "now")
    assert (ready(9), ready(2)) == (3, 2)


def test_how_long_a_reply_took_is_measured_and_each_step_is_counted(letters: Letters) -> None:
    for person, kind in zip(letters.members(2), (REPLY, NOTICE), strict=True):
        letters.write(person, kind, kind)
    claimed = letters.claim()
    with letters.town.world.sessions() as session:
        for each in claimed:
            outcomes.note_accepted(session, each, f"SM{each.id.hex}", START + timedelta(seconds=3))
        counted = find_counted(session)
        assert counted.spans == [(Duration.HANDED_OVER, (), pytest.approx(3.0, abs=1e-3))]
        assert counted.amounts == {
            (Count.MESSAGES, (("kind", kind.value), ("state", "accepted"))): 1 for kind in (REPLY, NOTICE)
        }


def test_who_left_the_group_gets_no_digest_of_it(letters: Letters) -> None:
    ann, ben, eve = letters.members(3)
    group, other = letters.group(ann, ben), letters.group(eve)
    digests = [letters.write(each, "digest", DIGEST, group=group) for each in (ann, ben)]
    stranger = letters.write(eve, "digest", DIGEST, group=group)
    notice = letters.write(letters.member(4), "about the group", NOTICE, group=other)
    with letters.town.world.sessions.begin() as session:
        session.query(Membership).filter_by(member_id=ben.id).update({"left_at": START})
    assert sorted(ids(letters.claim())) == sorted([digests[0], notice])
    assert [letters.why(each) for each in (digests[1], stranger)] == ["left the group"] * 2


@pytest.mark.parametrize(
    ("ago", "said_as"),
    [(timedelta(hours=23, minutes=50), "text"), (timedelta(hours=23, minutes=50, seconds=1), "digest_ready")],
)
def test_the_form_is_chosen_by_when_they_last_wrote(letters: Letters, ago: timedelta, said_as: str) -> None:
    one = letters.write(letters.member(last_inbound_at=START - ago), "in full", DIGEST, approved=READY)
    [claimed] = letters.claim()
    assert (claimed.said_as, letters.row(one).said_as) == (said_as, said_as)
    assert claimed.text.startswith("in full" if said_as == "text" else "Hi Ann, your Legends digest for 16–22 Nov")
    with letters.town.world.sessions() as session:
        assert letters.row(one).body_hash == outbox.hash_body(session, claimed.text)


def test_who_never_wrote_gets_the_template(letters: Letters) -> None:
    letters.write(letters.member(last_inbound_at=None), "in full", DIGEST, approved=READY)
    assert [each.said_as for each in letters.claim()] == ["digest_ready"]


def test_without_a_template_nothing_can_be_said_after_24_hours(letters: Letters) -> None:
    one = letters.write(letters.member(last_inbound_at=A_DAY_AGO), "a reply that came too late")
    assert letters.claim() == []
    assert (letters.row(one).state, letters.why(one)) == (MessageState.EXPIRED, "window closed")


def test_a_value_that_looks_like_a_placeholder_stays_as_it_is(letters: Letters) -> None:
    named = Approved("digest_ready", {**READY.values, "1": "{{2}}", "2": "{{1}}"})
    letters.write(letters.member(last_inbound_at=None), "in full", DIGEST, approved=named)
    [claimed] = letters.claim()
    assert claimed.text.startswith("Hi {{2}}, your {{1}} digest for 16–22 Nov")


@pytest.mark.parametrize("status", ["missing", "paused", "pending", "rejected", "disabled"])
def test_a_template_that_may_not_be_used_holds_its_messages(letters: Letters, status: str) -> None:
    away = letters.write(letters.member(last_inbound_at=None), "in full", DIGEST, approved=READY)
    letters.write(letters.member(2), "to one who wrote", DIGEST, approved=READY)
    if status == "missing":
        with letters.town.world.sessions.begin() as session:
            session.delete(letters.template())
    else:
        letters.change(letters.template(), status=status)
    assert claimed_texts(letters) == ["to one who wrote"]
    row = letters.row(away)
    assert (row.state, row.next_attempt_at) == (MessageState.QUEUED, START + timedelta(hours=1))
    assert letters.why(away) == "template held"


def away(letters: Letters, count: int, start: int = 1) -> list[Member]:
    """Add members who last wrote long ago, with a digest for each."""
    people = [letters.member(number, last_inbound_at=A_DAY_AGO) for number in range(start, start + count)]
    for person in people:
        letters.write(person, "digest", DIGEST, approved=READY)
    return people


def test_no_more_people_get_a_template_in_24_hours_than_the_tier_allows(letters: Letters) -> None:
    three_a_day = replace(RULES, people_a_day=3)
    people = away(letters, 5)
    reached = letters.claim(rules=three_a_day)
    assert len(reached) == 3
    held = [row for row in letters.rows() if row.state is MessageState.QUEUED]
    assert {row.next_attempt_at for row in held} == {START + timedelta(hours=1)}
    with letters.town.world.sessions.begin() as session:
        for each in reached:
            outcomes.note_accepted(session, each, f"SM{each.id.hex}", letters.now)
    again = letters.write(people[0], "another", DIGEST, approved=READY)
    letters.town.clock.travel(hours=23)
    assert ids(letters.claim(rules=three_a_day)) == [again], "who got one today may get another"
    letters.town.clock.travel(hours=1)
    assert len(letters.claim(rules=three_a_day)) == 2, "two of the three are more than 24 hours ago"


def test_a_template_keeps_its_reader_counted_for_24_hours(letters: Letters) -> None:
    one_a_day = replace(RULES, people_a_day=1)
    [ann] = away(letters, 1)
    [first] = letters.claim(rules=one_a_day)
    with letters.town.world.sessions.begin() as session:
        outcomes.note_accepted(session, first, f"SM{first.id.hex}", letters.now)
    letters.town.clock.travel(hours=23)
    letters.write(ann, "second", DIGEST, approved=READY)
    assert len(letters.claim(rules=one_a_day)) == 1
    letters.town.clock.travel(hours=2)
    away(letters, 1, start=2)
    assert letters.claim(rules=one_a_day) == [], "Ann got one two hours ago"


def test_exactly_24_hours_after_a_template_its_reader_needs_a_place_again(letters: Letters) -> None:
    one_a_day = replace(RULES, people_a_day=1)
    [ann] = away(letters, 1)
    [first] = letters.claim(rules=one_a_day)
    with letters.town.world.sessions.begin() as session:
        outcomes.note_accepted(session, first, f"SM{first.id.hex}", letters.now)
    letters.town.clock.travel(hours=24)
    away(letters, 1, start=2)
    assert len(letters.claim(rules=one_a_day)) == 1, "Ann's place is free"
    letters.write(ann, "another", DIGEST, approved=READY)
    assert letters.claim(rules=one_a_day) == [], "and is Ben's now"


def test_who_got_a_template_and_was_erased_counts_within_the_tier(letters: Letters) -> None:
    [ann] = away(letters, 1)
    assert len(letters.claim(rules=replace(RULES, people_a_day=1))) == 1
    with letters.town.world.sessions.begin() as session:
        session.execute(update(OutboundMessage).values(state=MessageState.DELIVERED, content=None))
        erasure.erase(session, session.get_one(Member, ann.id), letters.now)
        assert erasure.finish(session, letters.now) == 1
        assert ceiling.count_sent_today(session, letters.now).by_group.total() == 1, "what was spent stays spent"
    away(letters, 1, start=2)
    assert letters.claim(rules=replace(RULES, people_a_day=1)) == []
    letters.town.clock.travel(hours=24)
    assert len(letters.claim(rules=replace(RULES, people_a_day=1))) == 1


def test_many_workers_together_keep_within_the_tier(letters: Letters) -> None:
    away(letters, 24)
    with ThreadPoolExecutor(8) as pool:
        rounds = list(pool.map(lambda _: letters.claim(4, rules=replace(RULES, people_a_day=5)), range(16)))
    assert sum(map(len, rounds)) == 5


def test_no_more_leaves_in_24_hours_than_the_operator_wants_to_pay_for(letters: Letters) -> None:
    rules = replace(RULES, ceilings=Ceilings(number=10))
    for person in letters.members(12):
        letters.write(person, "news", DIGEST)
    assert len(letters.claim(24, rules=rules)) == 9, "the last tenth is for replies"
    held = [row for row in letters.rows() if row.state is MessageState.QUEUED]
    assert {row.next_attempt_at for row in held} == {START + timedelta(hours=1)}
    assert {letters.why(row.id) for row in held} == {"daily ceiling"}
    for person in letters.members(2, first=20):
        letters.write(person, "answer")
    assert [each.text for each in letters.claim(24, rules=rules)] == ["answer"]
    letters.town.clock.travel(hours=24)
    assert [each.kind for each in letters.claim(24, rules=rules)] == [DIGEST] * 3, "the old answer is too late"


def test_a_group_that_costs_too_much_is_held_and_no_other(letters: Letters) -> None:
    people = letters.members(6)
    dear, cheap = letters.group(*people), letters.group(*people[:2])
    rules = replace(RULES, ceilings=Ceilings(group=4))
    for person in people:
        letters.write(person, "dear", DIGEST, group=dear)
    assert len(letters.claim(rules=rules)) == 4
    letters.write(letters.member(9), "cheap", NOTICE, group=cheap)
    letters.write(letters.member(10), "of nobody", NOTICE)
    letters.write(people[5], "answer", group=dear)
    assert sorted(each.text for each in letters.claim(rules=rules)) == ["answer", "cheap", "of nobody"]
    with letters.town.world.sessions() as session:
        spent = ceiling.count_sent_today(session, letters.now)
        assert spent.by_group == {dear.id: 5, cheap.id: 1, None: 1}
        assert spent.full(rules.ceilings) == [dear.id]
        assert spent.full(Ceilings(number=6, group=6)) == [None]


def test_a_message_that_is_tried_again_is_counted_once(letters: Letters) -> None:
    letters.write(letters.member())
    [claimed] = letters.claim()
    with letters.town.world.sessions.begin() as session:
        outcomes.put_back(session, claimed, letters.now, "busy")
    letters.town.clock.travel(seconds=10)
    assert len(letters.claim()) == 1
    with letters.town.world.sessions() as session:
        assert ceiling.count_sent_today(session, letters.now).by_group.total() == 1


def test_a_message_that_was_tampered_with_is_ended_and_holds_up_nobody(letters: Letters) -> None:
    moved = letters.town.world.vault.seal("message", "another row", Message("hello").to_json())
    broken = [letters.write(letters.member(), content=b"\x01no"), letters.write(letters.member(2), content=moved)]
    letters.write(letters.member(3), "fine")
    assert claimed_texts(letters) == ["fine"]
    for each in broken:
        assert (letters.row(each).state, letters.why(each)) == (MessageState.FAILED, "unreadable")


def test_a_message_whose_key_is_not_there_yet_waits_longer_each_time_and_until_it_expires(letters: Letters) -> None:
    ring = Vault.from_text(new_key("t9"), "0" * 32)
    early = letters.write(letters.member())
    letters.change(letters.row(early), content=ring.seal("message", early, Message("hello").to_json()))
    letters.write(letters.member(2), "fine")
    assert claimed_texts(letters) == ["fine"]
    waits = []
    while letters.row(early).state is MessageState.QUEUED:
        row = letters.row(early)
        assert (letters.why(early), row.attempt, row.error_code) == (outbox.NO_KEY, 0, None)
        waits.append((row.next_attempt_at - letters.now).total_seconds())
        letters.town.clock.travel_to(row.next_attempt_at)
        assert letters.claim() == []
    assert waits[:7] == [2, 5, 10, 20, 60, 300, 300]
    assert (letters.row(early).state, letters.why(early)) == (MessageState.EXPIRED, "too late")
    assert letters.now >= letters.row(early).expires_at


def test_a_second_message_under_the_same_key_is_not_written(letters: Letters) -> None:
    ann = letters.member()
    for words in ("first", "second"):
        letters.write(ann, words, key="reply:SM1")
    assert claimed_texts(letters) == ["first"]
    assert len(letters.rows()) == 1
