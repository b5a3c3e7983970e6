"""A list needs the same number of statements for many rows as for few."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from api.declaring.endpoints import Endpoint, declared
from fitness.points import FORMULA
from fitness.sports import Sport
from models import (
    Activity,
    AuditEvent,
    Challenge,
    DigestRun,
    FeedKind,
    Invite,
    JoinRequest,
    Kudos,
    Member,
    Membership,
    RunStatus,
    SentFile,
    WebhookEvent,
    WebhookMessage,
)
from models.hashes import digest
from services.group import groups
from services.people import feeds, personal_tokens, sessions, webhooks
from services.training import entries
from tests.api.programs import Scope
from tests.api.scene import Scene, scene_of
from tests.town import Town

MANY = 24
LISTS = [each for each in declared if each.many]
MOST_STATEMENTS = 16  # the credential, the group, the list, and what a board needs


@contextmanager
def counted() -> Iterator[list[str]]:
    """Yield the list of statements that are sent in the block."""
    sent: list[str] = []

    def note(_line: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def weekly_runs(member: Member) -> list[Activity]:
    """Return a run of each of twelve weeks, so that everybody with such runs is everybody's rival."""
    days = [date(2026, 11, 11) - timedelta(weeks=week) for week in range(12)]
    starts = [datetime.combine(day, time(9), UTC) for day in days]
    facts = {"member_id": member.id, "type": "running", "sport": "run", "utc_offset": 0, "duration": 3600.0}
    facts |= {
        "distance": 10_000.0,
        "points": 60.0,
        "points_version": FORMULA.version,
        "raw_data": {},
        "fingerprint": "",
    }
    return [
        Activity(external_id=member.id * 1000 + number, start_utc=start, local_date=start.date(), **facts)
        for number, start in enumerate(starts)
    ]


def grow(session: Session, scene: Scene, town: Town) -> None:
    """Add many rows of everything."""
    now, group_id = town.clock(), scene.ids["group_id"]
    ann = session.get_one(Member, 1)
    session.add_all(weekly_runs(ann))
    for number in range(MANY):
        day = date(2026, 11, 18) - timedelta(number)
        entries.log(session, ann, list(entries.TYPES)[number % 14], 1800, 1000.0 + number, day, now)
        member = Member(name=f"Friend {number}", address=f"whatsapp:+3248{number:07}", last_inbound_at=now)
        asking = Member(name=f"Asker {number}", address=f"whatsapp:+3249{number:07}", last_inbound_at=now)
        session.add_all([member, asking])
        session.flush()
        place = Membership(group_id=group_id, member_id=member.id, shares=["points", "time"], consented_at=now)
        place.consent_version, place.joined_at = "1", now + timedelta(seconds=number)
        session.add_all([place, JoinRequest(group_id=group_id, member_id=asking.id, asked_at=now)])
        entries.log(session, member, Sport.RUN, 3600, 9000.0 + number, date(2026, 11, 17), now)
        code = digest(session, "invite", f"CODE{number}")
        session.add(Invite(group_id=group_id, code_hash=code, expires_at=now + timedelta(days=number + 1)))
        days = {"starts": day, "ends": day, "closes_at": now + timedelta(days=30)}
        session.add(Challenge(group_id=group_id, number=100 + number, contest="most", metric="points", **days))
        run = DigestRun(group_id=group_id, period_start=day, period_end=day, due_at=now, status=RunStatus.SENT)
        sent = SentFile(member_id=1, url="", content_type="x", received_at=now, next_try_at=now)
        session.add_all([run, sent, AuditEvent(at=now, member_id=member.id, group_id=group_id, action="group.renamed")])
        sessions.begin(session, ann, f"program {number}", list(Scope), now)
        session.add(WebhookMessage(webhook_id=UUID(scene.ids["webhook_id"]), event=WebhookEvent.DIGEST_SENT))
        if number < 8:
            webhooks.add_webhook(session, ann, "https://example.org", ["digest.sent"], None, "", now)
            groups.start(session, ann, f"Group {'abcdefgh'[number]}", now)
        kudos = Kudos(from_id=member.id, to_id=ann.id, group_id=group_id, words="bravo", given_at=now)
        session.add_all([kudos, *weekly_runs(member)])
        if number < 12:
            feeds.make_feed(session, ann, FeedKind.CALENDAR, now)
            personal_tokens.make(session, ann, "x", [Scope.PROFILE_READ], 30, now)


def ask(scene: Scene, endpoint: Endpoint) -> tuple[int, int]:
    """Return how many statements a list needs, and how many rows it has."""
    path = re.sub(r"<[^<>]*:(\w+)>", lambda each: str(scene.ids[each[1]]), endpoint.path)
    with counted() as sent:
        answer = scene.programs["owner"].get(f"{path}?limit=100")
    assert answer.status_code == 200, answer.text
    return len(sent), len(answer.json["data"])


def test_no_list_sends_a_statement_for_each_row(town: Town) -> None:
    with scene_of(town) as scene:
        few = {each.name: ask(scene, each) for each in LISTS}
        with scene.world.sessions.begin() as session:
            grow(session, scene, town)
        many = {each.name: ask(scene, each) for each in LISTS}
    assert {name for name in few if many[name][1] <= few[name][1]} == set(), "there are more rows"
    dearer = {name: (few[name], many[name]) for name in few if many[name][0] > few[name][0]}
    assert dearer == {}
    assert {name: each for name, each in many.items() if each[0] > MOST_STATEMENTS} == {}
    assert len(LISTS) > 10
