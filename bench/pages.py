"""`python -m bench.load pages`: measures the dashboard for a group of 1,000 members with 300,000 activities.

Postgres itself writes the rows. The pages are made by the app in this process, without HTTP and without a proxy: what
is measured is the time from the request to the whole page, in elapsed milliseconds, so other work on the machine makes
it longer. `statements` are those that a page sends to Postgres.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask.testing import FlaskClient
from sqlalchemy import event

import logs
from bench.figures import percentile
from bench.health import fill_database
from fitness.points import FORMULA
from models import Group, Member, Membership
from providers.clock import read_system_clock
from services.people import sessions
from services.training import records
from web.app import create_app
from web.dashboard.routes import PAGES
from world import World

MEMBERS, EACH, DAYS = 1_000, 300, 420
TIMES = 40
BOARDS = {
    "the_group, this year by distance": "/group?metric=distance&period=this-year",
    "the_group, all": "/group?all=1",
}


def list_statements(members: int, each: int, days: int) -> list[str]:
    """Return statements that write one group of so many members, each with so many activities in the last `days`."""
    at = "CAST(:now AS timestamptz)"
    return [
        f"""
        INSERT INTO members (name, address, locale, units, timezone, quiet_from, quiet_until, preferences,
            last_inbound_at, created_at, updated_at)
        SELECT 'Member ' || n, 'whatsapp:+3247' || lpad(n::text, 7, '0'), 'en', 'metric', 'Europe/Brussels', '21:30',
            '07:30', '{{}}', {at}, {at}, {at}
        FROM generate_series(1, {members}) n
        """,
        f"""
        INSERT INTO groups (name, timezone, digest_schedule, next_digest_at, settings, is_active, created_at,
            updated_at)
        VALUES ('Everybody', 'Europe/Brussels', '0 18 * * 0', {at} + interval '3 days', '{{}}', true, {at}, {at})
        """,
        f"""
        INSERT INTO memberships (group_id, member_id, role, shares, hidden, consented_at, consent_version, joined_at,
            created_at, updated_at)
        SELECT (SELECT id FROM groups), id, CASE WHEN id = (SELECT min(id) FROM members) THEN 'owner' ELSE 'member' END,
            '["sports", "time", "distance", "count", "points", "elevation"]', false, {at} - interval '2 years', '1',
            {at} - interval '2 years', {at}, {at}
        FROM members
        """,
        f"""
        INSERT INTO activities (member_id, source, garmin_activity_id, type, sport, name, start_utc, utc_offset,
            local_date, duration, distance, elevation_gain, manual, points, points_version, processed_metrics, raw_data,
            fingerprint, private, created_at, updated_at)
        SELECT members.id, 'garmin', members.id * 1000 + n, sport.type, sport.name, 'Morning loop', began, 3600,
            began::date, 1800 + members.id * n % 5400, 5000 + members.id * n % 30000, members.id * n % 400, false,
            20 + members.id * n % 80, {FORMULA.version}, '{{}}', '{{}}', md5(members.id || ':' || n), false, {at}, {at}
        FROM members, generate_series(1, {each}) n,
            LATERAL (SELECT {at} - n * {days} / {each} * interval '1 day' - n % 7 * interval '1 hour' AS began) b,
            LATERAL (SELECT (ARRAY['running', 'cycling', 'lap_swimming', 'hiking'])[1 + (members.id + n) % 4] AS type,
                (ARRAY['run', 'ride', 'swim', 'hike'])[1 + (members.id + n) % 4] AS name) sport
        """,
    ]


def measure() -> list[tuple[str, ...]]:
    """Fill a database, open each page so many times, and return the rows of the table."""
    with fill_database(list_statements(MEMBERS, EACH, DAYS)) as world:
        client, paths = _sign_in(world)
        with _counting(world) as sent:
            rows = [_measure_page(client, name, path, sent) for name, path in paths.items()]
    head = ("page", "statements", "p50 (ms)", "p95 (ms)", "slowest (ms)")
    return [(f"{MEMBERS:,} members, {MEMBERS * EACH:,} activities", *[""] * 4), head, *rows]


def _measure_page(client: FlaskClient, name: str, path: str, sent: list[str]) -> tuple[str, ...]:
    took = []
    for _ in range(TIMES + 1):
        sent.clear()
        begun = time.perf_counter()
        answer = client.get(f"/dashboard{path}")
        took.append(1000 * (time.perf_counter() - begun))
        if answer.status_code != 200:
            raise RuntimeError(f"{path} was answered with {answer.status_code}")
    warm = sorted(took[1:])  # the first one compiles the template
    return name, str(len(sent)), *(f"{each:.0f}" for each in (percentile(warm, 50), percentile(warm, 95), warm[-1]))


def _sign_in(world: World) -> tuple[FlaskClient, dict[str, str]]:
    """Return a browser of the group's owner, and the address of each page by its name."""
    now = read_system_clock()
    with world.sessions.begin() as session:
        member = session.query(Member).order_by(Member.id).first()
        group = session.query(Group).one()
        if member is None:
            raise RuntimeError("there are no members")
        records.refresh(session, member.id)
        member.current_group_id = group.id
        _, secret = sessions.begin_in_browser(session, member, "bench", now)
        place = session.query(Membership).filter(Membership.member_id != member.id).first()
        facts = {"<int:group_id>": str(group.id), "<int:place_id>": str(place.id if place else 0)}
    logs.configure("console")
    client = create_app(world).test_client()
    client.set_cookie("dashboard", secret)
    paths = {name: path for name, (path, _) in PAGES.items() if name not in {"confirmation", "digest"}}
    for mark, value in facts.items():
        paths = {name: path.replace(mark, value) for name, path in paths.items()}
    return client, paths | BOARDS


@contextmanager
def _counting(world: World) -> Iterator[list[str]]:
    """Yield the list of statements that are sent in the block."""
    engine, sent = world.sessions.kw["bind"], list[str]()

    def note(_line: object, _cursor: object, statement: str, *_more: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
