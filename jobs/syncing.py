"""Reads the Garmin accounts that are due. New tokens are stored first, and each page has its own transaction."""

import time
from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session as Database

from jobs import stopping
from jobs.pace import Pace
from jobs.stopping import Stopped, wait_for
from jobs.work import insist_on, transaction
from messages.message import Message
from models import GarminAccount, GarminMethod, Member, MessageKind
from models.vault import UnknownKey
from providers.errors import LinkBroken, SourceError, SourceThrottled
from providers.recordings import Recording
from providers.sources import OpenAccount, SignedIn, Source, Typed
from services.delivery import mailbox
from services.training import accounts, binding, doubts, garmin_notices, merging, syncing
from services.training.merging import Found
from services.training.syncing import Errand, LeftAlone
from world import World

log = structlog.get_logger()

MOST_ASKED_FOR = 3


def sync_next(world: World) -> bool:
    """Read one account. Returns False if none is due, or if the sources of all due accounts are paused."""
    with transaction(world) as session:
        errand = syncing.take(session, world.now())
    if errand is None:
        return False
    try:
        _read_one(world, errand)
    except NoResultFound:  # its member has disconnected it, or was erased
        log.info("account gone while it was read", account=errand.account_id)
    except Stopped:
        with transaction(world) as session:
            syncing.give_back(session, errand)
        raise
    return True


def _read_one(world: World, errand: Errand) -> None:
    began = time.monotonic()
    try:
        found = read_account(world, errand)
    except NoResultFound:
        raise
    except LinkBroken as error:
        _refused(world, errand, error)
    except UnknownKey:
        _put_off(world, errand, accounts.NO_KEY)
    except SourceError as error:
        wish = error.retry_after if isinstance(error, SourceThrottled) else None
        _put_off(world, errand, type(error).__name__, wish)
        log.warning("sync put off", account=errand.account_id, why=type(error).__name__)
    except Exception:
        # An account that cannot be read must not prevent the others from being read.
        log.exception("sync broke", account=errand.account_id)
        _put_off(world, errand, "bug")
    else:
        log.info("synced", account=errand.account_id, new=len(found.new), changed=found.changed, gone=found.gone,
                 seconds=round(time.monotonic() - began, 2))  # fmt: skip


def read_account(world: World, errand: Errand) -> Found:
    """Read an account and return what was found. Its tokens are stored even after a failure, because after a renewal
    the old ones are no longer valid.
    """
    if errand.no_key is not None:
        raise errand.no_key
    account = _opened(world, errand)
    try:
        return _read_through(world, errand, account)
    finally:
        _keep(world, errand, account)


def _read_through(world: World, errand: Errand, account: OpenAccount) -> Found:
    """Read the days of this sync page by page, mark deleted activities, read steps if they are due, and tell a member
    who waits. Returns what was found.
    """
    total, seen, legs = Found(), set[int](), list[Recording]()
    for page in account.activities(errand.start, errand.end):
        with transaction(world) as session:
            found = syncing.store(session, errand, page, account.tokens)
        stopping.die_at("after_page")
        seen |= page.listed
        legs += [each for each in page.recordings if each.part_of is not None]
        total.uncounted |= found.uncounted
        total.new += found.new
        total.changed += found.changed
    certainly_gone = total.uncounted | _confirmed(world, errand, account, seen)
    with transaction(world) as session:
        total.gone = syncing.finish(session, errand, seen, world.now(), certainly_gone)
        member = _member(session, errand)
        merging.add_legs(session, member.id, legs)  # their session may be on another page
        doubts.ask(session, member, world.now())
        if errand.is_first or errand.was_asked or errand.is_new_link:
            _post(session, world, errand, member, _synced(session, world, errand, len(total.new)), "synced")
    _read_steps(world, errand, account)
    return total


def _synced(session: Database, world: World, errand: Errand, new: int) -> Message:
    """Return the message about a finished sync. After connecting, it also names the account and has a button to
    say that it is another person's.
    """
    account = session.get_one(GarminAccount, errand.account_id)
    whose, signed_in = "", None
    if errand.is_new_link:
        whose, signed_in = (
            binding.find_profile_name(account),
            binding.find_newest_sign_in(session, account, world.now()),
        )
    code = binding.make_code(session, signed_in) if signed_in else ""
    source = world.label_of(errand.source)
    return garmin_notices.tell_synced(
        session, account.member, source, new, is_first=errand.is_first, whose=whose, code=code
    )


def _confirmed(world: World, errand: Errand, account: OpenAccount, seen: set[int]) -> set[int]:
    """Check missing activities that are too many to be believed. Returns all of them if the source says that a few of
    them, requested one by one, do not exist; otherwise none.
    """
    with world.sessions() as session:
        missing = syncing.find_doubtful(session, errand, seen)
    asked = missing[:: len(missing) // MOST_ASKED_FOR + 1]
    return set(missing) if asked and all(account.is_gone(each) for each in asked) else set()


def _opened(world: World, errand: Errand) -> OpenAccount:
    """Open the account, renew its tokens and store them, because the old ones are invalid after that.

    Every request waits until the rate that all workers share allows it.
    """
    source = world.source(errand.source)
    account = source.open(errand.method, errand.tokens)
    account.before = _before_each_request(world, source)
    account.renew()
    _keep(world, errand, account)
    stopping.die_at("after_renewed")
    return account


def _before_each_request(world: World, source: Source) -> Callable[[], None]:
    """Return a function to call before each request. It waits until the rate that all workers share allows the request,
    and raises `Stopped` if this process was asked to stop.
    """
    pace = Pace(world.redis, source.rate, source.name)

    def wait() -> None:
        stopping.check()
        pace.wait()
        stopping.check()

    return wait


def _keep(world: World, errand: Errand, account: OpenAccount) -> None:
    """Store the tokens if they are new. This is tried for eight seconds, because the stored
    ones are no longer valid.
    """
    if account.tokens != errand.tokens:
        insist_on(
            world,
            lambda session: accounts.keep_tokens(
                session, session.get_one(GarminAccount, errand.account_id), account.tokens
            ),
        )


def _read_steps(world: World, errand: Errand, account: OpenAccount) -> None:
    """Read and store steps, if they are due. A failure does not affect the activities."""
    if errand.steps_since is None:
        return
    try:
        days = account.steps(errand.steps_since, errand.end)
    except SourceError as error:
        log.warning("steps not read", account=errand.account_id, why=type(error).__name__)
        return
    with transaction(world) as session:
        syncing.store_steps(session, errand, days, world.now())


def _put_off(world: World, errand: Errand, why: str, wish: timedelta | None = None) -> None:
    """Plan another try. A member who asked for this sync is told when."""
    with transaction(world) as session:
        until = syncing.put_off(session, errand, why, world.now(), wish)
        if errand.was_asked:
            member = _member(session, errand)
            account = session.get_one(GarminAccount, errand.account_id)
            alone = LeftAlone(errand.source, until, account.last_sync_at, why)
            _post(
                session,
                world,
                errand,
                member,
                garmin_notices.tell_garmin_away(member, world.label_of(errand.source), alone),
                "away",
            )


def _refused(world: World, errand: Errand, error: LinkBroken) -> None:
    """Handle refused tokens: try a kept password; if that fails, the link may have ended, and the member is told."""
    stopping.check()
    try:
        email, password = _kept_password(world, errand, error)
    except UnknownKey as lacking:
        _put_off(world, errand, accounts.NO_KEY)
        log.error(
            "sealed under an unknown key: tried again later",
            key=lacking.name,
            what="garmin_accounts.password",
            which=str(errand.account_id),
        )
        return
    if password is not None and _signed_in_again(world, errand, email, password):
        return
    with transaction(world) as session:
        ended = syncing.note_refused(session, errand, certain=error.certain, now=world.now())
        if ended and not accounts.knows_of_end(session.get_one(GarminAccount, errand.account_id)):
            member = _member(session, errand)
            message = garmin_notices.ask_to_relink(member, world.label_of(errand.source))
            _post(session, world, errand, member, message, "relink", MessageKind.NOTICE)
    log.warning("tokens refused", account=errand.account_id, ended=ended, why=str(error))


def _kept_password(world: World, errand: Errand, error: LinkBroken) -> tuple[str, str | None]:
    """Return the account's e-mail address, and the stored password if it may be used now, else
    None. Raises `UnknownKey`.
    """
    with transaction(world) as session:
        account = session.get_one(GarminAccount, errand.account_id, with_for_update=True)
        # Do not sign in after a 401 that may be temporary, nor with a password that the operator no longer lets us
        # keep.
        is_last = syncing.is_link_ended(account, certain=error.certain, now=world.now())
        may_use = is_last and world.source(errand.source).keeps_passwords
        password = accounts.take_kept_password(session, account, world.now()) if may_use else None
        return account.garmin_email or "", password


def _signed_in_again(world: World, errand: Errand, email: str, password: str) -> bool:
    """Sign in once with the password that the member asked us to keep, at most once a day. Returns
    whether it worked.
    """
    try:
        answer = wait_for(lambda: world.source(errand.source).sign_in(GarminMethod.PASSWORD, Typed(password, email)))
    except Stopped:
        with transaction(world) as session:
            accounts.give_back_password(session.get_one(GarminAccount, errand.account_id, with_for_update=True))
        raise
    except SourceError as error:
        log.warning("kept password did not help", account=errand.account_id, why=type(error).__name__)
        return False
    if not isinstance(answer, SignedIn):
        return False
    with transaction(world) as session:
        syncing.note_signed_in_again(session, errand, answer.tokens, world.now())
    return True


def _member(session: Database, errand: Errand) -> Member:
    account = session.get_one(GarminAccount, errand.account_id)
    found: Member = account.member
    return found


def _post(
    session: Database,
    world: World,
    errand: Errand,
    member: Member,
    message: Message,
    what: str,
    kind: MessageKind = MessageKind.REPLY,
) -> None:
    key = f"{what}:{errand.account_id}:{world.now().isoformat()}"
    mailbox.post(session, member.id, message, world.now(), kind=kind, key=key)
