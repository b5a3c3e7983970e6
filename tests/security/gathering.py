"""Brings everybody of `who_may_do_what.md` into the state that the page describes, by lines that people would send."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from sqlalchemy import select, text, update

from messages.message import Button, Message
from models import (
    Activity,
    Ban,
    Export,
    GarminAccount,
    GarminMethod,
    Group,
    Identity,
    JoinRequest,
    Member,
    Membership,
    MessageKind,
    OutboundMessage,
)
from services.data import erasure, exports
from services.delivery import mailbox
from services.delivery.mailbox import Post
from services.digest import media
from services.training import accounts, records, scoring
from simulator.twilio.phones import Phone
from tests import town as towns
from tests.conftest import Servers
from tests.scenes import code_in
from tests.security.people import (
    ERASED,
    FAR,
    GONE,
    HERE,
    NAMES,
    OLD,
    WERE_ADMINS,
    WRITES,
    Left,
    People,
    doubted,
    key_of,
)
from tests.security.table import Row
from tests.town import Town


@contextmanager
def gathered(servers: Servers, table: list[Row]) -> Iterator[People]:
    """Yield everybody, in a town of their own, for a whole file of tests."""
    town = towns.build(servers.database_url, servers.redis_url, servers.app, servers.simulator)
    yield gather(town, table)
    towns.empty(town.world)
    town.twilio.close()
    town.world.sessions.kw["bind"].dispose()
    town.world.redis.close()


def gather(town: Town, table: list[Row]) -> People:
    """Bring everybody into the state of the page. All known people got each row's button while they were admins."""
    people = People(town, town.world)
    for number, name in enumerate(NAMES, 1):
        people.phones[name] = Phone(people, name, f"+3247000{number:04}")
    _found_groups(people)
    _have_moved(people)
    _make_addresses(people)
    _part_early(people)
    _note_numbers(people)
    _send_buttons(people, table)
    _part(people)
    return people


def _found_groups(people: People) -> None:
    says = people.says
    people.codes["Sunday Legends"] = code_in(says("Olga", "new group Sunday Legends"))
    for name in (*HERE[1:], *GONE):
        says(name, f"join {people.codes['Sunday Legends']} yes")
    for name in WERE_ADMINS:
        says("Olga", f"promote {name}")
    says("Hugo", "hide")
    says("Olga", "group goal 300 km month")
    for number in (1, 2):
        says("Nils", f"challenge new run distance next week called Dash {number} ok")
    for name in (*HERE, *GONE):
        if name != "Nils":
            says(name, "challenge join 1")
    says("Olga", "settings approval on")
    says("Wim", f"join {people.codes['Sunday Legends']} yes")
    says("Paula", "new group Office swim")
    people.codes["Night swim"] = code_in(says("Xenia", "new group Night swim"))
    says("Xenia", "settings approval on")
    says("Yusuf", f"join {people.codes['Night swim']} yes")
    for name in NAMES:
        if name != "Rosa":
            says(name, "goal 100 km month")
    _note_numbers(people)


def _have_moved(people: People) -> None:
    """Give each a Garmin account, with runs of this week and last month, an excluded one and an implausible one."""
    with people.world.sessions.begin() as session:
        for name, member_id in people.ids.items():
            now = people.world.now()
            account = GarminAccount(member_id=member_id, method=GarminMethod.PASSWORD, garmin_id=str(member_id))
            account.display_name, account.linked_at = name, now - timedelta(days=3)
            account.last_sync_at, account.next_sync_at = now - timedelta(hours=3), now + timedelta(days=1)
            accounts.keep_tokens(session, account, "none")
            session.add(account)
            session.flush()
            far = float(FAR[name]) * 1000
            told = ((date(2026, 11, 17), far, 7200), (date(2026, 10, 14), 5000, 1800), (date(2026, 11, 10), 6000, 2400))
            _, _, left_out = runs = [_run(account, *each) for each in told]
            strange = _run(account, date(2026, 11, 12), 70_000, 3600)
            left_out.excluded_at = now
            session.add_all([*runs, strange])
            session.flush()
            people.strange[name] = strange.id
            records.refresh(session, member_id)


def _run(account: GarminAccount, day: date, metres: float, seconds: float) -> Activity:
    activity = Activity(
        member_id=account.member_id,
        account_id=account.id,
        external_id=uuid4().int % 10**12,
        type="running",
        sport="run",
        start_utc=datetime(day.year, day.month, day.day, 9, tzinfo=UTC),
        utc_offset=0,
        local_date=day,
        duration=seconds,
        distance=metres,
        processed_metrics={"minutes": seconds / 60, "km": metres / 1000},
        raw_data={},
        fingerprint="",
    )
    scoring.score_row(activity)
    return activity


def _make_addresses(people: People) -> None:
    """Make what an admin can make: a page of the digest, a code, a copy of their data, a link page, a
    picture of them, and addresses for a feed reader and a calendar app.
    """
    for name in ("Adam", "Dora", "Lukas", "Karim", "Boris", "Emma"):
        page = re.search(r"/s/\S+", people.says(name, "share digest this week"))[0]
        code = people.codes[name] = code_in(people.says(name, "invite"))
        people.says(name, "export")
        with people.world.sessions.begin() as session:
            asked = session.scalars(select(Export.id).where(Export.member_id == people.ids[name])).one()
            exports.make_copy(session, asked, people.world.settings.base_url, people.world.now())
            picture = media.keep_drawn(
                session, json.dumps([name]), b"a picture", people.world.now(), [people.ids[name]]
            )
        copy = re.search(r"/export/\S+", people.says(name, "export"))[0]
        link = re.search(r"/link/\S+", people.says(name, "link garmin"))[0]
        digests, calendar = (re.search(r"/feeds/\S+", people.says(name, line))[0] for line in ("rss", "calendar"))
        people.left[name] = Left(page, code, copy, link, picture, digests, calendar)


def _part_early(people: People) -> None:
    """Let those leave who are only mentioned by others, and erase one after a ban: buttons name them too."""
    people.says("Finn", "leave yes")
    for name in ("Greta", "Sven"):
        people.says("Olga", f"ban {name} yes")
    _erase(people, "Sven")


def _part(people: People) -> None:
    people.town.clock.travel(hours=1)
    people.says("Olga", "demote Dora")
    people.says("Lukas", "leave yes")
    people.says("Olga", "kick Karim yes")
    people.says("Olga", "ban Boris yes")
    _erase(people, "Emma")
    people.town.clock.travel(hours=2)  # too late to undo anything, and for the last answers to the erased people
    with people.world.sessions.begin() as session:
        assert erasure.finish(session, people.world.now()) == len(ERASED)
        session.execute(update(Member).values(last_inbound_at=people.world.now()))
    for name in ERASED:
        people.ids.pop(name, None)
    doubted(people, "Iris")


def _erase(people: People, name: str) -> None:
    code = re.search(r"DELETE (\d{4})", people.says(name, "delete me"))[1]
    assert people.says(name, f"DELETE {code}").startswith("Everything is erased")


def _note_numbers(people: People) -> None:
    """Note the ids of people, places, requests, groups and of the one ban whose member is gone."""
    with people.world.sessions() as session:
        by_number = {phone.number: name for name, phone in people.phones.items()}
        known = session.execute(select(Identity.value, Identity.member_id).where(Identity.value.in_(by_number)))
        people.ids = {by_number[number]: member_id for number, member_id in known}
        people.groups = {each.name: each.id for each in session.scalars(select(Group))}
        names = {number: name for name, number in people.ids.items()}
        places = session.execute(
            select(Membership.id, Membership.member_id).where(Membership.group_id != people.groups["Office swim"])
        )
        people.places |= {names[member]: place for place, member in places if member in names}
        asked = session.execute(select(JoinRequest.id, JoinRequest.member_id))
        people.requests = {names[member]: number for number, member in asked}
        people.ban = session.scalar(select(Ban.id).where(Ban.member_id.is_(None))) or 0


def _send_buttons(people: People, table: list[Row]) -> None:
    """Post a message with a button for each row that could affect others; Twilio has accepted it."""
    posts = [
        Post(
            people.ids[name],
            Message("Shall I?", buttons=(Button("Yes, do it", people.line(row.line, row, name, signed=True)),)),
            key_of(number, name),
        )
        for number, row in enumerate(table)
        if row.touches_others and len(row.lines) == 1
        for name in WRITES.values()
        if name in people.ids
    ]
    with people.world.sessions.begin() as session:
        mailbox.post_many(session, posts, people.world.now(), kind=MessageKind.REPLY)
        sent = OutboundMessage.dedupe_key.startswith(f"{OLD}:")
        arrived = {"state": "delivered", "accepted_at": people.world.now()}
        session.execute(update(OutboundMessage).where(sent).values(**arrived, sid=text("'MM' || md5(dedupe_key)")))
