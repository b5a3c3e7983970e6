"""Signing members in to their accounts: each try once, with a secret that is already gone from the database."""

from dataclasses import asdict

import structlog
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from jobs import stopping
from jobs.stopping import Stopped, wait_for
from jobs.work import transaction
from messages.render import Offer, render
from models import GarminMethod, LinkAttempt, MessageKind
from providers.errors import (
    KeyRejected,
    SignInTimedOut,
    SourceBlocked,
    SourceError,
    SourceThrottled,
    WrongCode,
    WrongPassword,
)
from providers.sources import KeyAccepted, NeedsCode, SignedIn, Typed
from services.delivery import mailbox
from services.ground import recipients
from services.group import proofs
from services.people import members
from services.training import binding, garmin_notices, sign_ins, tries
from services.training.binding import AnotherAccount, Linked, Stranger
from services.training.sign_ins import Task
from world import World

log = structlog.get_logger()

PROBLEMS: dict[type[SourceError], str] = {
    WrongPassword: "wrong_password",
    WrongCode: "wrong_code",
    KeyRejected: "key_rejected",
    SignInTimedOut: "timed_out",
    SourceThrottled: tries.THROTTLED,
    SourceBlocked: "blocked",
}


def sign_in_next(world: World) -> bool:
    """Do one sign-in. Returns False if none waits."""
    with transaction(world) as session:
        task = sign_ins.take(session, world.now())
    if task is None:
        return False
    stopping.die_at("after_take_sign_in")
    try:
        _try(world, task)
    except NoResultFound:  # its member was erased
        log.info("sign-in gone while it was tried", attempt=str(task.attempt_id))
    except Stopped:
        with transaction(world) as session:
            sign_ins.give_back(session, task)
        raise
    return True


def _try(world: World, task: Task) -> None:
    try:
        answer = wait_for(lambda: _signed_in(world, task))
    except SourceError as error:
        log.info("sign-in failed", attempt=str(task.attempt_id), why=type(error).__name__)
        _count(world, task, error)
        with transaction(world) as session:
            sign_ins.note_failed(session, task, PROBLEMS.get(type(error), "unavailable"))
            if task.is_confirmed:
                tell_failed(session, world, session.get_one(LinkAttempt, task.attempt_id))
        return
    with transaction(world) as session:
        if isinstance(answer, NeedsCode):
            sign_ins.keep_half_open(session, task, answer, world.now())
        elif task.is_confirmed and isinstance(answer, SignedIn):
            _connect(session, world, task, answer)
        else:
            binding.keep_sign_in(session, task, answer, world.now())
    log.info("sign-in step done", attempt=str(task.attempt_id), step=type(answer).__name__)


def _count(world: World, task: Task, error: SourceError) -> None:
    """Count the failure for the limits, in a transaction of its own, so that it counts even if the
    member was erased.
    """
    if task.way is not GarminMethod.PASSWORD or not isinstance(error, SourceThrottled | WrongPassword):
        return
    with transaction(world) as session:
        if isinstance(error, SourceThrottled):
            tries.note_held_back(session, task.counted_against, task.source, world.now())
        if task.state is None:  # if Garmin has already asked for the second factor, the password was right
            tries.note_unproved_password(session, task.counted_against, task.account, world.now())


def _signed_in(world: World, task: Task) -> SignedIn | KeyAccepted | NeedsCode:
    source = world.source(task.source)
    if task.is_confirmed:
        return source.whose(task.way, task.secret)
    if task.state is not None:
        return source.answer_code(task.way, task.state, task.secret)
    return source.sign_in(task.way, Typed(task.secret, task.email))


def tell_failed(session: Session, world: World, attempt: LinkAttempt) -> None:
    """Write into the chat that connecting by a key has failed. The member waits there after sending the right code."""
    member = attempt.link.member
    key = f"link-failed:{attempt.id}"
    message = garmin_notices.tell_link_failed(member, world.label_of(attempt.source))
    mailbox.post(session, member.id, message, world.now(), kind=MessageKind.REPLY, key=key)


def _connect(session: Session, world: World, task: Task, answer: SignedIn) -> None:
    """Connect the account to which a key belongs. If another account is connected already, ask the member first."""
    heard = binding.note_key_owner(session, task, answer, world.now())
    member = session.get_one(LinkAttempt, task.attempt_id).link.member
    if isinstance(heard, Stranger):
        buttons = [Offer("what_else", "still me")]
        message = render("start/not_proved", recipients.make_reader(member), buttons=buttons)
        key = f"stranger:{task.attempt_id}"
        mailbox.post(session, member.id, message, world.now(), kind=MessageKind.REPLY, key=key)
    if isinstance(heard, Linked) and member.doubted_at is not None:
        proofs.confirm(session, member, world.now(), by="garmin")
    if isinstance(heard, AnotherAccount):
        members.keep_unfinished(member, f"link garmin {heard.code}", world.now())
        message = garmin_notices.ask_about_another_account(
            member, **asdict(heard) | {"source": world.label_of(task.source)}
        )
        key = f"another-account:{task.attempt_id}"
        mailbox.post(session, member.id, message, world.now(), kind=MessageKind.REPLY, key=key)
