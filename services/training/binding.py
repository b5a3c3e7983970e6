"""Connects a sign-in with the chat that requested the link.

A link may be forwarded, and anybody who has it can sign in through it. So the page shows a short code after the
sign-in, and nothing of the account is read before that code comes from the chat that requested the link. A code that
comes from another chat ends the sign-in. docs/decisions/0017-whose-garmin-it-is.md explains why.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from messages.words import clean_name
from models import (
    Activity,
    AttemptStep,
    Day,
    GarminAccount,
    GarminMethod,
    GarminStatus,
    LinkAttempt,
    Member,
    OneTimeLink,
    WebhookEvent,
)
from models.hashes import digest
from models.vault import UnknownKey, Unreadable, vault
from providers.sources import KeyAccepted, Profile, SignedIn
from services.ground import audit, limits, unreadable
from services.ground.bells import Bell, ring
from services.ground.refusals import NotLinkedLately, TooManyLinkCodes, WrongLinkCode
from services.people import phone_numbers, webhook_messages
from services.training import accounts, attempts, one_time_links, records
from services.training.merging import mark_twins_around
from services.training.sign_ins import Task

# Consonants only: they form no words, invite codes always contain other characters, and Garmin's own codes are digits.
SIGNS, LENGTH = "BCDFGHJKLMNPQRSTVWXZ", 6
CONFIRM_FOR = timedelta(minutes=10)
MOST_WRONG = 5  # wrong codes from one chat within `CONFIRM_FOR`
DISOWN_WITHIN = timedelta(days=1)
MOST_NAME = 60
STATE = "garmin-state"
ELSEWHERE = "elsewhere"  # the problem of an attempt whose code came from another chat
STOPPED = "stopped"  # the problem of an attempt that was ended on its page


@dataclass(frozen=True)
class Linked:
    """The account is connected and will be synchronised. `name` is from its profile at the source, or empty."""

    source: str
    name: str


@dataclass(frozen=True)
class BeingAsked:
    """The code was right. A worker now asks the source which account the key belongs to."""

    source: str


@dataclass(frozen=True)
class AnotherAccount:
    """The account is not the one connected so far, whose `kept` activities would be
    deleted. Nothing has changed yet.
    """

    source: str
    code: str
    whose: str
    before: str
    kept: int


@dataclass(frozen=True)
class Kept:
    """The account that was connected stays, and the new sign-in is deleted."""

    name: str


@dataclass(frozen=True)
class Elsewhere:
    """The code belongs to the link of another member, `owner`. That sign-in was ended."""

    owner: Member
    attempt: LinkAttempt


@dataclass(frozen=True)
class Stranger:
    """It is uncertain who has this number now, and the account is not the one that was
    connected. Nothing has changed.
    """


Heard = Linked | BeingAsked | AnotherAccount | Kept | Elsewhere | Stranger


def make_code(session: Session, attempt: LinkAttempt) -> str:
    """Return the code of a sign-in: six letters, one of 64 million codes, made from its id with the
    installation's own key.
    """
    number = int(digest(session, "link-code", str(attempt.id)), 16)
    return "".join(SIGNS[number // len(SIGNS) ** place % len(SIGNS)] for place in range(LENGTH))


def keep_sign_in(session: Session, task: Task, answer: SignedIn | KeyAccepted, now: datetime) -> None:
    """Keep the tokens of a successful sign-in, sealed, until its code comes in the chat. Nothing is read before."""
    attempt = session.get_one(LinkAttempt, task.attempt_id, with_for_update=True)
    link = session.get_one(OneTimeLink, attempt.link_id, with_for_update=True)
    if not attempts.is_sign_in_waited_for(attempt, link, now):
        attempts.give_up(attempt, attempts.OVER)
        return
    # With a second factor a kept password is useless: the source would ask for a code again.
    may_keep = attempt.keep and task.state is None and task.way is GarminMethod.PASSWORD
    attempt.step, attempt.problem, attempt.leased_until = AttemptStep.CONFIRM, None, None
    attempt.expires_at = now + CONFIRM_FOR
    _seal(session, attempt, answer, task.secret if may_keep else None)
    one_time_links.prolong_link(link, attempt.expires_at)
    audit.note(session, "link.signed_in", now, member_id=link.member_id)


def hear_link_code(session: Session, member: Member, code: str, now: datetime, *, replace: bool | None = None) -> Heard:
    """Use a code that came from this member's chat. `replace` is the answer to whether the account
    may replace another one.

    Raises `WrongLinkCode`, or `TooManyLinkCodes` after five wrong codes within ten minutes.
    """
    _require_few(session, member, now)
    attempt = _with_code(session, code, now, LinkAttempt.link.has(OneTimeLink.member_id == member.id))
    if attempt is None:
        return _elsewhere(session, code, now)
    try:
        state = json.loads(vault(session).open(STATE, attempt.id, attempt.state or b""))
    except UnknownKey:
        raise
    except Unreadable as error:
        unreadable.note(session, error, "link_attempts", attempt.id)
        attempts.give_up(attempt, attempts.OVER)
        raise WrongLinkCode from None
    if replace is False:
        attempts.give_up(attempt, STOPPED)
        account = accounts.find_account(session, member, attempt.source)
        return Stranger() if member.doubted_at is not None else Kept(find_profile_name(account))
    if state["profile"] is None:
        attempt.step, attempt.expires_at = AttemptStep.CONFIRMED, now + CONFIRM_FOR
        attempt.secret = vault(session).seal("garmin-secret", attempt.id, state["tokens"])
        ring(session, Bell.GARMIN)
        return BeingAsked(attempt.source)
    return _settle(session, attempt, state, now, replace=bool(replace))


def note_key_owner(session: Session, task: Task, answer: SignedIn, now: datetime) -> Heard:
    """Record the profile that a worker has read with the key of a confirmed sign-in, and connect the account."""
    attempt = session.get_one(LinkAttempt, task.attempt_id, with_for_update=True)
    attempt.step, attempt.secret, attempt.leased_until = AttemptStep.CONFIRM, None, None
    attempt.expires_at = now + CONFIRM_FOR
    state = _seal(session, attempt, answer, None)
    return _settle(session, attempt, state, now, replace=False)


def drop_sign_in(session: Session, attempt: LinkAttempt, now: datetime) -> None:
    """Delete the sign-in and end its link: the person on the page says that the chat is not theirs."""
    if attempt.step is AttemptStep.CONFIRM:
        attempts.give_up(attempt, STOPPED)
        attempt.link.used_at = now
        audit.note(session, "link.stopped", now, member_id=attempt.link.member_id)


def find_newest_sign_in(session: Session, account: GarminAccount, now: datetime) -> LinkAttempt | None:
    """Return the sign-in that connected this account, if that was less than a day ago."""
    mine = (OneTimeLink.member_id == account.member_id, OneTimeLink.used_at > now - DISOWN_WITHIN)
    done = (LinkAttempt.step == AttemptStep.DONE, LinkAttempt.source == account.source)
    query = select(LinkAttempt).join(LinkAttempt.link).where(*mine, *done)
    attempt = session.scalar(query.order_by(OneTimeLink.used_at.desc(), LinkAttempt.number.desc()).limit(1))
    is_present = attempt is not None and account.linked_at == attempt.link.used_at
    return attempt if is_present else None


def disown_account(session: Session, member: Member, code: str | None, now: datetime) -> tuple[str, str]:
    """Disconnect an account that is not the member's, and delete its activities. Returns its source
    and its profile name.

    `code` is the code of the sign-in that a button belongs to, so the button of an earlier sign-in changes nothing.
    Without a code, the account that was connected last is meant. Raises `NotLinkedLately`.
    """
    lately = [(find_newest_sign_in(session, each, now), each) for each in accounts.list_accounts(session, member)]
    found = [
        (attempt, account)
        for attempt, account in lately
        if attempt is not None and (code is None or make_code(session, attempt) == code)
    ]
    if not found:
        raise NotLinkedLately
    attempt, account = max(found, key=lambda each: each[1].linked_at)
    told = account.source, find_profile_name(account)
    attempt.garmin_email = None
    if member.full_name == account.display_name:
        member.full_name = None
    gone = _forget(session, account)
    audit.note(session, "garmin.disowned", now, member_id=member.id, count=gone)
    return told


def find_profile_name(account: GarminAccount | None) -> str:
    """Return the name on an account's profile at the source; empty if it has none."""
    return clean_name(account.display_name, MOST_NAME) if account else ""


def _settle(session: Session, attempt: LinkAttempt, state: dict[str, Any], now: datetime, *, replace: bool) -> Heard:
    """Connect the account, or return a question if another one is connected."""
    profile, member = _profile_in(state), attempt.link.member
    account = accounts.find_account(session, member, attempt.source)
    if phone_numbers.is_stranger(member, account, profile.id):
        attempts.give_up(attempt, STOPPED)
        audit.note(session, "member.not_proved", now, member_id=member.id)
        return Stranger()
    if account is not None and account.garmin_id != profile.id:
        if not replace:
            kept = session.scalar(select(func.count()).where(Activity.account_id == account.id)) or 0
            names = clean_name(profile.name, MOST_NAME), find_profile_name(account)
            return AnotherAccount(attempt.source, make_code(session, attempt), *names, kept)
        _forget(session, account)  # this member must not keep the history of another person's account
        account = None
    _connect(session, attempt, state, account or GarminAccount(member_id=member.id, source=attempt.source), now)
    return Linked(attempt.source, clean_name(profile.name, MOST_NAME))


def _connect(
    session: Session, attempt: LinkAttempt, state: dict[str, Any], account: GarminAccount, now: datetime
) -> None:
    """Store the sealed tokens, mark the link as used, and make the first sync due now."""
    link = session.get_one(OneTimeLink, attempt.link_id, with_for_update=True)
    profile, member = _profile_in(state), link.member
    ends = datetime.fromisoformat(state["ends"]) if state["ends"] else None
    account.method, account.garmin_email, account.garmin_id = attempt.way, attempt.garmin_email, profile.id
    account.display_name = profile.name[:120]
    account.key_ends_at, account.reminded_days = ends or attempt.key_ends_at, None
    account.password = account.password_used_at = account.refused_at = account.failed_at = None
    if state["password"] is not None:
        account.password = vault(session).seal("kept-password", member.id, state["password"])
    account.status, account.failures, account.last_error = GarminStatus.LINKED, 0, None
    account.linked_at = account.next_sync_at = link.used_at = now
    account.leased_until = None
    accounts.keep_tokens(session, account, state["tokens"])
    session.add(account)
    member.full_name = member.full_name or profile.full_name[:120] or None
    attempts.finish(attempt, AttemptStep.DONE, None)
    audit.note(session, "garmin.linked", now, member_id=member.id)
    ring(session, Bell.GARMIN)


def _seal(
    session: Session, attempt: LinkAttempt, answer: SignedIn | KeyAccepted, password: str | None
) -> dict[str, Any]:
    profile = _told_of(answer.profile) if isinstance(answer, SignedIn) else None
    ends = answer.ends.isoformat() if answer.ends else None
    state = {"tokens": answer.tokens, "ends": ends, "profile": profile, "password": password}
    attempt.state = vault(session).seal(STATE, attempt.id, json.dumps(state))
    return state


def _told_of(profile: Profile) -> dict[str, str]:
    """Return the profile in the form that is sealed; its id keeps the name that an earlier release reads."""
    return {"garmin_id": profile.id, "display_name": profile.display_name, "full_name": profile.full_name}


def _profile_in(state: dict[str, Any]) -> Profile:
    told = state["profile"]
    return Profile(told["garmin_id"], told["display_name"], told["full_name"])


def _require_few(session: Session, member: Member, now: datetime) -> None:
    """Raise `TooManyLinkCodes` after five wrong codes in `CONFIRM_FOR`, which is as long as a
    sign-in waits for its code.
    """
    guessed = limits.LINE + WrongLinkCode.template()
    wrong = limits.list_times(session, limits.hash_member_addresses(session, member), guessed, now - CONFIRM_FOR)
    if len(wrong) >= MOST_WRONG:
        raise TooManyLinkCodes(minutes=limits.count_minutes_until(wrong[-MOST_WRONG] + CONFIRM_FOR, now))


def _with_code(session: Session, code: str, now: datetime, *which: Any) -> LinkAttempt | None:
    """Return the sign-in that waits for this code, its row locked. Few wait at any time, so each one is compared."""
    waiting = (LinkAttempt.step == AttemptStep.CONFIRM, LinkAttempt.expires_at > now)
    for attempt in session.scalars(select(LinkAttempt).where(*waiting, *which)):
        if secrets.compare_digest(make_code(session, attempt), code.upper()):
            query = select(LinkAttempt).where(LinkAttempt.id == attempt.id, *waiting).with_for_update()
            return session.scalar(query.execution_options(populate_existing=True))
    return None


def _elsewhere(session: Session, code: str, now: datetime) -> Elsewhere:
    """End another member's sign-in that has this code. Raises `WrongLinkCode` if there is none."""
    attempt = _with_code(session, code, now)
    if attempt is None:
        raise WrongLinkCode
    attempts.give_up(attempt, ELSEWHERE)
    attempt.link.used_at = now
    audit.note(session, "link.elsewhere", now, member_id=attempt.link.member_id)
    return Elsewhere(attempt.link.member, attempt)


def _forget(session: Session, account: GarminAccount) -> int:
    """Delete an account and all its activities. Returns how many activities were deleted."""
    member_id = account.member_id
    read = Activity.account_id == account.id
    # A file's activity counts again if the account's recording of the same session counted instead.
    worse = Activity.twin_of.in_(select(Activity.id).where(read))
    days = set(session.scalars(select(Activity.local_date).where(Activity.member_id == member_id, worse)))
    deleted = delete(Activity).where(read).returning(Activity.id, Activity.deleted_at)
    found = session.execute(deleted, execution_options={"synchronize_session": "fetch"}).all()
    gone, untold = len(found), [each.id for each in found if each.deleted_at is None]
    webhook_messages.note_activity_ids(session, member_id, WebhookEvent.ACTIVITY_DELETED, untold)
    session.execute(delete(Day).where(Day.member_id == member_id))
    others = (GarminAccount.member_id == member_id, GarminAccount.id != account.id)
    session.execute(update(GarminAccount).where(*others).values(steps_at=None))  # their steps are read again
    session.delete(account)
    session.flush()
    if gone:
        mark_twins_around(session, member_id, days)
        records.refresh(session, member_id)
    return gone
