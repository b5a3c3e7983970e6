"""Erasing a member: what is deleted, what is kept without a name, what the vendor is asked to
delete, and restored backups.
"""

import io
import json
import re
import secrets
import zipfile
from datetime import date, datetime, time, timedelta
from uuid import uuid4

from sqlalchemy import Column, Table, Uuid, func, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from jobs import housekeeping
from models import (
    Activity,
    AuditEvent,
    Base,
    Challenge,
    DigestRun,
    Erasure,
    Group,
    InboundMessage,
    Kudos,
    Member,
    MessageEvent,
    OutboundMessage,
)
from models.base import EnumColumn, UtcDateTime
from models.erasures import hashed_sid
from services.data import erasure, exports, retention, vendor_copies
from services.ground import audit
from tests.letters import Letters
from tests.scenes import has_moved, november, runs, start_group
from tests.town import START, Person, Town
from web.app import create_app


def member_of(town: Town, name: str) -> Member:
    with town.world.sessions() as session:
        return session.scalars(select(Member).where(Member.name == name)).one()


def erasure_of(session: Session, sid: str) -> Erasure:
    """Return the row about a message that the vendor has deleted or was asked to delete."""
    return session.get_one(Erasure, hashed_sid(session, sid))


def test_a_copy_has_every_table_that_knows_a_member_and_nothing_that_opens_anything(town: Town, zoe: Person) -> None:
    zoe.says("new group Sunday Legends")
    has_moved(zoe, runs(16))
    about = {table.name for table, _ in exports.list_tables()}
    knowing = {
        table.name
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "members" for key in column.foreign_keys)
    }
    assert knowing - about == {"exports", "acts", "sign_in_codes", "confirmations", "kept_answers", "webhook_messages"}
    with town.world.sessions() as session, zipfile.ZipFile(io.BytesIO(_copy(session))) as archive:
        text = archive.read("everything.json").decode()
    told = json.loads(text)
    assert {"members", "identities", "memberships", "activities", "garmin_accounts", "audit_events"} <= told.keys()
    assert not any(word in key for rows in told.values() for row in rows for key in row for word in ("hash", "token"))


def test_twilio_is_asked_again_while_a_message_is_under_way(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    with town.world.sessions.begin() as session:
        sid = session.scalar(select(OutboundMessage.sid))
        vendor_copies.have_deleted(session, [sid, "SM" + "0" * 32], town.clock())
    town.twilio.messages[sid].status = "sending"
    housekeeping.tidy()
    with town.world.sessions() as session:
        waiting = session.get_one(Erasure, sid)
        assert (waiting.problem, waiting.done_at, waiting.tries) == ("20009", None, 1)
        assert erasure_of(session, "SM" + "0" * 32).done_at is not None  # the vendor has no such message
    town.twilio.messages[sid].status = "delivered"
    town.travel(minutes=3)
    assert sid not in town.twilio.messages
    with town.world.sessions() as session:
        assert erasure_of(session, sid).done_at is not None
        assert session.get(Erasure, sid) is None, "the id is not kept, only its hash"


def test_it_is_given_up_after_fourteen_days_and_said_so(town: Town) -> None:
    now = town.clock()
    with town.world.sessions.begin() as session:
        vendor_copies.have_deleted(session, ["SM1"], now)
        assert vendor_copies.take_due_messages(session, now) == ["SM1"]
        assert vendor_copies.note_vendor_answer(session, "SM1", now + timedelta(days=13), "20009")
        assert not vendor_copies.note_vendor_answer(session, "SM1", now + timedelta(days=15), "20009")
        assert erasure_of(session, "SM1").problem == "20009"


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
        assert erasure.erase_again(session, listed, town.clock()) == 1
    with town.world.sessions.begin() as session:
        assert erasure.erase_again(session, listed, town.clock()) == 0
    housekeeping.tidy()
    with town.world.sessions() as session:
        assert session.scalars(select(Member.id)).all() == [stays.id]
        assert list(erasure.list_erased(session)) == [(gone.id, gone.created_at)]


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
        assert set(retention.sweep_old(session, START + timedelta(days=20)).values()) == {0}
    with town.world.sessions.begin() as session:
        swept = retention.sweep_old(session, START + timedelta(days=31))
        assert swept["raw"] == 1
        assert session.scalars(select(Activity.raw_data)).all() == [{}]
        assert session.scalars(select(Activity.duration)).all() == [3_600]
    with town.world.sessions.begin() as session:
        retention.sweep_old(session, START + timedelta(days=400))
        for table in (InboundMessage, OutboundMessage, MessageEvent, AuditEvent):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def test_a_line_that_lacked_something_is_kept_for_an_hour_and_a_quarter_at_most(town: Town, zoe: Person) -> None:
    zoe.says("new group")
    assert member_of(town, "Zoë").unfinished == "new group"
    town.travel(minutes=13)  # 19:13; the sweep runs at 17 minutes past the hour
    town.travel(minutes=4)
    assert member_of(town, "Zoë").unfinished is None


def test_kind_words_are_kept_a_day_when_read_and_a_month_when_not(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)

    def kept() -> list[str]:
        with town.world.sessions.begin() as session:
            retention.sweep_old(session, town.clock())
            return list(session.scalars(select(Kudos.words).order_by(Kudos.words)))

    zoe.says("kudos José read")
    jose.says("groups")
    zoe.says("kudos José unread")
    town.clock.travel(hours=23)
    assert kept() == ["read", "unread"]
    town.clock.travel(hours=2)
    assert kept() == ["unread"]
    town.clock.travel(days=30)
    assert kept() == []


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


def _copy(session: Session) -> bytes:
    return exports.pack_archive(session, session.scalars(select(Member)).one())


# JSON columns have no foreign keys to members. Each of these is deleted or emptied with its row, unless a comment says
# otherwise.
AS_JSON = {
    "acts.before",
    "activities.processed_metrics",
    "activities.raw_data",
    "api_sessions.scopes",  # deleted with its member, as a personal token's row is
    "audit_events.detail",  # ids and settings; the link to the member is removed
    "challenges.result",  # `erasure._forget_figures`
    "confirmations.act",  # ids and choices, deleted a day later, or with its member or browser
    "digest_runs.content",  # `erasure._forget_figures`
    "groups.settings",
    "members.preferences",
    "memberships.shares",
    "message_events.detail",
    "outbound_messages.old_sids",
    "personal_tokens.scopes",
    "webhooks.events",  # deleted with its member too
    "webhooks.group_ids",
}


def test_whoever_is_forgotten_is_in_no_table(town: Town, zoe: Person, jose: Person) -> None:
    """Store a row in each column that points to a member, in all tables of the current schema."""
    start_group(zoe, jose)
    jose_id, zoe_id = member_of(town, "José").id, member_of(town, "Zoë").id
    with town.world.sessions.begin() as session:
        for table, column in pointing_to_members():
            if (table.name, column.name) != ("memberships", "member_id"):
                fill(session, table, zoe_id, town.clock(), **{column.name: jose_id})
    with town.world.sessions.begin() as session:
        session.execute(update(OutboundMessage).values(state="delivered", content=None))
        erasure.erase(session, session.get_one(Member, jose_id), town.clock())
    assert {table for table, column in kept(town, jose_id)} <= erasure.LATER
    housekeeping.tidy()
    assert kept(town, jose_id) == []
    with town.world.sessions() as session:
        assert session.get(Member, jose_id) is None
        assert session.get(Member, zoe_id) is not None


def test_what_could_keep_a_member_is_known() -> None:
    """A new column with a member's id needs a foreign key; a new JSON column must be listed with how it is erased."""
    columns = [(table, column) for table in Base.metadata.sorted_tables for column in table.columns]
    keyless = {
        f"{table.name}.{column.name}"
        for table, column in columns
        if re.search("member|person|_by_id$", column.name) and "id" in column.name and not column.foreign_keys
    }
    assert keyless == {"erased.member_id"}
    hashed = {f"{table.name}.{column.name}" for table, column in columns if "address" in column.name}
    assert hashed - {"members.address"} == {
        "ban_addresses.address_hash",  # while the group lasts: `services.people.bans`
        "counted_events.address_hash",  # for a day: `services.ground.limits`
    }
    as_json = {f"{table.name}.{column.name}" for table, column in columns if isinstance(column.type, JSONB)}
    assert as_json == AS_JSON


def test_digests_and_challenges_forget_what_the_forgotten_had(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(16))
    has_moved(jose, runs(17))
    zoe.says("challenge new distance this week")
    zoe.says("yes")
    jose.says("challenge join 1")
    town.travel_to(november(22, 20))  # the digest is made
    town.travel_to(november(25))  # the digest is frozen, and the challenge is judged
    mine, theirs = str(member_of(town, "José").id), str(member_of(town, "Zoë").id)
    with town.world.sessions() as session:
        assert mine in session.scalars(select(DigestRun)).first().content["final"]["values"]
        assert mine in session.scalars(select(Challenge)).one().result["values"]
    with town.world.sessions.begin() as session:
        erasure.erase(session, session.get_one(Member, int(mine)), town.clock())
    with town.world.sessions() as session:
        for run in session.scalars(select(DigestRun).where(DigestRun.content.is_not(None))):
            for each in (run.content, run.content.get("final", run.content)):
                assert theirs in each["values"]
                assert mine not in each["values"]
                assert int(mine) not in each["visible"]
            assert mine not in run.content["places"]
        result = session.scalars(select(Challenge)).one().result
        assert (list(result["values"]), list(result["places"])) == ([theirs], [theirs])


def test_whoever_runs_a_group_by_now_is_told(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    with town.world.sessions.begin() as session:
        erasure.erase(session, session.scalars(select(Member).where(Member.name == "Zoë")).one(), town.clock())
    town.travel(minutes=1)
    assert jose.heard.startswith("You run *Sunday Legends* now.")


def test_whoever_guesses_the_code_five_times_waits_and_is_told_so(town: Town, zoe: Person) -> None:
    """Then even the right code is refused; but further tries do not prolong the wait."""
    code = int(re.search(r"DELETE (\d{4})", zoe.says("delete me"))[1])
    for wrong in range(1, 6):
        assert zoe.says(f"DELETE {(code - 1000 + wrong) % 9000 + 1000}").startswith("That is not the code")
    assert zoe.says(f"DELETE {code}").startswith("Five wrong codes. I look at no code for 10 minutes. Nothing was")
    for left in (8, 6, 4, 2):
        town.clock.travel(minutes=2)
        code = re.search(r"DELETE (\d{4})", zoe.says("delete me"))[1]
        assert zoe.says(f"DELETE {code}").startswith(f"Five wrong codes. I look at no code for {left} minutes.")
    town.clock.travel(minutes=2)
    assert zoe.says(f"DELETE {code}").startswith("Everything is erased")


def pointing_to_members() -> list[tuple[Table, Column]]:
    return [
        (table, column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "members" for key in column.foreign_keys)
    ]


def kept(town: Town, member_id: int) -> list[tuple[str, str]]:
    """Return the columns in which a member's id still occurs."""
    with town.world.sessions() as session:
        return [
            (table.name, column.name)
            for table, column in pointing_to_members()
            if session.scalar(select(func.count()).select_from(table).where(column == member_id))
        ]


def fill(session: Session, table: Table, other: int, now: datetime, **given: object) -> object:
    """Insert a row with a value in each required column, together with the rows that it refers to. Returns its key."""
    for column in table.columns:
        if column.name in given or column.nullable or column.server_default or column.default or column.identity:
            continue
        key = next(iter(column.foreign_keys), None)
        if key is None:
            given[column.name] = some(column.type, now)
        elif key.column.table.name == "members":
            given[column.name] = other
        else:
            given[column.name] = fill(session, key.column.table, other, now)
    made = session.execute(insert(table).values(given).returning(*table.primary_key.columns))
    return made.first()[0]


def some(kind: TypeEngine, now: datetime) -> object:
    """Return a value of this type."""
    if isinstance(kind, EnumColumn):
        return next(iter(kind.kind))
    if isinstance(kind, JSONB | UtcDateTime):
        return {} if isinstance(kind, JSONB) else now
    values = {
        date: now.date(), str: secrets.token_hex(5), int: secrets.randbelow(10**9), float: 1.0,
        bool: False, bytes: b"-",
        time: now.time(),
    }  # fmt: skip
    return uuid4() if isinstance(kind, Uuid) else values[kind.python_type]
