"""Lines that come while Postgres is away, and lines whose webhook never came: each is answered once."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import create_engine, event, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import world as worlds
from bot import receiving
from bot.conversation import converse
from config import Settings
from jobs import asking_again
from jobs import spool as spooled
from models import Identity, InboundMessage, Member, OutboundMessage
from models.base import make_sessions, open_engine
from models.vault import Vault, new_key
from providers.messenger import Inbound
from services.delivery import menus
from tests.patience import RUNS_OUT
from tests.town import SENDER, START, Person, Served, Town
from web.app import create_app
from world import World

NOWHERE = "postgresql+psycopg2://postgres@127.0.0.1:1/none"


def without_postgres(town: Town, url: str = NOWHERE) -> World:
    return replace(town.world, sessions=make_sessions(open_engine(url), town.world.vault, town.clock))


def without_redis(world: World) -> World:
    return replace(world, redis=Redis(port=1, retry=Retry(NoBackoff(), 1)))


@contextmanager
def served_by(town: Town, world: World) -> Iterator[None]:
    """Let a web process of this world receive the webhooks."""
    served = Served()
    settings = Settings(**world.settings.model_dump() | {"public_base_url": served.url})
    served.app = create_app(replace(world, settings=settings))
    before, town.twilio.webhook_url = town.twilio.webhook_url, f"{served.url}/webhooks/twilio/inbound"
    yield
    town.twilio.webhook_url = before
    served.server.shutdown()
    served.server.server_close()
    worlds.use(town.world)


@contextmanager
def unheard(town: Town) -> Iterator[None]:
    """Let no webhook arrive."""
    before, town.twilio.webhook_url = town.twilio.webhook_url, "http://127.0.0.1:1/"
    yield
    town.twilio.webhook_url = before


def answers(town: Town) -> dict[int, int]:
    """Return the HTTP statuses of all webhooks so far."""
    return dict(town.twilio.courier.answers)


def texts(person: Person) -> list[str]:
    return [message.text for message in person.phone.heard]


def kept(town: Town) -> list[int]:
    """Return how many lines wait, are being answered, and were set aside."""
    return [town.world.redis.llen(name) for name in (spooled.SPOOL, spooled.TAKEN, spooled.BROKEN)]


def last_heard(town: Town) -> datetime:
    with town.world.sessions() as session:
        return session.scalar(select(Member.last_inbound_at))


def spool(town: Town, *numbers: int, at: datetime = START) -> None:
    """Store lines of Zoë's as if they had been kept while Postgres was away."""
    town.phones.by_number["+32470000001"].last_inbound_at = START
    for number in numbers:
        receiving.spool(town.world, inbound(number), at)


def inbound(number: int = 1, line: str = "help") -> Inbound:
    return Inbound(f"SM{number:032x}", "+32470000001", None, "Zoë", line, media=(("https://x/1", "image/png"),))


def test_a_line_is_kept_while_postgres_is_away_and_answered_once_when_it_is_back(town: Town, zoe: Person) -> None:
    with served_by(town, without_postgres(town)):
        zoe.phone.says("new group Lost and Found")
        zoe.phone.repeats(zoe.phone.says("leaderboard secret"))
    assert answers(town) == {200: 3}
    assert kept(town) == [3, 0, 0]
    town.clock.travel(minutes=5)
    town.tick()
    assert kept(town) == [0, 0, 0]
    assert "Lost and Found" in texts(zoe)[0]
    assert len(texts(zoe)) == 2
    assert last_heard(town) == START
    with town.world.sessions() as session:
        assert session.query(InboundMessage).count() == 2
    town.tick()
    assert len(texts(zoe)) == 2


def test_a_first_line_that_others_get_in_the_way_of_too_often_is_kept(town: Town) -> None:
    """As when a newcomer's first lines come at once: each try finds the number taken by a
    transaction that is then rolled back.
    """
    world = town.world
    colliding = make_sessions(world.sessions.kw["bind"], world.vault, town.clock)

    @event.listens_for(colliding, "before_flush")
    def collide(session: Session, *_: object) -> None:
        if any(isinstance(each, Identity) for each in session.new):
            raise IntegrityError("INSERT INTO identities", {}, Exception("identities_kind_value_key"))

    assert receiving.hear(replace(world, sessions=colliding), inbound())
    assert kept(town) == [1, 0, 0]
    assert receiving.ingest.body(world) == 1
    with world.sessions() as session:
        assert session.scalars(select(InboundMessage.command)).all() == ["help"]


def test_what_is_kept_cannot_be_read_in_redis(town: Town, zoe: Person) -> None:
    with served_by(town, without_postgres(town)):
        zoe.phone.says("leaderboard secret")
    [sealed] = town.world.redis.lrange(spooled.SPOOL, 0, -1)
    for readable in (b"secret", b"leaderboard", b"32470000001", "Zoë".encode()):
        assert readable not in sealed
    facts = json.loads(town.world.vault.open(spooled.PURPOSE, spooled.OWNER, sealed))
    assert facts["inbound"]["line"] == "leaderboard secret"


def test_lines_are_taken_up_oldest_first(town: Town, zoe: Person) -> None:
    with served_by(town, without_postgres(town)):
        for line in ("new group First", "schedule mon 08:00", "schedule tue 09:00", "schedule"):
            zoe.phone.says(line)
            town.clock.travel(seconds=1)
    town.tick()
    assert ["First" in texts(zoe)[0], "Monday" in texts(zoe)[1], "Tuesday" in texts(zoe)[2]] == [True] * 3
    assert "every Tuesday at 09:00" in texts(zoe)[3]
    assert last_heard(town) == START + timedelta(seconds=3)


def test_when_redis_is_away_too_the_vendor_must_try_again(town: Town, zoe: Person) -> None:
    nowhere = without_redis(without_postgres(town))
    with served_by(town, nowhere):
        zoe.phone.says("help")
    assert answers(town) == {503: 1}
    assert receiving.hear(nowhere, inbound()) is False
    assert kept(town) == [0, 0, 0]


def test_with_only_redis_away_a_line_is_answered_when_the_tick_comes(town: Town, zoe: Person) -> None:
    with served_by(town, without_redis(town.world)):
        zoe.phone.says("help")
    assert answers(town) == {200: 1}
    town.tick()
    assert len(texts(zoe)) == 1


def test_a_database_that_only_reads_is_as_good_as_away(town: Town, zoe: Person) -> None:
    engine = open_engine(town.world.settings.database_url, "-c default_transaction_read_only=on")
    world = replace(town.world, sessions=make_sessions(engine, town.world.vault, town.clock))
    with served_by(town, world):
        zoe.phone.says("help")
    engine.dispose()
    assert answers(town) == {200: 1}
    assert kept(town) == [1, 0, 0]
    town.tick()
    assert len(texts(zoe)) == 1


def test_a_database_without_a_free_connection_is_as_good_as_away(town: Town) -> None:
    engine = create_engine(town.world.settings.database_url, pool_size=1, max_overflow=0, pool_timeout=RUNS_OUT)
    world = replace(town.world, sessions=make_sessions(engine, town.world.vault, town.clock))
    with engine.connect():
        assert receiving.hear(world, inbound())
    engine.dispose()
    assert kept(town) == [1, 0, 0]


def test_a_worker_that_dies_between_leaves_the_line_to_the_next(town: Town, zoe: Person) -> None:
    spool(town, 1, 2, 3)
    for _ in range(2):
        town.world.redis.lmove(spooled.SPOOL, spooled.TAKEN, "RIGHT", "LEFT")
    converse(town.world, inbound(1), START)
    town.rest()
    assert len(texts(zoe)) == 1
    town.tick()
    assert len(texts(zoe)) == 3
    assert kept(town) == [0, 0, 0]


def test_many_who_take_up_at_once_answer_each_line_once(town: Town, zoe: Person) -> None:
    spool(town, *range(1, 13))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: receiving.ingest(), range(4)))
    town.rest()
    assert kept(town) == [0, 0, 0]
    assert len(texts(zoe)) == 12


def test_a_line_that_cannot_be_read_is_set_aside_and_those_behind_it_are_answered(town: Town, zoe: Person) -> None:
    strange = json.dumps({"inbound": {"sid": "SM1", "hat": "green"}, "at": START.isoformat()})
    bad = [
        b"nonsense",
        town.world.vault.seal(spooled.PURPOSE, "somebody else", strange),
        town.world.vault.seal(spooled.PURPOSE, spooled.OWNER, "{"),
        town.world.vault.seal(spooled.PURPOSE, spooled.OWNER, strange),
        town.world.vault.seal(spooled.PURPOSE, spooled.OWNER, "[]"),
    ]
    for sealed in bad:
        town.world.redis.lpush(spooled.SPOOL, sealed)
    spool(town, 1)
    town.tick()
    assert len(texts(zoe)) == 1
    assert kept(town) == [0, 0, len(bad)]
    assert set(town.world.redis.lrange(spooled.BROKEN, 0, -1)) == set(bad)


def with_ring(town: Town, ring: str) -> World:
    vault = Vault.from_text(ring, *town.world.settings.secrets)
    return replace(town.world, vault=vault, sessions=make_sessions(town.world.sessions.kw["bind"], vault, town.clock))


def waiting(town: Town) -> int:
    return town.world.redis.zcard(receiving.WAITING)


def test_a_line_whose_key_is_not_there_yet_is_answered_when_it_is(
    town: Town, zoe: Person, capsys: pytest.CaptureFixture
) -> None:
    ring = new_key("t9")
    receiving.spool(with_ring(town, ring), inbound(1), START)
    spool(town, 2)
    for _ in range(3):
        town.tick()
    assert len(texts(zoe)) == 1, "those behind it are answered"
    assert (kept(town), waiting(town)) == ([0, 0, 0], 1)
    told = [line for line in capsys.readouterr().out.splitlines() if "unknown key" in line]
    assert len(told) == 3
    assert all("[error" in line and "key=t9" in line for line in told)
    assert receiving.count_kept_by_key(town.world.redis) == {"t9": 1}
    both = f"{town.world.settings.data_keys.get_secret_value()},{ring}"
    worlds.use(with_ring(town, both))
    town.tick()
    assert len(texts(zoe)) == 2
    assert (kept(town), waiting(town)) == ([0, 0, 0], 0)


def test_a_line_whose_key_never_comes_is_set_aside_after_six_hours(town: Town, zoe: Person) -> None:
    receiving.spool(with_ring(town, new_key("t9")), inbound(1), START)
    town.tick()
    town.clock.travel(hours=6)
    assert waiting(town) == 1
    town.clock.travel(seconds=1)
    town.tick()
    assert (kept(town), waiting(town), texts(zoe)) == ([0, 0, 1], 0, [])


def test_a_number_under_a_menu_that_cannot_be_opened_yet_is_kept_and_then_understood(town: Town, zoe: Person) -> None:
    zoe.says("new group First")
    zoe.says("hi")
    ring = new_key("t9")
    both = with_ring(town, f"{ring},{town.world.settings.data_keys.get_secret_value()}")
    with both.sessions.begin() as session:
        for row in session.scalars(select(OutboundMessage).where(OutboundMessage.offers.is_not(None))):
            row.offers = both.vault.seal(menus.PURPOSE, row.id, both.vault.open(menus.PURPOSE, row.id, row.offers))
    before = zoe.count()
    zoe.says("1")
    assert (zoe.count(), kept(town), answers(town).keys()) == (before, [1, 0, 0], {200, 204})
    town.tick()
    assert (zoe.count(), waiting(town)) == (before, 1)
    worlds.use(both)
    town.tick()
    assert (zoe.count(), waiting(town)) == (before + 1, 0)
    assert "Open this page" in zoe.heard, "the first button was Connect Garmin"


def test_setting_a_line_aside_leaves_what_another_worker_has_taken(town: Town, zoe: Person) -> None:
    town.world.redis.lpush(spooled.TAKEN, b"bad")
    spool(town, 1)
    town.world.redis.lmove(spooled.SPOOL, spooled.TAKEN, "RIGHT", "LEFT")
    receiving._set_aside(town.world, b"bad")
    assert town.world.redis.lrange(spooled.BROKEN, 0, -1) == [b"bad"]
    town.tick()
    assert len(texts(zoe)) == 1


def test_when_postgres_goes_away_again_no_line_is_lost(town: Town, zoe: Person) -> None:
    spool(town, 1, 2)
    worlds.use(without_postgres(town))
    for _ in range(2):
        receiving.ingest()
        assert sum(kept(town)[:2]) == 2
    worlds.use(town.world)
    town.tick()
    assert len(texts(zoe)) == 2
    assert kept(town) == [0, 0, 0]


def test_an_older_line_does_not_turn_the_clock_of_the_24_hours_back(town: Town, zoe: Person) -> None:
    spool(town, 1, at=START - timedelta(minutes=30))
    zoe.says("help")
    assert last_heard(town) == START
    town.tick()
    assert len(texts(zoe)) == 2
    assert last_heard(town) == START


def test_a_stop_that_was_kept_is_obeyed(town: Town, zoe: Person) -> None:
    zoe.says("help")
    with served_by(town, without_postgres(town)):
        zoe.phone.says("stop")
    town.tick()
    with town.world.sessions() as session:
        assert session.scalar(select(Member.opted_out_at)) is not None


def test_a_line_whose_webhook_never_came_is_found_in_the_vendors_list(town: Town, zoe: Person, jose: Person) -> None:
    with unheard(town):
        missed = [zoe.phone.says("new group First"), jose.phone.says("help")]
        town.clock.travel(seconds=2)
        zoe.phone.says("schedule tue 09:00")
    zoe.phone.says("groups")
    town.clock.travel(minutes=6)
    town.tick()
    assert len(texts(zoe)) == 3
    assert "✅ Every Tuesday at 09:00" in texts(zoe)[2], "oldest first, or there would be no group"
    assert len(texts(jose)) == 1
    with town.world.sessions() as session:
        heard_at = session.scalars(select(Member.last_inbound_at).order_by(Member.last_inbound_at)).all()
    assert heard_at == [START, START + timedelta(seconds=2)], "not when it was found"
    for person, sid in zip((zoe, jose), missed, strict=True):
        person.phone.repeats(sid)
    town.clock.travel(minutes=6)
    town.tick()
    assert (len(texts(zoe)), len(texts(jose))) == (3, 1)


def test_what_was_written_long_ago_is_not_answered_any_more(town: Town, zoe: Person) -> None:
    with unheard(town):
        zoe.phone.says("help")
        town.clock.travel(hours=3)
        zoe.phone.says("groups")
    town.clock.travel(hours=3, seconds=1)
    town.tick()
    assert len(texts(zoe)) == 1
    assert "group" in texts(zoe)[0]


def test_a_webhook_that_may_still_be_on_its_way_is_waited_for(town: Town, zoe: Person) -> None:
    zoe.says("help")
    town.clock.travel(minutes=6)
    with unheard(town):
        sid = zoe.phone.taps(zoe.buttons[0])
    town.tick()
    assert len(texts(zoe)) == 1, "the list knows a tap only by its label"
    zoe.phone.repeats(sid)
    town.rest()
    assert len(texts(zoe)) == 2


def test_the_vendor_is_asked_every_five_minutes_and_may_be_away(town: Town, zoe: Person) -> None:
    def asked() -> int:
        return sum(1 for each in town.twilio.journal if each.method == "GET" and each.params.get("To") == SENDER)

    with unheard(town):
        zoe.phone.says("help")
    town.clock.travel(minutes=1)
    town.twilio.faults.list_status = 503
    receiving.ingest()
    assert asked() == 1
    assert town.world.redis.ttl(asking_again.BACKFILL) < asking_again.SOON, (
        "so that it is known soon whether it is well again"
    )
    [bell] = town.world.redis.zrange("rq:scheduler:scheduled_jobs", 0, -1)
    assert bell.startswith(b"bot-receiving-ingest-")
    town.twilio.faults.list_status = None
    town.world.redis.delete(asking_again.BACKFILL)
    town.tick()
    assert asked() == 2
    assert len(texts(zoe)) == 1
    for _ in range(3):
        receiving.ingest()
    assert asked() == 2
    assert 0 < town.world.redis.ttl(asking_again.BACKFILL) <= 300


def test_many_missed_lines_cost_one_query(town: Town, zoe: Person) -> None:
    with unheard(town):
        for _ in range(30):
            zoe.phone.says("help")
    town.clock.travel(minutes=1)
    asked = []
    engine = town.world.sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", lambda *facts: asked.append(facts[2]))
    receiving.ingest()
    looks = [each for each in asked if each.startswith("SELECT inbound_messages.sid")]
    assert len([each for each in looks if " IN " in each]) == 1
    with town.world.sessions() as session:
        assert session.scalar(text("SELECT count(*) FROM inbound_messages")) == 30
