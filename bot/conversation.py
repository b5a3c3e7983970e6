"""One turn, from a line to its reply: finds the member, reads the line, checks permissions, and runs the command."""

import secrets
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from bot import before_reading, failed_lines, received_files
from bot import commands as _declared  # noqa: F401 - importing declares them
from bot.arguments import MemberWanted
from bot.before_reading import STOP_WORDS, Settled
from bot.declaring.command import Allowed, commands
from bot.declaring.turn import WHO, Turn
from bot.languages.lists import read_phrases
from bot.parser import NotUnderstood, Reading, Understood, Unfinished, is_command, understand
from bot.words.lines import normalise_line
from jobs.outages import is_outage
from jobs.queue import GOT_IN_THE_WAY
from jobs.work import transaction
from messages.message import MOST_CHOICE, Message
from models import MessageKind
from models.vault import UnknownKey
from providers.messenger import Inbound
from services.data import erasure
from services.delivery import inbox, mailbox, menus
from services.ground import audit
from services.ground.refusals import Refusal
from services.group import groups, proofs
from services.people import line_checks, members
from services.people.line_checks import INTRO, NOT_UNDERSTOOD, SILENCE
from world import World

log = structlog.get_logger()

TRIES = 3
# The commands that work while it is in doubt whose number it is: those that settle the doubt, and those that neither
# show nor change the member's data.
HEARD_IN_DOUBT = {"still me", "new here", "ask admin", "stop", "cancel", "help", "feedback", "delete me"}
NO_WORDS = frozenset(read_phrases("no"))


def converse(world: World, inbound: Inbound, heard_at: datetime | None = None) -> str | None:
    """Answer one inbound message in one transaction. Returns the command's name, or None if it was received before.

    If two turns conflict (two first lines of a newcomer, a deadlock), they are tried again. Raises SQLAlchemy's errors
    if the database is away or its schema is older than this code (`jobs.outages`), and `UnknownKey` if the line needs a
    value that this process cannot decrypt yet.
    """
    reference = secrets.token_hex(4)
    with structlog.contextvars.bound_contextvars(turn=reference, inbound=inbound.sid):
        for _ in range(TRIES - 1):
            try:
                return _turn(world, inbound, reference, heard_at)
            except IntegrityError:
                continue
            except OperationalError as error:
                if getattr(error.orig, "pgcode", None) not in GOT_IN_THE_WAY:
                    raise
        return _turn(world, inbound, reference, heard_at, again=True)


def _turn(
    world: World, inbound: Inbound, reference: str, heard_at: datetime | None, *, again: bool = False
) -> str | None:
    now = world.now()
    with transaction(world) as session:
        audit.name_way(session, audit.CHAT)
        if heard_at is not None and _is_of_erased(session, inbound, heard_at, now):
            log.info("written by somebody who was erased since")
            return None
        if not inbox.receive(session, inbound.sid, inbound.kind, reference, now):
            log.info("heard before")
            return None
        if inbound.kind in before_reading.UNSPOKEN:
            inbox.note(session, inbound.sid, member_id=None, command=SILENCE, mark=None)
            log.info("not spoken", kind=inbound.kind)
            return SILENCE
        member, is_new = members.recognise_member(
            session,
            heard_at or now,
            phone=inbound.phone,
            business_id=inbound.business_id,
            address=inbound.address,
            profile_name=inbound.profile_name,
        )
        attached = received_files.find_files(inbound) if inbound.media else ()
        turn = Turn(world, session, member, inbound.line, now, reference, is_new, attached)
        turn.profile_name, turn.kind, turn.sid = inbound.profile_name, inbound.kind, inbound.sid
        turn.replied_to, turn.opted = inbound.replied_to, inbound.opted
        name, reply = _answer(turn, again=again)
        member = turn.member  # another member, if the number has changed hands
        if reply is not None:
            reply = before_reading.add_kudos(turn, name, reply)
            mailbox.post(session, member.id, reply, now, kind=MessageKind.REPLY, key=f"reply:{inbound.sid}")
        before_reading.note_turn(turn, inbound.sid, name)
    log.info("turn", member=member.id, command=name, kind=inbound.kind)
    return name


def _is_of_erased(session: Session, inbound: Inbound, heard_at: datetime, now: datetime) -> bool:
    """Return whether a line that is answered late was written before its writer was erased. If so, its
    copy at the vendor is deleted too.
    """
    if not erasure.was_erased_since(session, heard_at, phone=inbound.phone, business_id=inbound.business_id):
        return False
    line_checks.forget_line(session, inbound.sid, now)
    return True


def _answer(turn: Turn, *, again: bool) -> Settled:
    """Return the answer. After a bug it is an apology, and nothing is left half-done. Raises only errors after which
    another try may succeed.
    """
    try:
        return _respond_or_refuse(turn)
    except UnknownKey:
        raise
    except Exception as error:
        if is_outage(turn.world, error) or (isinstance(error, IntegrityError) and not again):
            raise
        log.exception("turn broke")
        return "bug", failed_lines.answer_after_bug(turn)


def _respond_or_refuse(turn: Turn) -> Settled:
    """Return the answer, or the text of a refusal, which leaves nothing half-done."""
    typed = turn.line
    try:
        with turn.session.begin_nested():
            return _respond(turn)
    except Refusal as refusal:
        # If the line completed a question, the question stays open for another try; if a command replaced it, it does
        # not.
        if turn.line == typed:
            members.take_unfinished(turn.member, turn.now)
        buttons = failed_lines.offer_people(turn, refusal)
        return refusal.template(), turn.say(refusal.template(), buttons=buttons, **refusal.facts)


def _respond(turn: Turn) -> Settled:
    """Answer the line, or the files that came with it. Words under a file are ignored, even a command, because WhatsApp
    puts the file's name there.
    """
    if turn.opted == "STOP":
        commands["stop"](turn)
        return "stop", None  # Twilio has answered, and would refuse another message
    if (settled := before_reading.answer_before_reading(turn)) is not None:
        return settled
    if turn.opted == "START" and not turn.is_in_doubt:
        return "start", commands["start"](turn)
    if turn.files:
        return _ask_whose(turn) if turn.is_in_doubt else ("file", received_files.take_files(turn))
    return _respond_to_words(turn)


def _respond_to_words(turn: Turn) -> Settled:
    bare = normalise_line(turn.line)
    if bare in STOP_WORDS and not (bare == "cancel" and turn.member.unfinished):
        return "stop", commands["stop"](turn)
    turn.line, reading = _read(turn)
    if turn.is_in_doubt and not _is_heard_in_doubt(turn, reading):
        return _ask_whose(turn)
    if isinstance(reading, NotUnderstood):
        if not reading.why and before_reading.is_intro_due(turn):
            return INTRO, commands["start"](turn)
        return NOT_UNDERSTOOD, failed_lines.answer_not_understood(turn, reading)
    _require(turn, _asked_here(reading), reading.command.name)
    if isinstance(reading, Unfinished):
        return reading.command.name, turn.ask(f"{reading.command.topic}/ask_{reading.missing.name}")
    return reading.command.name, _run(turn, reading)


def _is_heard_in_doubt(turn: Turn, reading: Reading) -> bool:
    """Return whether this reading may be carried out while the number is in doubt. *link garmin*
    may, if it can settle the doubt.
    """
    if not isinstance(reading, Understood | Unfinished):
        return False
    if reading.command.name == "link garmin":
        return proofs.find_ways(turn.session, turn.member, turn.now).garmin
    return reading.command.name in HEARD_IN_DOUBT


def _ask_whose(turn: Turn) -> Settled:
    return before_reading.DOUBTED, turn.say("start/whose_number", buttons=WHO)


def _read(turn: Turn) -> tuple[str, Reading]:
    """Read the line. If a question is open, the line completes it, unless it is a command itself."""
    waiting = members.take_unfinished(turn.member, turn.now)
    if tapped := _tapped(turn, is_free=waiting is None):
        return tapped, understand(tapped, turn.member.locale)
    alone = understand(turn.line, turn.member.locale)
    if waiting is None:
        return turn.line, alone
    if normalise_line(turn.line, turn.member.locale) in NO_WORDS:
        return turn.line, Understood(commands["cancel"])
    # "Top runners" is a group's name although it begins like a command; "top runs" is a command.
    doubtful = alone.strange if isinstance(alone, NotUnderstood) else isinstance(alone, Understood) and alone.guessed
    if is_command(turn.line, turn.member.locale) and not doubtful:
        return turn.line, alone
    completed = f"{waiting} {turn.line}"
    reading = understand(completed, turn.member.locale)
    if isinstance(reading, NotUnderstood):
        tapped = _tapped(turn, is_free=True)
        return (tapped, understand(tapped, turn.member.locale)) if tapped else (turn.line, alone)
    return completed, reading


def _tapped(turn: Turn, *, is_free: bool) -> str | None:
    """Return the line that a number, a label, or a yes to a quoted message stands for, or None. It is treated
    like a tap.

    The menu of a quoted message is always used; the newest menu only if no question is open.
    """
    if len(turn.line) > MOST_CHOICE:
        return None
    if turn.replied_to:
        quoted = menus.find_under(turn.session, turn.member.id, turn.replied_to, turn.now)
        if line := menus.find_line_meant(quoted, turn.line, quoted=True):
            return line
    if not is_free or is_command(turn.line, turn.member.locale):
        return None
    return menus.find_line_meant(menus.find_newest(turn.session, turn.member.id, turn.now), turn.line, quoted=False)


def _run(turn: Turn, reading: Understood) -> Message:
    reply = reading.command(turn, **reading.arguments)
    if reading.guessed is None:
        return reply
    note = turn.say("start/guessed", typed=reading.guessed, name=reading.command.name).text
    return replace(reply, text=f"{note}\n{reply.text}")


def _asked_here(reading: Understood | Unfinished) -> Allowed:
    """Return who may use the command. If an argument is a number such as "#17", it may belong to another group than the
    current one; then the service checks the permission.
    """
    of_another = isinstance(reading, Understood) and any(
        isinstance(each, MemberWanted) and each.startswith("#") for each in reading.arguments.values()
    )
    return Allowed.MEMBERS if of_another else reading.command.allowed


def _require(turn: Turn, allowed: Allowed, what: str) -> None:
    if allowed is not Allowed.ANYONE:
        membership = turn.membership
        if allowed is Allowed.ADMINS:
            groups.require_admin(turn.session, membership, what)
        if allowed is Allowed.OWNER:
            groups.require_owner(turn.session, membership, what)
