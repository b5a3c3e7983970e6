"""One attempt to sign in through a one-time link: finding it, and ending it."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models import AttemptStep, LinkAttempt, OneTimeLink

MOST_PASSWORDS = 3
OVER = "timed_out"  # the problem of an attempt that expired
# The problem of an attempt whose worker had to stop: it does not count as one of the member's
INTERRUPTED = "interrupted"
NOT_CONFIRMED = "not_confirmed"  # the problem of an attempt whose code was not sent in the chat in time
# The problem of an attempt whose code was received, but whose key no worker could check in time
NOT_ASKED = "not_asked"
SIGNED_IN = (AttemptStep.CONFIRM, AttemptStep.CONFIRMED)


def find_attempt(session: Session, link: OneTimeLink) -> LinkAttempt | None:
    """Return the link's newest sign-in; None if there is none."""
    query = select(LinkAttempt).where(LinkAttempt.link_id == link.id).order_by(LinkAttempt.number.desc()).limit(1)
    return session.scalar(query)


def count_tries_left(session: Session, link: OneTimeLink) -> int:
    """Return how many more passwords may be tried through this link."""
    counts = or_(LinkAttempt.problem.is_(None), LinkAttempt.problem != INTERRUPTED)
    tried = session.scalars(select(LinkAttempt.id).where(LinkAttempt.link_id == link.id, counts)).all()
    return max(MOST_PASSWORDS - len(tried), 0)


def is_sign_in_waited_for(attempt: LinkAttempt, link: OneTimeLink, now: datetime) -> bool:
    """Return whether the source's answer is still needed: not if the link has expired since, or if the
    member has opened another link.
    """
    return attempt.step is not AttemptStep.FAILED and link.expires_at > now


def finish(attempt: LinkAttempt, step: AttemptStep, problem: str | None) -> None:
    """End the sign-in with this step and problem, and delete its secrets."""
    attempt.step, attempt.problem = step, problem
    attempt.secret = attempt.state = attempt.leased_until = None


def give_up(attempt: LinkAttempt, problem: str) -> None:
    """End the sign-in without connecting an account, and delete its secrets and its e-mail address."""
    finish(attempt, AttemptStep.FAILED, problem)
    attempt.garmin_email = None
