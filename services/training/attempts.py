"""One try to sign in through a one-time link: finding it, and how it ends."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models import AttemptStep, LinkAttempt, OneTimeLink

MOST_PASSWORDS = 3
OVER = "timed_out"  # the problem of an attempt that nobody waits for any more
INTERRUPTED = "interrupted"  # the problem of an attempt whose worker had to stop: it counts as none of the member's
NOT_CONFIRMED = "not_confirmed"  # the problem of an attempt whose code was not sent in the chat within its time
NOT_ASKED = "not_asked"  # the problem of an attempt whose code was heard, and whose key no worker could use in time
SIGNED_IN = (AttemptStep.CONFIRM, AttemptStep.CONFIRMED)


def find_attempt(session: Session, link: OneTimeLink) -> LinkAttempt | None:
    """The link's newest sign-in."""
    query = select(LinkAttempt).where(LinkAttempt.link_id == link.id).order_by(LinkAttempt.number.desc()).limit(1)
    return session.scalar(query)


def count_tries_left(session: Session, link: OneTimeLink) -> int:
    """How many passwords may still be tried through this link."""
    counts = or_(LinkAttempt.problem.is_(None), LinkAttempt.problem != INTERRUPTED)
    tried = session.scalars(select(LinkAttempt.id).where(LinkAttempt.link_id == link.id, counts)).all()
    return max(MOST_PASSWORDS - len(tried), 0)


def is_sign_in_waited_for(attempt: LinkAttempt, link: OneTimeLink, now: datetime) -> bool:
    """Whether what the source has just answered is still wanted: the link may have come to its end meanwhile,
    or another link of the member may have been opened.
    """
    return attempt.step is not AttemptStep.FAILED and link.expires_at > now


def finish(attempt: LinkAttempt, step: AttemptStep, problem: str | None) -> None:
    """The sign-in is over, however it went: nothing secret of it stays."""
    attempt.step, attempt.problem = step, problem
    attempt.secret = attempt.state = attempt.leased_until = None


def give_up(attempt: LinkAttempt, problem: str) -> None:
    """The sign-in ends without an account connected: nothing of it stays here, nor who it was that signed in."""
    finish(attempt, AttemptStep.FAILED, problem)
    attempt.garmin_email = None
