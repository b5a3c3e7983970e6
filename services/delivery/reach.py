"""Notes for the health checks whether the messenger can be reached, from the last messages, requests and receipts.

A message that was sent proves nothing about other requests, and the other way round: the vendor may answer one kind and
not the other. So each kind has a sign of its own (`services.ground.signs`), which only a success of that kind removes.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from providers.errors import MessengerBroken, MessengerError, NotSent, Refused
from providers.messenger import RefusalMeaning
from services.ground import signs

# How long a sign counts after it was last set. While something waits, it is set again within a few minutes; when
# nothing is tried any more, it is unknown whether it is still true.
REMEMBERED = timedelta(minutes=10)
# A message that fails for another reason says something about its reader, its template, our sender or our account.
OF_NOBODY = (RefusalMeaning.AGAIN_SOON, RefusalMeaning.AGAIN_LATER, RefusalMeaning.OURS)


def note_not_taken(session: Session, now: datetime, why: str) -> None:
    """Note that a message was sent and the vendor has not answered."""
    signs.leave(session, signs.NOT_TAKEN, now, why, lapse=REMEMBERED)


def note_taken(session: Session) -> None:
    """Note that the vendor has answered when a message was sent."""
    signs.take_back(session, signs.NOT_TAKEN)


def note_not_answered(session: Session, error: MessengerError, now: datetime) -> None:
    """Note the error of another request. A refusal counts as an answer."""
    if isinstance(error, Refused):
        note_answered(session)
    elif not isinstance(error, MessengerBroken) and not (isinstance(error, NotSent) and error.throttled):
        signs.leave(session, signs.NOT_ANSWERED, now, str(error), lapse=REMEMBERED)


def note_answered(session: Session) -> None:
    """Note that the vendor has answered another request."""
    signs.take_back(session, signs.NOT_ANSWERED)


def note_not_arrived(session: Session, now: datetime, code: int, meaning: RefusalMeaning) -> None:
    """Note that a message did not arrive. `code` is the vendor's error code, `meaning` what it means."""
    if meaning in OF_NOBODY:
        signs.leave(session, signs.NOT_ARRIVED, now, f"code {code}", lapse=REMEMBERED)


def note_arrived(session: Session) -> None:
    """Note that WhatsApp has accepted a message."""
    signs.take_back(session, signs.NOT_ARRIVED)
