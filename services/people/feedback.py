"""Messages from members to the operator."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from messages.render import Reader, words
from models import Feedback, Member
from models.vault import UnknownKey, Unreadable, vault
from services.ground import limits, unreadable
from services.ground.recipients import make_reader
from services.ground.refusals import EnoughFeedback
from services.ground.telling import tell

MOST_A_DAY = 10
MOST_WORDS = 1000
FEEDBACK = "feedback"
FOR_THE_OPERATOR = Reader()


def give(session: Session, member: Member, text: str, now: datetime) -> None:
    """Store the message, encrypted. Raises `EnoughFeedback`. If only the operator can help the member, it is also
    logged that there is feedback.
    """
    mine = limits.hash_member_addresses(session, member)
    if len(limits.list_times(session, mine, FEEDBACK, now - timedelta(days=1))) >= MOST_A_DAY:
        raise EnoughFeedback(most=MOST_A_DAY)
    limits.count(session, mine, FEEDBACK, now)
    row = Feedback(member_id=member.id, words=b"", given_at=now)
    session.add(row)
    session.flush()
    row.words = vault(session).seal("feedback", row.id, text[:MOST_WORDS])
    if member.doubted_at is not None:
        tell(session, "warning", "feedback from a number in doubt", member=member.id)


def list_given_by(session: Session, member: Member) -> list[str]:
    """Return the messages of this member, for their copy of their data. Raises `UnknownKey`."""
    rows = session.scalars(select(Feedback).where(Feedback.member_id == member.id).order_by(Feedback.given_at))
    return [_words(session, row, make_reader(member)) for row in rows]


def list_newest(session: Session, most: int) -> Iterator[tuple[datetime, int, bool, str]]:
    """Yield messages, newest first: the time, the member's id, whether it was written while the number is in
    doubt, and the text.

    After the doubt it is known who wrote it: see `services.people.phone_numbers.hand_over`.
    """
    query = select(Feedback, Member.doubted_at).join(Member, Member.id == Feedback.member_id)
    for row, doubted_at in session.execute(query.order_by(Feedback.given_at.desc()).limit(most)):
        try:
            said = _words(session, row, FOR_THE_OPERATOR)
        except UnknownKey as error:
            said = f"({error}: add the key and look again)"
        yield row.given_at, row.member_id, doubted_at is not None and row.given_at >= doubted_at, said


def _words(session: Session, row: Feedback, reader: Reader) -> str:
    try:
        return vault(session).open("feedback", row.id, row.words)
    except UnknownKey:
        raise
    except Unreadable as error:
        unreadable.note(session, error, "feedback", row.id)
        return words("manners/feedback_changed", reader)
