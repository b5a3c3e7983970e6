"""Undoes what a member did a moment ago: one mechanism for all acts that can be undone.

`services.ground.undoable` stores the old values. `undo` restores those of the newest act of the last ten minutes;
repeated, those of the act before it. Then other rooms update what depends on them: privacy, codes, names, records.
"""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Act, Activity, Member, Membership, Role, Units
from services.ground import audit
from services.ground.refusals import NothingToUndo
from services.ground.undoable import ROWS, WITHIN
from services.group import comings, openings, privacy
from services.group.roster import hold
from services.people import bans, naming, webhook_messages
from services.training import records

READ: dict[str, Callable[[str], object]] = {
    "quiet_from": time.fromisoformat,
    "quiet_until": time.fromisoformat,
    "seen_from": date.fromisoformat,
    "units": Units,
    "role": Role,
} | dict.fromkeys(("left_at", "excluded_at", "deleted_at", "muted_until"), datetime.fromisoformat)


def undo(session: Session, member: Member, now: datetime) -> Act:
    """Undo the member's newest act, and return it. Raises `NothingToUndo`."""
    mine = (Act.member_id == member.id, Act.undone_at.is_(None), Act.until > now)
    act = session.scalar(select(Act).where(*mine).order_by(Act.at.desc(), Act.id.desc()).limit(1).with_for_update())
    row = act and session.get(ROWS[act.before["row"]], act.before["id"])
    if isinstance(row, Membership):
        hold(session, row)  # an admin may be about to remove them
    if act is None or row is None or not _is_as_left(session, act, row):
        raise NothingToUndo(minutes=int(WITHIN.total_seconds()) // 60)
    values = {key: _heard(key, value) for key, value in act.before["values"].items()}
    was_in = isinstance(row, Membership) and row.left_at is None
    for key, value in values.items():
        setattr(row, key, value)
    if isinstance(row, Membership):
        privacy.follow_change(session, row, now, values)
        if values.get("left_at"):  # joining is undone
            openings.end_openings(session, row, now)
    if "name" in values or "left_at" in values:  # somebody else may have this name by now
        session.flush()
        naming.tell_apart_everywhere(session, member)
    if isinstance(row, Activity):
        is_gone = row.deleted_at is not None
        webhook_messages.note_activities(
            session, member.id, corrected=[] if is_gone else [row], deleted=[row] if is_gone else []
        )
    if isinstance(row, Membership) and was_in != (row.left_at is None):
        tell = comings.note_left if was_in else comings.note_joined
        tell(session, row)
    if isinstance(row, Activity) or "includes_private" in values:
        records.refresh(session, member.id)
    act.undone_at = now
    audit.note(session, "undone", now, member_id=member.id, act=act.kind)
    return act


def _is_as_left(session: Session, act: Act, row: Any) -> bool:
    """Return whether the row is still as the act left it. If an admin has removed the member from the group since,
    undoing must not bring them back.
    """
    if not isinstance(row, Membership):
        return True
    if bans.is_banned(session, row.group_id, row.member):
        return False
    if act.kind == "join" and row.role is Role.OWNER:
        return False  # the member owns the group by now, and a group needs an owner
    return row.group.is_active and row.left_at == (act.at if act.kind == "leave" else None)


def _heard(key: str, value: Any) -> object:
    return READ[key](value) if value is not None and key in READ else value
