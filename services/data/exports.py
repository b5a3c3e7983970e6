"""Copies of all data of a member: requested in the chat, made by a worker, downloaded once from a page within a day."""

import csv
import hashlib
import io
import json
import secrets
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Exists, LargeBinary, Table, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from messages.message import Message
from messages.render import words
from models import Activity, Base, Export, Member, MessageKind
from models.vault import UnknownKey, Unreadable, vault
from services.delivery import mailbox, notices
from services.ground import audit, leases, limits, unreadable
from services.ground.bells import Bell, ring
from services.ground.recipients import make_reader
from services.ground.refusals import EnoughCopies, ExportUnderWay
from services.people import feedback

HOURS = 24
LEASE = timedelta(minutes=5)
MOST_TRIES = 5
PURPOSE = "export"
DAY = timedelta(days=1)
MOST_A_DAY = 3  # copies of one member; making one reads all data of the member
COPY = "copy"  # the kind of their counted events

# Columns that are never in a copy: secrets, and the copies themselves.
SECRET = ("_hash", "_code", "tokens", "password", "secret", "result")  # a result: what others had in a challenge
NOT_TOLD = {"exports", "erased", "erasures", "acts", "sign_in_codes", "confirmations", "kept_answers"}
NOT_TOLD |= {"webhook_messages"}  # those that refer to a member went to somebody else's program
COLUMNS = ("local_date", "start_utc", "sport", "type", "name", "duration", "distance", "elevation_gain", "calories",
           "average_hr", "manual", "private", "excluded_at", "deleted_at")  # fmt: skip


def ask_for_copy(session: Session, member: Member, now: datetime) -> str | None:
    """Ask a worker to make a copy. If one is ready for download, return a new token for it; the old token then stops
    working.

    Raises `ExportUnderWay` if one is being made, or `EnoughCopies` if `MOST_A_DAY` were made within 24 hours. Erasing
    the account does not reset that count.
    """
    last = session.scalar(
        select(Export).where(Export.member_id == member.id).order_by(Export.id.desc()).limit(1).with_for_update()
    )
    if last and last.archive is not None and last.expires_at and last.expires_at > now:
        return _token(last)
    if last and last.made_at is None and last.tries < MOST_TRIES:
        raise ExportUnderWay
    _require_few(session, member, now)
    session.add(Export(member_id=member.id, asked_at=now))
    audit.note(session, "export.asked", now, member_id=member.id)
    ring(session, Bell.HOUSEKEEPING)
    return None


def _require_few(session: Session, member: Member, now: datetime) -> None:
    """Count one more copy. Raises `EnoughCopies`."""
    against = limits.hash_member_addresses(session, member)
    made = limits.list_times(session, against, COPY, now - DAY)
    if len(made) >= MOST_A_DAY:
        left = made[-MOST_A_DAY] + DAY - now
        raise EnoughCopies(most=MOST_A_DAY, hours=max(1, -(-int(left.total_seconds()) // 3600)))
    limits.count(session, against, COPY, now)


def has_waiting_copy() -> Exists:
    """Return a condition: a copy waits to be made."""
    return exists().where(*_waiting())


def take_copy(session: Session) -> int | None:
    """Lease the copy that was requested first, and return its id, or None. This counts as a try."""
    query = select(Export).where(*_waiting()).order_by(Export.asked_at).limit(1).with_for_update(skip_locked=True)
    export = session.scalar(query)
    if export is None:
        return None
    export.tries += 1
    export.leased_until = leases.end_lease_in(session, LEASE)
    return export.id


def give_back(session: Session, export_id: int) -> None:
    """Let another worker make the copy at once, because this one has to stop. This does not count as a try."""
    export = session.get(Export, export_id, with_for_update=True)
    if export is not None and export.made_at is None:
        export.tries, export.leased_until = max(export.tries - 1, 0), None
        ring(session, Bell.HOUSEKEEPING)


def make_copy(session: Session, export_id: int, base_url: str, now: datetime) -> None:
    """Make the copy, and send the member its address.

    If a key is needed that is not in DATA_KEYS, the copy is made later, when its lease has ended; this is not a try.
    """
    export = session.get(Export, export_id, with_for_update=True)
    if export is None or export.made_at is not None:
        return
    try:
        archive = pack_archive(session, export.member)
    except UnknownKey as error:
        unreadable.note(session, error, "exports", export.id)
        export.tries -= 1
        return
    export.archive = vault(session).seal_bytes(PURPOSE, export.id, archive)
    export.made_at, export.leased_until = now, None
    export.expires_at = now + timedelta(hours=HOURS)
    url = f"{base_url}/export/{_token(export)}"
    audit.note(session, "export.made", now, member_id=export.member_id)
    message = _ready(export.member, url)
    mailbox.post(session, export.member_id, message, now, kind=MessageKind.REPLY, key=f"export:{export.id}")


def was_made_for(session: Session, token: str) -> bool:
    """Return whether a copy was made with this token, even if it has been fetched."""
    return session.scalar(select(Export.id).where(Export.token_hash == _hashed(token))) is not None


def fetch_copy(session: Session, token: str, now: datetime) -> bytes | None:
    """Return the zip file once, and delete it. Returns None if there is none, or if somebody changed it
    in the database.

    Raises `UnknownKey`, and keeps the copy and its address, if the key that encrypted it is not in DATA_KEYS.
    """
    export = session.scalar(select(Export).where(*_alive(token, now)).with_for_update())
    if export is None:
        return None
    sealed, export.archive = export.archive, None
    try:
        archive = vault(session).open_bytes(PURPOSE, export.id, sealed or b"")
    except UnknownKey:
        raise
    except Unreadable as error:
        unreadable.note(session, error, "exports", export.id)
        return None
    audit.note(session, "export.fetched", now, member_id=export.member_id)
    return archive


def forget_old(session: Session, now: datetime) -> None:
    """Delete copies that were not downloaded in time, and a day later the record that they were requested."""
    session.execute(update(Export).where(Export.expires_at <= now).values(archive=None, token_hash=None))
    session.execute(delete(Export).where(Export.asked_at < now - timedelta(hours=2 * HOURS)))


def pack_archive(session: Session, member: Member) -> bytes:
    """Return everything about a member as a zip file: JSON for programs, CSV for spreadsheets, and an explanation.

    Raises `UnknownKey`.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        everything: dict[str, Any] = {table.name: rows for table, rows in _rows(session, member.id) if rows}
        everything["told_us"] = feedback.list_given_by(session, member)
        archive.writestr("everything.json", json.dumps(everything, ensure_ascii=False, indent=1, default=str))
        archive.writestr("activities.csv", _csv(session, member))
        archive.writestr("README.txt", words("data/export_readme", make_reader(member)))
    return packed.getvalue()


def list_tables() -> Iterator[tuple[Table, list[Column[Any]]]]:
    """Yield every table with data about a member, and its columns that refer to the member."""
    for table in Base.metadata.sorted_tables:
        columns = [
            each for each in table.columns if any(key.column.table.name == "members" for key in each.foreign_keys)
        ]
        if table.name == "members":
            columns = [table.c.id]
        if columns and table.name not in NOT_TOLD:
            yield table, columns


def _rows(session: Session, member_id: int) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    for table, columns in list_tables():
        told = [each for each in table.columns if _is_told(each)]
        found = session.execute(select(*told).where(or_(*(column == member_id for column in columns))))
        yield table, [dict(row._mapping) for row in found]  # noqa: SLF001 - SQLAlchemy's own way to read a row


def _is_told(column: Column[Any]) -> bool:
    return not isinstance(column.type, LargeBinary) and not column.name.endswith(SECRET)


def _csv(session: Session, member: Member) -> str:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    query = select(Activity).where(Activity.member_id == member.id).order_by(Activity.start_utc)
    table.writerows([_cell(getattr(each, column)) for column in COLUMNS] for each in session.scalars(query))
    return text.getvalue()


def _cell(value: object) -> object:
    """Return the value for a CSV cell, in a form that no spreadsheet runs as a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def _ready(member: Member, url: str) -> Message:
    return notices.write_notice(
        "data/exported", member, about=None, says="export", short="data/exported_short", url=url, hours=HOURS
    )


def _token(export: Export) -> str:
    token = secrets.token_urlsafe(32)
    export.token_hash = _hashed(token)
    return token


def _waiting() -> tuple[Any, ...]:
    return Export.made_at.is_(None), Export.tries < MOST_TRIES, leases.is_free(Export.leased_until)


def _alive(token: str, now: datetime) -> tuple[Any, ...]:
    return Export.token_hash == _hashed(token), Export.archive.is_not(None), Export.expires_at > now


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
