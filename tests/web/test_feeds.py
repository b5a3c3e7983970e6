"""What calendar apps and feed readers get from an address: what its member may see now, and nothing after its end."""

import io
import logging
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
import requests
from icalendar import Calendar, Event, Timezone
from sqlalchemy import select
from werkzeug.test import TestResponse

import logs
from fitness.challenges import Contest
from fitness.dates import Dates
from models import Challenge, DigestRun, Feed, FeedKind, Group, Member, Membership, RunStatus
from services.data import erasure, retention
from services.group import groups, roles, rules
from services.people import feeds
from services.play import challenges, goals
from services.play.challenges import Plan
from services.play.goals import Aim
from tests.api.programs import rows
from tests.api.test_statements import counted
from tests.letters import Letters
from tests.patience import AT_MOST
from tests.town import Town
from web.app import create_app
from web.feeds import MOST_AN_HOUR

TODAY = date(2026, 11, 18)
SOON = Dates(date(2026, 11, 23), date(2026, 12, 6))
WEEK = Dates(date(2026, 11, 9), date(2026, 11, 15))
MOST_STATEMENTS = {FeedKind.CALENDAR: 10, FeedKind.DIGESTS: 140}


class Club:
    """Ann owns a group in Brussels, Ben is in it, and Ann has an address of each kind."""

    def __init__(self, letters: Letters, zone: str = "Europe/Brussels") -> None:
        self.letters, self.town = letters, letters.town
        self.ann, self.ben = letters.members(2, name="Ann")[0], letters.member(3, name="Ben")
        self.group = letters.group(self.ann, self.ben, name="Legends", timezone=zone)
        self.calendar, self.digests = self.make(FeedKind.CALENDAR), self.make(FeedKind.DIGESTS)

    def make(self, kind: FeedKind, member: Member | None = None) -> str:
        """Make an address of this kind, by default Ann's, and return it."""
        with self.town.world.sessions.begin() as session:
            whose = session.get_one(Member, (member or self.ann).id)
            group = session.get_one(Group, self.group.id) if kind is FeedKind.DIGESTS else None
            _, path = feeds.make_feed(session, whose, kind, self.town.clock(), group)
        return self.town.world.settings.base_url + path

    def place(self, session, member: Member | None = None) -> Membership:
        query = select(Membership).where(Membership.group_id == self.group.id)
        return session.scalar(query.where(Membership.member_id == (member or self.ann).id))

    def challenge(self, **more: object) -> int:
        """Announce a challenge of Ann's and return its id."""
        plan = Plan(**{"contest": Contest.MOST, "metric": "points", "dates": SOON, **more})
        with self.town.world.sessions.begin() as session:
            made = challenges.announce_challenge(session, self.place(session), plan, TODAY, self.town.clock())
            session.flush()
            return made.id

    def schedule(self, cron: str | None) -> None:
        with self.town.world.sessions.begin() as session:
            rules.reschedule(session, self.place(session), cron, self.town.clock())

    def sent(self, dates: Dates = WEEK) -> None:
        """Add a digest that was sent."""
        now = self.town.clock()
        with self.town.world.sessions.begin() as session:
            run = DigestRun(group_id=self.group.id, period_start=dates.start, period_end=dates.end, due_at=now)
            run.status, run.generated_at = RunStatus.SENT, now
            session.add(run)

    def events(self) -> dict[str, Event]:
        """Return the events of Ann's calendar by their UIDs, as an app reads them."""
        return {str(each["UID"]): each for each in Calendar.from_ical(read(self.calendar).text).walk("VEVENT")}

    def event(self, kind: str) -> Event:
        """Return the only event of this kind: challenge, goal or digest."""
        [found] = [each for uid, each in self.events().items() if uid.startswith(kind)]
        return found


@pytest.fixture
def letters(town: Town) -> Letters:
    return Letters(town)


@pytest.fixture
def club(letters: Letters) -> Club:
    return Club(letters)


def read(url: str, **headers: str) -> requests.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(url, headers=sent, timeout=AT_MOST)


def text_of(event: Event, name: str) -> str:
    return event[name].to_ical().decode()


def test_a_challenge_has_its_days_and_keeps_its_name_when_it_changes(club: Club) -> None:
    made = club.challenge(name="The Dash")
    event = club.event("challenge")
    host = re.search(r"//([^:/]+)", club.calendar)[1]
    assert event["UID"] == f"challenge-{made}@{host}"
    assert event["SUMMARY"] == "The Dash · Legends"
    assert "You take part." in event["DESCRIPTION"]
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (SOON.start, SOON.end + timedelta(1))
    assert text_of(event, "DTSTART") == "20261123"
    assert (event["SEQUENCE"], event["STATUS"], event["TRANSP"]) == (0, "CONFIRMED", "TRANSPARENT")
    club.town.clock.travel_to(datetime(2026, 11, 25, 12, tzinfo=UTC))
    with club.town.world.sessions.begin() as session:
        found = session.get_one(Challenge, made)
        challenges.end(session, found, club.place(session), date(2026, 11, 25), club.town.clock())
    ended = club.event("challenge")
    assert ended["UID"] == event["UID"]
    assert ended.decoded("DTEND") == date(2026, 11, 26)
    assert ended["SEQUENCE"] > event["SEQUENCE"]
    assert ended.decoded("DTSTAMP") == ended.decoded("LAST-MODIFIED") == club.town.clock()
    assert ended.decoded("CREATED") == event.decoded("CREATED")


def test_a_challenge_that_is_called_off_is_cancelled(club: Club) -> None:
    made = club.challenge()
    with club.town.world.sessions.begin() as session:
        found = session.get_one(Challenge, made)
        challenges.end(session, found, club.place(session), TODAY, club.town.clock())
    event = club.event("challenge")
    assert (event["STATUS"], "It was called off." in event["DESCRIPTION"]) == ("CANCELLED", True)


def test_goals_stand_on_their_last_day_and_only_ones_own_and_the_groups(club: Club) -> None:
    with club.town.world.sessions.begin() as session:
        for whose, size in ((club.ann, 100_000.0), (club.ben, 77_000.0), (club.group, 500_000.0)):
            kept = session.get_one(type(whose), whose.id)
            goals.set_goal(session, kept, Aim("distance", size, None, SOON), TODAY, club.town.clock())
    found = [each for uid, each in club.events().items() if uid.startswith("goal")]
    assert sorted(each["SUMMARY"] for each in found) == ["Goal: 100 km", "Legends together: 500 km"]
    assert {each.decoded("DTSTART") for each in found} == {SOON.end}
    assert {each.decoded("DTEND") for each in found} == {SOON.end + timedelta(1)}


@pytest.mark.parametrize(
    ("zone", "start", "offsets"),
    [
        ("Europe/Brussels", datetime(2027, 3, 10, tzinfo=UTC), {1, 2}),
        ("America/New_York", datetime(2026, 10, 20, tzinfo=UTC), {-4, -5}),
        ("Australia/Sydney", datetime(2027, 3, 20, tzinfo=UTC), {11, 10}),
        ("Asia/Kolkata", datetime(2027, 3, 10, tzinfo=UTC), {5.5}),
    ],
)
def test_digests_come_at_the_same_local_time_before_and_after_the_clocks_change(
    letters: Letters, zone: str, start: datetime, offsets: set[float]
) -> None:
    letters.town.clock.travel_to(start)
    club = Club(letters, zone)
    club.schedule("0 18 * * 0")
    found = [each.decoded("DTSTART") for each in club.events().values()]
    assert len(found) == 10
    assert {(each.hour, each.minute, each.weekday()) for each in found} == {(18, 0, 6)}
    assert {each.utcoffset() / timedelta(hours=1) for each in found} == offsets
    calendar = Calendar.from_ical(read(club.calendar).text)
    assert [str(each["TZID"]) for each in calendar.walk("VTIMEZONE")] == [zone]
    [part] = calendar.walk("VTIMEZONE")
    assert isinstance(part, Timezone)
    described = part.to_tz()
    for each in found:  # the zone as the file itself describes it, without a database of zones
        assert each.replace(tzinfo=described).utcoffset() == each.utcoffset(), each
    with letters.town.world.sessions() as session:
        assert session.get_one(Group, club.group.id).next_digest_at == min(found)


def test_a_digest_that_comes_at_another_time_is_moved_and_not_doubled(club: Club) -> None:
    club.schedule("0 18 * * 0")
    before = club.events()
    club.town.clock.travel(minutes=5)
    club.schedule("0 20 * * 0")
    after = club.events()
    assert before.keys() == after.keys()
    for uid, each in after.items():
        assert each.decoded("DTSTART") - before[uid].decoded("DTSTART") == timedelta(hours=2)
        assert each["SEQUENCE"] > before[uid]["SEQUENCE"]
    club.schedule(None)
    assert club.events() == {}


def test_digests_that_one_has_muted_are_left_out(club: Club) -> None:
    club.schedule("0 18 * * 0")
    with club.town.world.sessions.begin() as session:
        club.place(session).muted_until = club.town.clock() + timedelta(weeks=3)
    assert len(club.events()) == 7
    assert min(each.decoded("DTSTART") for each in club.events().values()).date() == date(2026, 12, 13)


def test_a_program_that_has_it_already_is_told_so(club: Club) -> None:
    club.challenge()
    club.sent()
    for url in (club.calendar, club.digests):
        first = read(url)
        assert first.headers["Cache-Control"] == "private, no-cache"
        tag, since = first.headers["ETag"], first.headers["Last-Modified"]
        club.town.clock.travel(minutes=10)
        again = read(url, If_None_Match=tag)
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
        assert read(url, If_Modified_Since=since).status_code == 304
        assert read(url).content == first.content
        assert read(url).headers["Last-Modified"] == since
        assert requests.head(url, timeout=AT_MOST).headers["ETag"] == tag
    club.challenge()
    changed = read(club.calendar, If_None_Match=tag, If_Modified_Since=since)
    assert changed.status_code == 200
    assert changed.headers["Last-Modified"] > since


def test_something_that_goes_is_a_change_too(club: Club) -> None:
    with club.town.world.sessions.begin() as session:
        ann = session.get_one(Member, club.ann.id)
        goals.set_goal(session, ann, Aim("distance", 100_000.0, None, SOON), TODAY, club.town.clock())
    since = read(club.calendar).headers["Last-Modified"]
    with club.town.world.sessions.begin() as session:
        goals.drop_goal(session, session.get_one(Member, club.ann.id), club.town.clock())
    gone = read(club.calendar, If_Modified_Since=since)
    assert (gone.status_code, "BEGIN:VEVENT" in gone.text) == (200, False)


def items_of(url: str) -> list[dict[str, str]]:
    answer = read(url)
    assert answer.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    tree = ET.fromstring(answer.content)
    return [{part.tag: part.text for part in item} for item in tree.iterfind("channel/item")]


def test_digests_are_told_for_everybody_the_newest_first(club: Club) -> None:
    for member in (club.ann, club.ben):
        club.letters.moved(member, date(2026, 11, 10))
    club.sent(WEEK.moved(-7))
    club.sent()
    newest, older = items_of(club.digests)
    assert newest["title"].startswith("🏁 Legends · 9–15 Nov")
    assert older["title"].startswith("🏁 Legends · 2–8 Nov")
    assert "Ann" in newest["description"]
    assert "You" not in newest["description"]
    assert "<br>" in newest["description"]
    assert newest["guid"].startswith("digest-run-")
    assert newest["pubDate"] == "Wed, 18 Nov 2026 19:00:00 +0000"
    assert "/feeds/" not in read(club.digests).text


def test_digests_show_only_what_the_group_may_see_now(club: Club) -> None:
    for member in (club.ann, club.ben):
        club.letters.moved(member, date(2026, 11, 10))
    club.sent()
    assert "Ben" in items_of(club.digests)[0]["description"]
    with club.town.world.sessions.begin() as session:
        club.place(session, club.ben).hidden = True
    assert "Ben" not in items_of(club.digests)[0]["description"]


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "a & b ]]> <b>",
        "x\u0001y\ufffe\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    ],
)
def test_a_name_is_text_wherever_it_stands(club: Club, name: str) -> None:
    with club.town.world.sessions.begin() as session:
        session.get_one(Group, club.group.id).name = name
    club.schedule("0 18 * * 0")
    club.sent()
    [item] = items_of(club.digests)
    assert "<script" not in item["description"]
    assert "<b>" not in item["description"]
    assert all(each["SUMMARY"].startswith("Digest of") for each in club.events().values())
    assert club.events()


def test_a_line_cannot_be_added_to_a_calendar_by_a_name(club: Club) -> None:
    with club.town.world.sessions.begin() as session:
        session.get_one(Group, club.group.id).name = "x\r\nATTACH:http://evil.example"
    club.schedule("0 18 * * 0")
    assert all("ATTACH" not in each for each in club.events().values())


def test_leaving_the_group_ends_its_digests_and_takes_it_out_of_the_calendar(club: Club) -> None:
    club.challenge()
    url, calendar = club.make(FeedKind.DIGESTS, club.ben), club.make(FeedKind.CALENDAR, club.ben)
    assert [read(url).status_code, "VEVENT" in read(calendar).text] == [200, True]
    with club.town.world.sessions.begin() as session:
        groups.leave(session, club.place(session, club.ben), club.town.clock())
    assert [read(url).status_code, "VEVENT" in read(calendar).text] == [410, False]
    with club.town.world.sessions.begin() as session:
        club.place(session, club.ben).left_at = None  # coming back opens no old address
    assert read(url).status_code == 410


def test_who_is_removed_or_banned_reads_no_more(club: Club) -> None:
    for remove in (roles.kick, roles.ban):
        url = club.make(FeedKind.DIGESTS, club.ben)
        assert read(url).status_code == 200
        with club.town.world.sessions.begin() as session:
            remove(session, club.place(session), club.place(session, club.ben), club.town.clock())
        assert read(url).status_code == 410
        with club.town.world.sessions.begin() as session:
            club.place(session, club.ben).left_at = None


def test_erasing_oneself_leaves_nothing_to_read(club: Club) -> None:
    urls = [club.make(kind, club.ben) for kind in FeedKind]
    with club.town.world.sessions.begin() as session:
        erasure.erase(session, session.get_one(Member, club.ben.id), club.town.clock())
    assert [read(url).status_code for url in urls] == [404, 404]
    assert rows(club.town.world, Feed, member_id=club.ben.id) == []


def test_a_group_that_ends_and_a_number_in_doubt(club: Club) -> None:
    with club.town.world.sessions.begin() as session:
        session.get_one(Member, club.ann.id).doubted_at = club.town.clock()
    assert [read(club.calendar).status_code, read(club.digests).status_code] == [403, 403]
    with club.town.world.sessions.begin() as session:
        session.get_one(Member, club.ann.id).doubted_at = None
        session.get_one(Group, club.group.id).is_active = False
    assert read(club.digests).status_code == 410


def test_an_ended_address_is_forgotten_after_a_month(club: Club) -> None:
    with club.town.world.sessions.begin() as session:
        feeds.end_all(session, session.get_one(Member, club.ann.id), club.town.clock())
    assert read(club.calendar).status_code == 410
    club.town.clock.travel(days=31)
    with club.town.world.sessions.begin() as session:
        retention.sweep_old(session, club.town.clock())
    assert read(club.calendar).status_code == 404


def test_only_the_hash_is_kept_and_one_kind_is_not_the_other(club: Club) -> None:
    token = club.calendar.split("/")[-2]
    assert token not in repr([vars(each) for each in rows(club.town.world, Feed)])
    assert read(club.calendar.replace("calendar.ics", "digests.xml")).status_code == 404
    assert read(club.town.world.settings.base_url + "/feeds/unknown/calendar.ics").status_code == 404


def test_an_address_is_read_sixty_times_an_hour_at_most(club: Club) -> None:
    client = create_app(club.town.world).test_client()
    path = club.calendar.removeprefix(club.town.world.settings.base_url)
    found: list[TestResponse] = [client.get(path) for _ in range(MOST_AN_HOUR + 1)]
    assert [each.status_code for each in found[-2:]] == [200, 429]
    assert found[-1].headers["Retry-After"] == "3600"
    assert read(club.digests).status_code == 200, "each address is counted alone"


def test_without_redis_it_is_still_read(club: Club) -> None:
    away = replace(club.town.world, redis=club.town.world.redis.__class__(port=1))
    path = club.calendar.removeprefix(club.town.world.settings.base_url)
    assert create_app(away).test_client().get(path).status_code == 200


def test_no_address_is_in_a_log(club: Club) -> None:
    written = io.StringIO()
    logs.configure("json", written)
    club.challenge()
    for url in (club.calendar, club.digests):
        read(url)
        read(url.replace("/feeds/", "/feeds/x"))
        logging.getLogger("werkzeug").warning("GET %s", url)
    assert "/feeds/[token]/" in written.getvalue()
    for url in (club.calendar, club.digests):
        assert url.split("/")[-2] not in written.getvalue()


def test_no_feed_sends_a_statement_for_each_row(club: Club) -> None:
    club.schedule("0 18 * * *")
    club.sent()
    client = create_app(club.town.world).test_client()
    for kind, url in ((FeedKind.CALENDAR, club.calendar), (FeedKind.DIGESTS, club.digests)):
        path = url.removeprefix(club.town.world.settings.base_url)
        client.get(path)
        with counted() as few:
            client.get(path)
        for number in range(3):
            club.challenge(name=f"Dash {number}{kind}") if kind is FeedKind.CALENDAR else club.sent(
                WEEK.moved(-7 * (number + 1))
            )
        for number in range(8):
            member = club.letters.member(20 + number + 10 * (kind is FeedKind.CALENDAR))
            club.letters.moved(member, date(2026, 11, 10))
        with counted() as many:
            client.get(path)
        assert len(many) <= MOST_STATEMENTS[kind], (kind, len(few), len(many))
        if kind is FeedKind.CALENDAR:
            assert len(many) <= len(few) + 1, "at most the row of the address is written"
