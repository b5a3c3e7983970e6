"""Signing in to an account at a source: what was typed goes to a worker, sealed, and the worker's answer comes back."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Exists, and_, exists, or_, select
from sqlalchemy.orm import Session

from models import AttemptStep, GarminMethod, LinkAttempt, OneTimeLink
from models.sealed import key_is_known
from models.vault import UnknownKey, Unreadable, vault
from providers.sources import NeedsCode, Typed
from services.ground import leases, limits, unreadable
from services.ground.bells import Bell, ring
from services.training import tries
from services.training.attempts import (
    INTERRUPTED,
    NOT_ASKED,
    NOT_CONFIRMED,
    OVER,
    SIGNED_IN,
    count_tries_left,
    find_attempt,
    finish,
    give_up,
    is_sign_in_waited_for,
)
from services.training.one_time_links import prolong_link

CODE_FOR = timedelta(minutes=10)
MOST_CODES = 3


@dataclass(frozen=True)
class Task:
    """A sign-in that a worker has taken, with its secrets, which are already deleted from the database.

    `counted_against` are the hashes (`services.ground.limits`) of the member's addresses, and `account` is the hash of
    the e-mail address, or empty: the source's answers are counted against them.

    With `is_confirmed`, the secret is the tokens of a key whose code was received in the chat. They may be used again,
    so they stay in the database until the task is done.
    """

    attempt_id: UUID
    source: str
    way: GarminMethod
    email: str
    secret: str = field(repr=False)
    state: str | None = field(repr=False)
    counted_against: tuple[str, ...] = ()
    account: str = ""
    is_confirmed: bool = False


def ask(
    session: Session, link: OneTimeLink, source: str, way: GarminMethod, typed: Typed, now: datetime
) -> LinkAttempt | None:
    """Hand what was typed to a worker, sealed. None if another sign-in runs, passwords must
    wait, or no tries are left.
    """
    last = find_attempt(session, link)
    running = last is not None and last.step not in (AttemptStep.FAILED, AttemptStep.DONE)
    if running or link.used_at or count_tries_left(session, link) == 0:
        return None
    if way is GarminMethod.PASSWORD:
        tries.wait_for_turn(session, source, typed.login)
        if tries.find_held_until(session, link.member, source, now, typed.login):
            return None
        tries.count_try(session, link.member, source, now)
    attempt = LinkAttempt(
        link_id=link.id,
        source=source,
        way=way,
        keep=typed.keep,
        key_ends_at=typed.ends_at,
        garmin_email=typed.login or None,
        expires_at=now + CODE_FOR,
    )
    session.add(attempt)
    session.flush()
    attempt.secret = vault(session).seal("garmin-secret", attempt.id, typed.secret)
    prolong_link(link, now + CODE_FOR)
    ring(session, Bell.GARMIN)
    return attempt


def answer(session: Session, attempt: LinkAttempt, code: str, now: datetime) -> bool:
    """Hand the code to a worker, sealed. Returns False if no code is expected."""
    if attempt.step is not AttemptStep.CODE or attempt.expires_at <= now:
        return False
    attempt.secret = vault(session).seal("garmin-secret", attempt.id, code)
    attempt.step = AttemptStep.ANSWERED
    prolong_link(
        attempt.link, now + tries.ANSWERED_WITHIN
    )  # so that the link is still valid when the source has answered
    ring(session, Bell.GARMIN)
    return True


def take(session: Session, now: datetime) -> Task | None:
    """Take the oldest waiting sign-in; None if there is none. Taking it deletes its password or
    code, so a crash cannot use it twice.

    A key whose code was received may be used repeatedly, and stays until the task is done. A sign-in that is sealed
    under a key which this worker does not have is left for a worker that has it, until it expires.
    """
    query = (
        select(LinkAttempt)
        .where(*_waits(now), _can_be_opened(session))
        .order_by(LinkAttempt.created_at, LinkAttempt.number)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    attempt = session.scalar(query)
    if attempt is None or attempt.secret is None:
        return None
    answering = attempt.step is AttemptStep.ANSWERED
    try:
        secret = vault(session).open("garmin-secret", attempt.id, attempt.secret)
        state = vault(session).open("garmin-state", attempt.id, attempt.state) if answering and attempt.state else None
    except Unreadable as error:
        unreadable.note(session, error, "link_attempts", attempt.id)
        finish(attempt, AttemptStep.FAILED, OVER)  # the data were tampered with: the member can only begin again
        return None
    is_confirmed = attempt.step is AttemptStep.CONFIRMED
    attempt.leased_until = leases.end_lease_in(session, tries.LEASE)
    if not is_confirmed:
        attempt.secret = None
    email = attempt.garmin_email or ""
    against = tuple(limits.hash_member_addresses(session, attempt.link.member))
    account = limits.hash_email(session, attempt.source, email) if email else ""
    return Task(attempt.id, attempt.source, attempt.way, email, secret, state, against, account, is_confirmed)


def note_unopened(session: Session, now: datetime) -> None:
    """Report the sign-ins that wait for a worker with another key to the operator."""
    query = select(LinkAttempt).where(*_waits(now), ~_can_be_opened(session))
    for attempt in session.scalars(query):
        sealed = [value for value in (attempt.secret, attempt.state) if value is not None]
        unknown = next(name for name in map(vault(session).key_of, sealed) if not vault(session).knows(name))
        unreadable.note(session, UnknownKey(unknown), "link_attempts", attempt.id)


def keep_half_open(session: Session, task: Task, answer: NeedsCode, now: datetime) -> None:
    """Keep the half-open sign-in, sealed, for ten minutes: the source has sent the member a code."""
    attempt = session.get_one(LinkAttempt, task.attempt_id, with_for_update=True)
    link = session.get_one(OneTimeLink, attempt.link_id, with_for_update=True)
    if not is_sign_in_waited_for(attempt, link, now):
        give_up(attempt, OVER)
        return
    attempt.state = vault(session).seal("garmin-state", attempt.id, answer.state)
    attempt.step, attempt.method, attempt.leased_until = AttemptStep.CODE, answer.method, None
    attempt.expires_at = now + CODE_FOR
    prolong_link(link, attempt.expires_at)


def note_failed(session: Session, task: Task, problem: str) -> None:
    """End the sign-in; `problem` names the sentence on the page. After a wrong code another one may
    be tried, three in all.
    """
    attempt = session.get_one(LinkAttempt, task.attempt_id, with_for_update=True)
    if attempt.step is AttemptStep.FAILED:
        return  # it was ended while the source was being asked
    if problem == "wrong_code" and attempt.tries + 1 < MOST_CODES:
        attempt.tries += 1
        attempt.step, attempt.problem, attempt.leased_until = AttemptStep.CODE, problem, None
        return
    finish(attempt, AttemptStep.FAILED, problem)


def give_back(session: Session, task: Task) -> None:
    """Return a sign-in because the worker has to stop. Another worker tries a key again.

    It is unknown whether the source has received a password or code, so these are not tried again,
    and the member is told.
    """
    if task.way is not GarminMethod.KEY:
        note_failed(session, task, INTERRUPTED)
        return
    attempt = session.get_one(LinkAttempt, task.attempt_id, with_for_update=True)
    attempt.secret = vault(session).seal("garmin-secret", attempt.id, task.secret)
    attempt.leased_until = None
    ring(session, Bell.GARMIN)


def has_waiting_sign_in(now: datetime) -> Exists:
    """Return the condition that a sign-in waits for a worker."""
    return exists().where(*_waits(now))


def give_up_abandoned(session: Session, now: datetime) -> list[LinkAttempt]:
    """End sign-ins whose worker died or whose code never came, delete their secrets, and return them.

    They are not tried again automatically.
    """
    open_steps = LinkAttempt.step.not_in([AttemptStep.DONE, AttemptStep.FAILED])
    died = and_(leases.is_over(LinkAttempt.leased_until), LinkAttempt.step != AttemptStep.CONFIRMED)
    over = or_(LinkAttempt.expires_at <= now, died)
    attempts = list(session.scalars(select(LinkAttempt).where(open_steps, over).with_for_update(skip_locked=True)))
    problems = {AttemptStep.CONFIRM: NOT_CONFIRMED, AttemptStep.CONFIRMED: NOT_ASKED}
    for attempt in attempts:
        if attempt.step in SIGNED_IN:
            give_up(attempt, problems[attempt.step])
        else:
            finish(attempt, AttemptStep.FAILED, OVER)
    return attempts


def _waits(now: datetime) -> tuple[ColumnElement[bool], ...]:
    confirmed = and_(LinkAttempt.step == AttemptStep.CONFIRMED, leases.is_free(LinkAttempt.leased_until))
    waiting = or_(LinkAttempt.step.in_([AttemptStep.ASKED, AttemptStep.ANSWERED]), confirmed)
    return waiting, LinkAttempt.secret.is_not(None), LinkAttempt.expires_at > now


def _can_be_opened(session: Session) -> ColumnElement[bool]:
    """Return the condition that this process has the keys of what was typed and of the
    half-open sign-in it belongs to.
    """
    state = or_(LinkAttempt.state.is_(None), key_is_known(session, LinkAttempt.state))
    return and_(key_is_known(session, LinkAttempt.secret), state)
