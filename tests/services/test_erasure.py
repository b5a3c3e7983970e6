"""Being forgotten: what goes, what stays without a name, what the vendor is asked, and what a backup brings back."""

import io
import json
import zipfile
from datetime import timedelta

from sqlalchemy import func, select

from jobs import housekeeping
from models import (
    Activity,
    AuditEvent,
    Base,
    Erasure,
    Group,
    InboundMessage,
    Member,
    MessageEvent,
    OutboundMessage,
)
from services import audit, erasure, exports, retention
from tests.letters import Letters
from tests.scenes import has_moved, runs, start_group
from tests.town import Person, Town
from web.app import create_app


def member_of(town: Town, name: str) -> Member:
    with town.world.sessions() as session:
        return session.scalars(select(Member).where(Member.name == name)).one()


def test_a_copy_has_every_table_that_knows_a_member_and_nothing_that_opens_anything(town: Town, zoe: Person) -> None:
    zoe.says("new group Sunday Legends")
    has_moved(zoe, runs(16))
    about = {table.name for table, _ in exports.tables()}
    knowing = {
        table.name
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "members" for key in column.foreign_keys)
    }
    assert knowing - about == {"exports", "acts"}
    with town.world.sessions() as session, zipfile.ZipFile(io.BytesIO(_copy(session))) as archive:
        text = archive.read("everything.json").decode()
    told = json.loads(text)
    assert {"members", "identities", "memberships", "activities", "garmin_accounts", "audit_events"} <= told.keys()
    assert not any(word in key for rows in told.values() for row in rows for key in row for word in ("hash", "token"))


def test_twilio_is_asked_again_while_a_message_is_under_way(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    with town.world.sessions.begin() as session:
        sid = session.scalar(select(OutboundMessage.sid))
        erasure._ask_vendor(session, [sid, "SM" + "0" * 32], town.clock())
    town.twilio.messages[sid].status = "sending"
    housekeeping.tidy()
    with town.world.sessions() as session:
        waiting = session.get_one(Erasure, sid)
        assert (waiting.problem, waiting.done_at, waiting.tries) == ("20009", None, 1)
        assert session.get_one(Erasure, "SM" + "0" * 32).done_at is not None  # it knows no such message
    town.twilio.messages[sid].status = "delivered"
    town.travel(minutes=3)
    assert sid not in town.twilio.messages
    with town.world.sessions() as session:
        assert session.get_one(Erasure, sid).done_at is not None


def test_it_is_given_up_after_fourteen_days_and_said_so(town: Town) -> None:
    now = town.clock()
    with town.world.sessions.begin() as session:
        erasure._ask_vendor(session, ["SM1"], now)
        assert erasure.due(session, now) == ["SM1"]
        assert erasure.answered(session, "SM1", now + timedelta(days=13), "20009")
        assert not erasure.answered(session, "SM1", now + timedelta(days=15), "20009")
        assert session.get_one(Erasure, "SM1").problem == "20009"


def test_a_group_passes_to_the_longest_serving_admin_or_member_and_ends_with_the_last(
    town: Town, zoe: Person, jose: Person, sara: Person
) -> None:
    start_group(zoe, jose, sara)
    zoe.says("promote سارة")
    for who, heir in (("Zoë", "سارة"), ("سارة", "José"), ("José", None)):
        with town.world.sessions.begin() as session:
            erasure.erase(session, session.scalars(select(Member).where(Member.name == who)).one(), town.clock())
        with town.world.sessions() as session:
            group = session.scalars(select(Group)).one()
            owners = [each.member.name for each in group.memberships if each.role == "owner"]
            assert owners == ([heir] if heir else [])
            assert group.is_active == (heir is not None)


def test_a_restored_backup_brings_nobody_back(town: Town) -> None:
    letters = Letters(town)
    gone, stays = letters.members(2)
    listed = [(gone.id, gone.created_at), (stays.id, stays.created_at - timedelta(days=1)), (999, gone.created_at)]
    with town.world.sessions.begin() as session:
        assert erasure.reapply(session, listed, town.clock()) == 1
    with town.world.sessions.begin() as session:
        assert erasure.reapply(session, listed, town.clock()) == 0
    housekeeping.tidy()
    with town.world.sessions() as session:
        assert session.scalars(select(Member.id)).all() == [stays.id]
        assert list(erasure.listed(session)) == [(gone.id, gone.created_at)]


def test_whoever_stopped_is_forgotten_after_thirty_days_unless_they_write(
    town: Town, zoe: Person, jose: Person
) -> None:
    zoe.says("stop")
    jose.says("stop")
    town.travel(days=29)
    jose.says("me")
    town.travel(days=2)
    housekeeping.sweep()
    housekeeping.tidy()
    with town.world.sessions() as session:
        assert session.scalars(select(Member.name)).all() == ["José"]


def test_things_are_kept_as_long_as_is_said(town: Town, zoe: Person) -> None:
    zoe.says("new group Sunday Legends")
    zoe.says("schedule off")
    has_moved(zoe, runs(16))
    with town.world.sessions.begin() as session:
        now = session.scalar(select(func.now()))  # rows are stamped by the database's clock
        assert set(retention.sweep(session, now + timedelta(days=20)).values()) == {0}
    with town.world.sessions.begin() as session:
        swept = retention.sweep(session, now + timedelta(days=31))
        assert swept["raw"] == 1
        assert session.scalars(select(Activity.raw_data)).all() == [{}]
        assert session.scalars(select(Activity.duration)).all() == [3_600]
    with town.world.sessions.begin() as session:
        retention.sweep(session, now + timedelta(days=400))
        for table in (InboundMessage, OutboundMessage, MessageEvent, AuditEvent):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def test_an_operator_exports_erases_and_lists(town: Town, zoe: Person, tmp_path: object) -> None:
    zoe.says("hi")
    run = create_app(town.world).test_cli_runner()
    archive, erased = tmp_path / "zoe.zip", tmp_path / "erased.tsv"
    assert run.invoke(args=["member", "export", "+32470000001", str(archive)]).exit_code == 0
    assert zipfile.is_zipfile(archive)
    assert run.invoke(args=["member", "export", "+1999", str(archive)]).exit_code == 1
    assert "Erased." in run.invoke(args=["member", "erase", "1", "--yes"]).output
    housekeeping.tidy()
    erased.write_text(run.invoke(args=["member", "erased"]).output)
    assert erased.read_text().startswith("1\t2")
    assert "0 erased again, of 1" in run.invoke(args=["member", "reapply", str(erased)]).output


def test_what_was_done_stays_in_the_audit_without_a_name(town: Town, zoe: Person) -> None:
    zoe.says("new group Sunday Legends")
    member = member_of(town, "Zoë")
    with town.world.sessions.begin() as session:
        audit.note(session, "something", town.clock(), member_id=member.id)
        erasure.erase(session, session.get_one(Member, member.id), town.clock())
    with town.world.sessions() as session:
        events = session.scalars(select(AuditEvent)).all()
        assert {each.member_id for each in events} == {None}
        assert len({each.pseudonym for each in events}) == 1
        assert not any("Zo" in str(each.detail) for each in events)


def _copy(session: object) -> bytes:
    return exports.archive_of(session, session.scalars(select(Member)).one())
