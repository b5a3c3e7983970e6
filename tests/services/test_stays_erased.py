"""Erased members stay erased: a late copy of what they wrote is not read, and no picture shows them."""

import re
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
import requests
from sqlalchemy import select, text

from jobs import asking_again, housekeeping, pictures, spool
from models import Base, CountedEvent, Erasure, Media, Member, ShownMember
from models.erasures import SID_HASH, hashed_sid
from providers.messenger import Inbound
from services.data import erasure, retention
from services.digest import media
from tests.conversations.test_digest import come_to_sunday, runners
from tests.jobs.test_receiving import served_by, unheard, without_postgres
from tests.patience import AT_MOST
from tests.scenes import has_moved, runs, start_group
from tests.services.test_coming_back import erases_everything
from tests.town import Person, Town


def names(town: Town) -> list[str]:
    with town.world.sessions() as session:
        return list(session.scalars(select(Member.name).order_by(Member.id)))


def asks_twilio(town: Town) -> None:
    """Let some minutes pass, and let the tick ask Twilio for missed lines."""
    town.world.redis.delete(asking_again.BACKFILL)
    town.travel(minutes=6)


def test_a_line_that_twilio_still_keeps_makes_nobody_a_member_again(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    with unheard(town):
        sid = zoe.phone.says("new group Sunday Legends")
    town.clock.travel(seconds=30)
    erases_everything(zoe)
    asks_twilio(town)
    assert names(town) == []
    assert sid not in town.twilio.messages, "and Twilio's copy is deleted as well"
    assert "Zoë" in zoe.says("hi"), "whoever writes again begins anew"
    with unheard(town):
        zoe.phone.says("new group Monday Legends")
    asks_twilio(town)
    assert "Monday Legends" in zoe.heard, "what is written afterwards is heard"


@pytest.mark.parametrize("minutes", [5, -5, 14])
def test_clocks_that_differ_make_nobody_a_member_again(town: Town, zoe: Person, minutes: int) -> None:
    """Twilio's clock says when a line was written, and our clock when its writer was erased."""
    zoe.says("hi")
    town.twilio.now = lambda: town.clock() + timedelta(minutes=minutes)
    with unheard(town):
        zoe.phone.says("new group Sunday Legends")
    town.twilio.now = town.clock
    town.clock.travel(seconds=30)
    erases_everything(zoe)
    town.travel(minutes=10)
    asks_twilio(town)
    assert names(town) == []


def test_who_writes_some_time_after_the_erasure_is_heard_though_the_webhook_never_came(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    erases_everything(zoe)
    town.travel(minutes=20)
    with unheard(town):
        zoe.phone.says("hi")
    asks_twilio(town)
    assert names(town) == ["friend"], "Twilio's list does not tell the name"


@pytest.mark.parametrize("is_deleted", [False, True], ids=["while Twilio keeps it", "after Twilio has deleted it"])
def test_a_webhook_that_is_repeated_after_the_erasure_is_not_heard(town: Town, zoe: Person, is_deleted: bool) -> None:
    sid = zoe.phone.says("new group Sunday Legends")
    town.rest()
    if not is_deleted:
        town.twilio.messages[sid].status = "sending"
    erases_everything(zoe)
    with town.world.sessions() as session:
        row = session.get(Erasure, hashed_sid(session, sid) if is_deleted else sid)
        assert row is not None
        assert (row.done_at is not None) == is_deleted
    assert zoe.phone.repeats(sid) == 200
    town.rest()
    assert names(town) == []
    zoe.says("hi")
    assert zoe.phone.repeats(sid) == 200
    assert zoe.says("groups").startswith("You're in no group yet.")


def test_a_line_that_lies_in_redis_is_dropped(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    with served_by(town, without_postgres(town)):
        zoe.phone.says("new group Sunday Legends")
    kept = town.world.redis.lpop(spool.SPOOL)
    erases_everything(zoe)
    town.world.redis.lpush(spool.SPOOL, kept)
    town.tick()
    assert names(town) == []
    assert [town.world.redis.llen(name) for name in (spool.SPOOL, spool.TAKEN, spool.BROKEN)] == [0, 0, 0]


def test_what_was_set_aside_in_redis_goes_with_its_writer(town: Town, zoe: Person, jose: Person) -> None:
    zoe.says("hi")
    for person in (zoe, jose):
        line = Inbound("SM" + person.phone.number[1:].zfill(32), person.phone.number, None, person.phone.name, "hello")
        town.world.redis.lpush(
            spool.BROKEN, spool.seal_webhook(town.world.vault, {"inbound": asdict(line)}, town.clock())
        )
    town.world.redis.lpush(spool.BROKEN, b"not ours")
    erases_everything(zoe)
    left = town.world.redis.lrange(spool.BROKEN, 0, -1)
    assert len(left) == 2
    assert left[0] == b"not ours"
    assert "José" in str(spool.open_webhook(town.world.vault, left[1])[0])


def test_ids_that_an_earlier_release_kept_are_hashed(town: Town) -> None:
    now = town.clock()
    with town.world.sessions.begin() as session:
        done = {"asked_at": now, "next_try_at": now, "done_at": now}
        session.add_all([Erasure(sid="SM" + "1" * 32, **done), Erasure(sid="SM" + "2" * 32, **done)])
        session.flush()
        session.add(Erasure(sid=hashed_sid(session, "SM" + "2" * 32), **done))
    with town.world.sessions.begin() as session:
        retention.sweep_old(session, now)
    with town.world.sessions() as session:
        kept = set(session.scalars(select(Erasure.sid)))
        assert kept == {hashed_sid(session, "SM" + "1" * 32), hashed_sid(session, "SM" + "2" * 32)}
        assert {len(each) for each in kept} == {SID_HASH}


def test_a_digest_picture_and_a_share_page_show_them_no_longer(town: Town, zoe: Person, jose: Person) -> None:
    runners(zoe, jose)
    come_to_sunday(town, zoe, jose)
    pages = [re.search(r"https?://\S+/s/\S+", zoe.says("share digest"))[0]]
    jose.says("wrapped this month")
    seen = [message.media_url for person in (zoe, jose) for message in person.phone.heard if message.media_url]
    assert len(seen) >= 3
    assert {requests.get(url, timeout=AT_MOST).status_code for url in seen} == {200}
    with town.world.sessions() as session:
        jose_id = session.scalars(select(Member.id).where(Member.name == "José")).one()
        theirs = set(session.scalars(select(ShownMember.token_hash).where(ShownMember.member_id == jose_id)))
    assert len(theirs) >= 2, "the digest's, in both lights, and his own"
    erases_everything(jose)
    with town.world.sessions() as session:
        assert theirs.isdisjoint(session.scalars(select(Media.token_hash)))
        assert session.scalars(select(ShownMember).where(ShownMember.member_id == jose_id)).all() == []
    assert 404 in {requests.get(url, timeout=AT_MOST).status_code for url in seen}
    page = requests.get(pages[0], timeout=AT_MOST).text
    assert "Zoë" in page
    assert "José" not in page


def test_a_picture_that_is_drawn_after_the_erasure_is_not_kept(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    with town.world.sessions() as session:
        jose_id = session.scalars(select(Member.id).where(Member.name == "José")).one()
    bar = {"place": 1, "name": "José", "value": 60.0, "label": "1h"}
    chart: dict[str, Any] = {"title": "Legends", "subtitle": "", "bars": [bar], "shows": [jose_id]}
    pictures.draw_once(town.world, chart)
    with town.world.sessions.begin() as session:
        erasure.erase(session, session.get_one(Member, jose_id), town.clock())
    with pytest.raises(media.ShowsErased):
        pictures.draw_once(town.world, chart)
    housekeeping.tidy()
    with pytest.raises(media.ShowsErased):
        pictures.draw_once(town.world, chart)


def test_a_day_later_nothing_of_them_is_in_any_table_but_a_hash_beside_a_ban(
    town: Town, zoe: Person, jose: Person
) -> None:
    code = start_group(zoe, jose)
    has_moved(jose, runs(16))
    zoe.says("ban José")
    zoe.taps("Yes, ban")
    jose.says(f"join {code}")
    jose.says("feedback Canary words")
    erases_everything(jose)
    town.travel(hours=2)
    zoe.says("schedule off")
    town.clock.travel(days=1, seconds=1)
    with town.world.sessions.begin() as session:
        retention.sweep_old(session, town.clock())
        assert session.scalars(select(CountedEvent)).all() == []
        everything = {
            table.name: str(session.execute(text(f"SELECT t::text FROM {table.name} t")).all())
            for table in Base.metadata.sorted_tables
        }
    found = {name for name, rows in everything.items() for word in ("34600000002", "José", "Canary") if word in rows}
    assert found == set()
    assert len(re.findall(r"[0-9a-f]{64}", everything["ban_addresses"])) == 1
    town.clock.travel(days=30)
    with town.world.sessions.begin() as session:
        retention.sweep_old(session, town.clock() + timedelta(minutes=1))
        assert session.scalars(select(Erasure)).all() == []
