"""Whether the messenger can be reached: what the last messages, questions and receipts showed, for health checks.

A message that is handed over proves nothing about questions, and the other way round: the vendor may answer one kind of
request and not the other. So each kind has a sign of its own (`services.ground.signs`), which only that kind takes
back.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from providers.errors import MessengerBroken, MessengerError, NotSent, Refused
from providers.messenger import Meaning
from services.ground import signs

# How long a sign counts after it was last left. While something waits it is left again within a few minutes; once
# nothing is tried any more, nobody knows whether it still holds.
REMEMBERED = timedelta(minutes=10)
# A message that fails for another reason says something about its reader, its template, our sender or our account.
OF_NOBODY = (Meaning.AGAIN_SOON, Meaning.AGAIN_LATER, Meaning.OURS)


def note_not_taken(session: Session, now: datetime, why: str) -> None:
    """A message was handed over, and the vendor has not answered that it takes or refuses it."""
    signs.leave(session, signs.NOT_TAKEN, now, why, lapse=REMEMBERED)


def note_taken(session: Session) -> None:
    """The vendor has answered when a message was handed over."""
    signs.take_back(session, signs.NOT_TAKEN)


def note_not_answered(session: Session, error: MessengerError, now: datetime) -> None:
    """The vendor was asked something, and this came of it. A refusal is an answer too."""
    if isinstance(error, Refused):
        note_answered(session)
    elif not isinstance(error, MessengerBroken) and not (isinstance(error, NotSent) and error.throttled):
        signs.leave(session, signs.NOT_ANSWERED, now, str(error), lapse=REMEMBERED)


def note_answered(session: Session) -> None:
    """The vendor has answered a question."""
    signs.take_back(session, signs.NOT_ANSWERED)


def note_not_arrived(session: Session, now: datetime, code: int, meaning: Meaning) -> None:
    """A message did not arrive, with the vendor's error code and what it means."""
    if meaning in OF_NOBODY:
        signs.leave(session, signs.NOT_ARRIVED, now, f"code {code}", lapse=REMEMBERED)


def note_arrived(session: Session) -> None:
    """WhatsApp has taken a message."""
    signs.take_back(session, signs.NOT_ARRIVED)
