"""Connecting a Garmin account through a page that only one person can open, once."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Exists, and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from models import AttemptStep, GarminAccount, GarminMethod, GarminStatus, LinkAttempt, LinkPurpose, Member, OneTimeLink
from models.sealed import key_is_known
from models.vault import UnknownKey, Unreadable, vault
from providers.garmin_accounts import NeedsCode
from services.ground import audit, leases, limits, unreadable
from services.ground.bells import Bell, ring
from services.training import tries

LINK_FOR = timedelta(minutes=15)
LINK_LASTS = timedelta(hours=1)  # from when it was made, whatever was tried through it
CODE_FOR = timedelta(minutes=10)
MOST_PASSWORDS = 3
REMIND_DAYS = (14, 3, 0)
PASSWORD_EVERY = timedelta(hours=24)
MOST_CODES = 3
NO_KEY = UnknownKey.__name__  # `last_error` of an account whose secrets wait for their key
LOST_AFTER = 14  # failures, some three days of them: then a key that is not there is taken for lost
OVER = "timed_out"  # the problem of an attempt that nobody waits for any more
INTERRUPTED = "interrupted"  # the problem of an attempt whose worker had to stop: it counts as none of the member's
NOT_CONFIRMED = "not_confirmed"  # the problem of an attempt whose code was not sent in the chat within its time
NOT_ASKED = "not_asked"  # the problem of an attempt whose code was heard, and whose key no worker could use in time
SIGNED_IN = (AttemptStep.CONFIRM, AttemptStep.CONFIRMED)


@dataclass(frozen=True)
class Task:
    """A sign-in that a worker has taken: its secrets, read once and already gone from the database.

    `counted_against` are the hashes (`services.ground.limits`) of the member's addresses, and `account` is the one of
    the e-mail address, or empty: what Garmin answers is counted against them.
    With `is_confirmed` the secret is the tokens of a key whose code was heard in the chat: they may be used again, so
    they are still there until the task is done.
    """

    attempt_id: UUID
    way: GarminMethod
    email: str
    secret: str = field(repr=False)
    state: str | None = field(repr=False)
    counted_against: tuple[str, ...] = ()
    account: str = ""
    is_confirmed: bool = False


def make_link(session: Session, member: Member, purpose: LinkPurpose, now: datetime) -> str:
    """Give a new one-time token for this member. Links made earlier for the same purpose are dead from now on.

    One through which somebody has signed in lives on until the new one is opened: its page shows the code that is
    still to be sent, and some send "link garmin" first and the code after it.
    """
    old = (OneTimeLink.member_id == member.id, OneTimeLink.purpose == purpose, OneTimeLink.used_at.is_(None))
    is_signed_in = exists().where(LinkAttempt.link_id == OneTimeLink.id, LinkAttempt.step.in_(SIGNED_IN))
    query = update(OneTimeLink).where(*old, OneTimeLink.expires_at > now, ~is_signed_in).values(expires_at=now)
    session.execute(query, execution_options={"synchronize_session": "fetch"})
    token = secrets.token_urlsafe(32)
    session.add(OneTimeLink(member_id=member.id, purpose=purpose, token_hash=_hashed(token), expires_at=now + LINK_FOR))
    audit.note(session, "link.made", now, member_id=member.id, purpose=purpose)
    return token


def exists_for(session: Session, token: str) -> bool:
    """Whether a link was ever made with this token, even if it is over."""
    return session.scalar(select(OneTimeLink.id).where(OneTimeLink.token_hash == _hashed(token))) is not None


def open_link(session: Session, token: str, browser: str | None, now: datetime) -> str | None:
    """Tie the link to the browser that presses the button first, and give that browser's secret.

    `browser` is the secret it already holds, if any: the same browser may press again, another may not. From then on
    this is the member's only link: every other one is over, and so is a sign-in whose code was not sent yet.
    """
    link = session.scalar(select(OneTimeLink).where(*_alive(token, now)).with_for_update())
    if link is None:
        return None
    if link.session_hash is not None:
        return browser if browser and link.session_hash == _hashed(browser) else None
    _end_others(session, link, now)
    browser = secrets.token_urlsafe(32)
    link.session_hash = _hashed(browser)
    audit.note(session, "link.opened", now, member_id=link.member_id)
    return browser


def _end_others(session: Session, link: OneTimeLink, now: datetime) -> None:
    """End the member's other links of this purpose, and the sign-ins through them, also where the link itself is over.

    A sign-in whose code was heard in the chat goes on, and a link that is used up still says so in its browser.
    """
    mine = (OneTimeLink.member_id == link.member_id, OneTimeLink.purpose == link.purpose)
    others = (*mine, OneTimeLink.id != link.id, OneTimeLink.used_at.is_(None))
    ends = LinkAttempt.step.not_in((AttemptStep.DONE, AttemptStep.FAILED, AttemptStep.CONFIRMED))
    query = select(LinkAttempt).where(LinkAttempt.link.has(and_(*others)), ends)
    for attempt in session.scalars(query.with_for_update()):
        give_up(attempt, OVER)
    session.flush()
    ended = update(OneTimeLink).where(*others, OneTimeLink.expires_at > now).values(expires_at=now)
    session.execute(ended, execution_options={"synchronize_session": "fetch"})


def prolong(link: OneTimeLink, until: datetime) -> None:
    """Let the link live until then, but never longer than an hour from when it was made."""
    link.expires_at = max(link.expires_at, min(until, link.created_at + LINK_LASTS))


def is_waited_for(attempt: LinkAttempt, link: OneTimeLink, now: datetime) -> bool:
    """Whether what Garmin has just answered is still wanted: the link may have come to its end while Garmin was asked,
    or another link of the member may have been opened.
    """
    return attempt.step is not AttemptStep.FAILED and link.expires_at > now


def link_of(session: Session, browser: str, now: datetime) -> OneTimeLink | None:
    """The living link that belongs to this browser, its row locked."""
    mine = (OneTimeLink.session_hash == _hashed(browser), OneTimeLink.expires_at > now)
    return session.scalar(select(OneTimeLink).where(*mine).with_for_update())


def attempt_of(session: Session, link: OneTimeLink) -> LinkAttempt | None:
    """The link's newest sign-in."""
    query = select(LinkAttempt).where(LinkAttempt.link_id == link.id).order_by(LinkAttempt.number.desc()).limit(1)
    return session.scalar(query)


def tries_left(session: Session, link: OneTimeLink) -> int:
    """How many passwords may still be tried through this link."""
    counts = or_(LinkAttempt.problem.is_(None), LinkAttempt.problem != INTERRUPTED)
    tried = session.scalars(select(LinkAttempt.id).where(LinkAttempt.link_id == link.id, counts)).all()
    return max(MOST_PASSWORDS - len(tried), 0)


@dataclass(frozen=True)
class Request:
    """What a member typed into the page: a way, its secret, and what goes with it."""

    way: GarminMethod
    secret: str = field(repr=False)
    email: str = ""
    keep: bool = False
    key_ends_at: datetime | None = None


def ask(session: Session, link: OneTimeLink, wish: Request, now: datetime) -> LinkAttempt | None:
    """Hand what was typed to a worker, sealed. None while another sign-in runs or is held, or no tries are left."""
    last = attempt_of(session, link)
    running = last is not None and last.step not in (AttemptStep.FAILED, AttemptStep.DONE)
    if running or link.used_at or tries_left(session, link) == 0:
        return None
    if wish.way is GarminMethod.PASSWORD:
        tries.wait_for_turn(session, wish.email)
        if tries.held_until(session, link.member, now, wish.email):
            return None
        tries.count(session, link.member, now)
    attempt = LinkAttempt(
        link_id=link.id,
        way=wish.way,
        keep=wish.keep,
        key_ends_at=wish.key_ends_at,
        garmin_email=wish.email or None,
        expires_at=now + CODE_FOR,
    )
    session.add(attempt)
    session.flush()
    attempt.secret = vault(session).seal("garmin-secret", attempt.id, wish.secret)
    prolong(link, now + CODE_FOR)
    ring(session, Bell.GARMIN)
    return attempt


def answer(session: Session, attempt: LinkAttempt, code: str, now: datetime) -> bool:
    """Hand the code to a worker, sealed. False when none is awaited."""
    if attempt.step is not AttemptStep.CODE or attempt.expires_at <= now:
        return False
    attempt.secret = vault(session).seal("garmin-secret", attempt.id, code)
    attempt.step = AttemptStep.ANSWERED
    prolong(attempt.link, now + tries.ANSWERED_WITHIN)  # so that the link is still there when Garmin has answered
    ring(session, Bell.GARMIN)
    return True


def take(session: Session, now: datetime) -> Task | None:
    """Take the oldest waiting sign-in. Its password or code is erased by taking it: a crash cannot use it twice.

    A key whose code was heard may be used as often as is needed, and stays until the lease is over. One that is sealed
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
        finish(attempt, AttemptStep.FAILED, OVER)  # it was tampered with: the member can only begin again
        return None
    is_confirmed = attempt.step is AttemptStep.CONFIRMED
    attempt.leased_until = leases.lasting(session, tries.LEASE)
    if not is_confirmed:
        attempt.secret = None
    email = attempt.garmin_email or ""
    against = tuple(limits.addresses(session, attempt.link.member))
    account = limits.of_email(session, email) if email else ""
    return Task(attempt.id, attempt.way, email, secret, state, against, account, is_confirmed)


def note_unopened(session: Session, now: datetime) -> None:
    """Let the operator know of the sign-ins that wait for a worker with another key."""
    query = select(LinkAttempt).where(*_waits(now), ~_can_be_opened(session))
    for attempt in session.scalars(query):
        sealed = [value for value in (attempt.secret, attempt.state) if value is not None]
        unknown = next(name for name in map(vault(session).key_of, sealed) if not vault(session).knows(name))
        unreadable.note(session, UnknownKey(unknown), "link_attempts", attempt.id)


def needs_code(session: Session, task: Task, answer: NeedsCode, now: datetime) -> None:
    """Garmin sent the member a code: keep the half-open sign-in, sealed, for ten minutes."""
    attempt = session.get_one(LinkAttempt, task.attempt_id, with_for_update=True)
    link = session.get_one(OneTimeLink, attempt.link_id, with_for_update=True)
    if not is_waited_for(attempt, link, now):
        give_up(attempt, OVER)
        return
    attempt.state = vault(session).seal("garmin-state", attempt.id, answer.state)
    attempt.step, attempt.method, attempt.leased_until = AttemptStep.CODE, answer.method, None
    attempt.expires_at = now + CODE_FOR
    prolong(link, attempt.expires_at)


def failed(session: Session, task: Task, problem: str) -> None:
    """The sign-in ended without success; `problem` names the sentence on the page. A wrong code may be tried again."""
    attempt = session.get_one(LinkAttempt, task.attempt_id, with_for_update=True)
    if attempt.step is AttemptStep.FAILED:
        return  # it was given up while Garmin was asked
    if problem == "wrong_code" and attempt.tries + 1 < MOST_CODES:
        attempt.tries += 1
        attempt.step, attempt.problem, attempt.leased_until = AttemptStep.CODE, problem, None
        return
    finish(attempt, AttemptStep.FAILED, problem)


def finish(attempt: LinkAttempt, step: AttemptStep, problem: str | None) -> None:
    """The sign-in is over, however it went: nothing secret of it stays."""
    attempt.step, attempt.problem = step, problem
    attempt.secret = attempt.state = attempt.leased_until = None


def give_up(attempt: LinkAttempt, problem: str) -> None:
    """The sign-in ends without an account connected: nothing of it stays here, nor who it was that signed in."""
    finish(attempt, AttemptStep.FAILED, problem)
    attempt.garmin_email = None


def give_back(session: Session, task: Task) -> None:
    """The worker has to stop in the middle of a sign-in. A key may be tried again, so another worker does.

    Whether Garmin has seen a password or a code is unknown, so these are not tried again, and the member is told.
    """
    if task.way is not GarminMethod.KEY:
        failed(session, task, INTERRUPTED)
        return
    attempt = session.get_one(LinkAttempt, task.attempt_id, with_for_update=True)
    attempt.secret = vault(session).seal("garmin-secret", attempt.id, task.secret)
    attempt.leased_until = None
    ring(session, Bell.GARMIN)


def due(now: datetime) -> Exists:
    """The condition that a sign-in waits for a worker."""
    return exists().where(*_waits(now))


def give_up_abandoned(session: Session, now: datetime) -> list[LinkAttempt]:
    """End sign-ins whose worker died or whose code never came, and delete what opens those accounts. Gives them.

    Never tried again by themselves.
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


def forget_old(session: Session, now: datetime) -> None:
    """Delete links, and what was tried through them, a day after they ended."""
    session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at < now - timedelta(days=1)))


def account_of(session: Session, member: Member) -> GarminAccount | None:
    """The member's Garmin account, if they connected one."""
    return session.scalar(select(GarminAccount).where(GarminAccount.member_id == member.id))


def due_reminders(session: Session, now: datetime) -> list[GarminAccount]:
    """Accounts whose key ends soon and whose member has not been told so yet, their rows locked."""
    ending = (GarminAccount.key_ends_at.is_not(None), GarminAccount.key_ends_at <= now + timedelta(days=REMIND_DAYS[0]))
    linked = GarminAccount.status == GarminStatus.LINKED
    accounts = session.scalars(select(GarminAccount).where(*ending, linked).with_for_update(skip_locked=True))
    return [each for each in accounts if _reminder(each, now) is not None]


def remind(account: GarminAccount, now: datetime) -> int:
    """Note that the member is told now; gives the days that are left, a begun one too."""
    account.reminded_days = _reminder(account, now)
    return max(-((now - account.key_ends_at) // timedelta(days=1)), 0) if account.key_ends_at else 0


def knows_of_end(account: GarminAccount) -> bool:
    """Whether the member was told that the key of this account has ended."""
    return account.reminded_days == 0


def _reminder(account: GarminAccount, now: datetime) -> int | None:
    """Which of the reminders is due: the nearest to the end that has begun and was not sent."""
    if account.key_ends_at is None:
        return None
    begun = [days for days in REMIND_DAYS if account.key_ends_at - now <= timedelta(days=days)]
    if not begun or (account.reminded_days is not None and account.reminded_days <= begun[-1]):
        return None
    return begun[-1]


def kept_password(session: Session, account: GarminAccount, now: datetime) -> str | None:
    """The password that the member asked to keep, at most once a day; using it is noted. Raises `UnknownKey`."""
    used = account.password_used_at
    if account.password is None or (used is not None and now - used < PASSWORD_EVERY):
        return None
    try:
        password = vault(session).open("kept-password", account.member_id, account.password)
    except Unreadable as error:
        if isinstance(error, UnknownKey) and not is_given_up(account):
            raise
        unreadable.note(session, error, "garmin_accounts.password", account.id)
        return None
    account.password_used_at = now
    return password


def is_given_up(account: GarminAccount) -> bool:
    """Whether a key that this account's secrets need has been away for so long that it is taken for lost."""
    return account.last_error == NO_KEY and account.failures >= LOST_AFTER


def unuse_password(account: GarminAccount) -> None:
    """The worker had to stop while it used the kept password: it may be used again today."""
    account.password_used_at = None


def tokens_of(session: Session, account: GarminAccount) -> str:
    """The account's tokens. Raises `models.vault.UnknownKey` or `Unreadable`."""
    return vault(session).open("garmin-tokens", account.member_id, account.tokens)


def keep_tokens(session: Session, account: GarminAccount, tokens: str) -> None:
    """Seal the tokens as they are now: they rotate, and only the newest are good."""
    account.tokens = vault(session).seal("garmin-tokens", account.member_id, tokens)


def _alive(token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return OneTimeLink.token_hash == _hashed(token), OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > now


def _waits(now: datetime) -> tuple[ColumnElement[bool], ...]:
    confirmed = and_(LinkAttempt.step == AttemptStep.CONFIRMED, leases.is_free(LinkAttempt.leased_until))
    waiting = or_(LinkAttempt.step.in_([AttemptStep.ASKED, AttemptStep.ANSWERED]), confirmed)
    return waiting, LinkAttempt.secret.is_not(None), LinkAttempt.expires_at > now


def _can_be_opened(session: Session) -> ColumnElement[bool]:
    """Whether this process has the keys of what was typed and of the half-open sign-in that it belongs to."""
    state = or_(LinkAttempt.state.is_(None), key_is_known(session, LinkAttempt.state))
    return and_(key_is_known(session, LinkAttempt.secret), state)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
