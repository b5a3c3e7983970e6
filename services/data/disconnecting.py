"""Disconnects an account of a source, and erases its activities if the member wants that."""

from datetime import date, datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from models import Act, Activity, Day, GarminAccount, Member, WebhookEvent
from services.ground import audit
from services.ground.refusals import QuestionOver
from services.people import webhook_messages
from services.training import merging, records

QUESTION_FOR = timedelta(minutes=15)


def unlink(session: Session, member: Member, account: GarminAccount, now: datetime) -> None:
    """Delete the tokens and the password of the member's Garmin account. The activities stay until the member decides
    whether to erase them.
    """
    session.execute(update(Activity).where(Activity.account_id == account.id).values(account_id=None))
    session.delete(account)
    session.add(Act(member_id=member.id, kind="unlink", before={}, at=now, until=now + QUESTION_FOR))
    audit.note(session, "garmin.unlinked", now, member_id=member.id)


def settle(session: Session, member: Member, now: datetime, *, erase: bool) -> int | None:
    """Store the member's decision about the activities after `unlink`. Returns how many were erased, or None if they
    are kept. Raises `QuestionOver` if the question is too old.
    """
    asked = (Act.member_id == member.id, Act.kind == "unlink", Act.until > now, Act.undone_at.is_(None))
    act = session.scalar(select(Act).where(*asked).order_by(Act.id.desc()).limit(1).with_for_update())
    if act is None:
        raise QuestionOver(command="unlink")
    act.undone_at = now
    if not erase:
        return None
    mine = (Activity.member_id == member.id, Activity.account_id.is_(None))  # what other accounts have stays
    gone = session.execute(delete(Activity).where(*mine).returning(Activity.id, Activity.deleted_at)).all()
    untold = [each.id for each in gone if each.deleted_at is None]
    webhook_messages.note_activity_ids(session, member.id, WebhookEvent.ACTIVITY_DELETED, untold)
    session.execute(delete(Day).where(Day.member_id == member.id))
    session.execute(update(GarminAccount).where(GarminAccount.member_id == member.id).values(steps_at=None))
    merging.mark_twins(session, member.id, date.min)
    records.refresh(session, member.id)
    audit.note(session, "activities.erased", now, member_id=member.id, count=len(gone))
    return len(gone)
