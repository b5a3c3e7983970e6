"""Makes a restored database ready for work: the erased are erased again, and nothing is sent or answered a second time.

A backup shows one moment. What happened after it is not in it: which waiting messages were sent, which digests were
made, which lines were answered. So everything that may have happened up to the time `until` is taken as done: at the
latest that is the time of the restore, and earlier if it is known when the old deployment stopped.

A message that is left out is the smaller harm. It can be asked for again in the chat, and one that was sent twice
cannot be taken back.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from models import (
    AttemptStep,
    Challenge,
    Export,
    GarminAccount,
    GroupPost,
    LinkAttempt,
    MessageKind,
    Participant,
    PostState,
    SentFile,
)
from services.data import erasure
from services.delivery import mailbox, outcomes
from services.digest import digests
from services.ground import audit, signs
from services.people import operator_access, webhook_messages
from services.training import accounts, attempts


def settle_restored(
    session: Session, erased: Iterable[tuple[int, datetime]], until: datetime, now: datetime
) -> Counter[str]:
    """Do all of this in the caller's transaction, before any worker sees the restored rows. Returns how much there was
    of each kind.

    `erased` is everybody who was erased, as (member id, member since). They come first: erasing an owner writes a
    notice to the next owner, who was told at that time.
    """
    done: Counter[str] = Counter()
    done["erased again"] = erasure.erase_again(session, erased, now)
    session.flush()
    done["digests left out"] = sum(digests.leave_out_due(session, until))
    done["results of challenges left out"] = _close_challenges(session, until, now)
    done["group posts left out"] = _close_group_posts(session)
    done["reminders left out"] = _close_reminders(session, until)
    done["copies of data to ask for again"] = len(
        session.scalars(delete(Export).where(Export.made_at.is_(None)).returning(Export.id)).all()
    )
    done["sign-ins to begin again"] = _close_sign_ins(session)
    done["operator's sessions ended"] = operator_access.end_operator_sessions(session, now)
    done["answers about files left out"] = _close_files(session, now)
    done["webhook messages left out"] = webhook_messages.drop_waiting(session, None, now)
    session.execute(update(GarminAccount).where(GarminAccount.asked_at.is_not(None)).values(asked_at=None))
    session.flush()
    for state, count in outcomes.let_nothing_go_again(session, now).items():
        done[f"messages {state}"] = count
    signs.leave(session, signs.RESTORED, now, until.isoformat())
    signs.write(session)
    audit.note(session, "backup.restored", now)
    return +done


def _close_challenges(session: Session, until: datetime, now: datetime) -> int:
    """Challenges that were over are judged again, from the activities that are read again; nobody is told twice."""
    over = select(Challenge).where(Challenge.ended_at.is_(None), Challenge.closes_at <= until)
    challenges = list(session.scalars(over))
    for each in challenges:
        members = session.scalars(select(Participant.member_id).where(Participant.challenge_id == each.id))
        keys = [(member_id, f"challenge:{each.id}:{member_id}") for member_id in members]
        mailbox.close_keys(session, keys, now, kind=MessageKind.NOTICE, group_id=each.group_id)
    return len(challenges)


def _close_group_posts(session: Session) -> int:
    waiting = update(GroupPost).where(GroupPost.state.in_([PostState.QUEUED, PostState.SENDING]))
    values = {"state": PostState.UNKNOWN, "problem": digests.RESTORED, "leased_until": None}
    return len(session.scalars(waiting.values(values).returning(GroupPost.id)).all())


def _close_reminders(session: Session, until: datetime) -> int:
    due = accounts.take_due_reminders(session, until)
    for each in due:
        accounts.remind(each, until)
    return len(due)


def _close_sign_ins(session: Session) -> int:
    """End sign-ins that were under way: their codes have been used or are too old."""
    waiting = select(LinkAttempt).where(LinkAttempt.step.not_in([AttemptStep.DONE, AttemptStep.FAILED]))
    found = list(session.scalars(waiting.with_for_update()))
    for each in found:
        attempts.give_up(each, attempts.OVER)
    return len(found)


def _close_files(session: Session, now: datetime) -> int:
    """Files that waited are read again, so that their activities are not missing, but their senders are not told."""
    waiting = session.execute(select(SentFile.member_id, SentFile.id).where(SentFile.done_at.is_(None))).all()
    keys = [(member_id, f"file:{file_id}") for member_id, file_id in waiting]
    mailbox.close_keys(session, keys, now, kind=MessageKind.REPLY)
    return len(keys)
