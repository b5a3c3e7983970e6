"""Activities that seem impossible: the member is asked privately whether they are right before they count."""

from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from messages.render import Offer
from models import Activity, DoubtAnswer, Member, MessageKind
from services.delivery import mailbox, notices
from services.ground.refusals import NothingStrange
from services.people import webhook_messages
from services.training import records, scoring

LATELY = timedelta(days=14)  # people do not remember details of older activities


def ask(session: Session, member: Member, now: datetime) -> int:
    """Ask a member, in one message, about recent activities that seem impossible. Returns how many are new.

    Older ones wait too and are shown by `check`, but no message is sent about them.
    """
    session.flush()
    recent = (Activity.doubt_asked_at.is_(None), Activity.start_utc >= now - LATELY)
    new = list(session.scalars(_waiting(member).where(*recent)))
    for each in new:
        each.doubt_asked_at = now
    if new:
        message = notices.write_notice(
            "records/strange",
            member,
            about=None,
            says="check",
            short="records/strange_short",
            activity=new[0],
            speed=find_speed(new[0]),
            more=len(new) - 1,
            buttons=make_buttons(new[0]),
        )
        key = f"strange:{new[0].id}:{new[0].doubt}"
        mailbox.post(session, member.id, message, now, kind=MessageKind.NOTICE, key=key)
    return len(new)


def find_first_waiting(session: Session, member: Member) -> tuple[Activity | None, int]:
    """Return the newest activity that waits for its owner's answer, and how many others do."""
    waiting = list(session.scalars(_waiting(member)))
    return (waiting[0], len(waiting) - 1) if waiting else (None, 0)


def answer(session: Session, member: Member, activity_id: int | None, said: DoubtAnswer) -> Activity:
    """Let a doubtful activity count, or leave it out; the newest waiting one if `activity_id` is
    None. It can be changed later.

    Raises `NothingStrange` if the activity is not this member's, or not doubtful.
    """
    if activity_id is None:
        activity, _ = find_first_waiting(session, member)
    else:
        mine = (Activity.id == activity_id, Activity.member_id == member.id, Activity.deleted_at.is_(None))
        activity = session.scalar(select(Activity).where(*mine, Activity.doubt.is_not(None)))
    if activity is None:
        raise NothingStrange
    activity.doubt_answer = said
    records.refresh(session, member.id)
    webhook_messages.note_activities(session, member.id, corrected=[activity])
    return activity


def make_buttons(activity: Activity) -> list[Offer]:
    """Return the buttons for answering about a doubtful activity."""
    return [Offer("its_right", f"right {activity.id}"), Offer("leave_it_out", f"wrong {activity.id}")]


def find_speed(activity: Activity) -> float | None:
    """Return the mean speed that the points were computed from, in km/h; None without a time or distance."""
    made = scoring.read_score(activity)
    minutes, km = (made.minutes if made else 0.0), (activity.distance or 0.0) / 1000
    return km / minutes * 60 if km and minutes else None


def _waiting(member: Member) -> Select[Activity]:
    return (
        select(Activity)
        .where(
            Activity.member_id == member.id,
            Activity.deleted_at.is_(None),
            Activity.twin_of.is_(None),
            Activity.excluded_at.is_(None),
            Activity.doubt.is_not(None),
            Activity.doubt_answer.is_(None),
        )
        .order_by(Activity.start_utc.desc(), Activity.id.desc())
    )
