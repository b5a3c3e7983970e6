"""One turn, from a line to its reply: who, which command, may they, answer, apologise."""

import secrets

import structlog
from sqlalchemy.exc import IntegrityError, OperationalError

from bot import commands as _declared  # noqa: F401 - importing declares them
from bot.command import Allowed, commands
from bot.parser import NotUnderstood, Reading, Understood, Unfinished, is_command, understand
from bot.turn import Turn
from jobs.work import transaction
from messages.message import Button, Message
from messages.render import render
from models import InboundMessage, MessageKind
from providers.messenger import Inbound
from services import groups, mailbox, members
from services.digests import reader_of
from services.refusals import Refusal
from world import World

log = structlog.get_logger()

# https://help.twilio.com/articles/223134027: words that must stop a sender, and those that undo it
STOP_WORDS = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
START_WORDS = {"start", "unstop"}


def converse(world: World, inbound: Inbound) -> str | None:
    """Answer one inbound message, in one transaction. Gives the command's name; None when it was heard before."""
    reference = secrets.token_hex(4)
    with structlog.contextvars.bound_contextvars(turn=reference):
        try:
            return _turn(world, inbound, reference)
        except IntegrityError:
            # Two first messages of a newcomer at once: by now the other one has made the member.
            return _turn(world, inbound, reference)


def _turn(world: World, inbound: Inbound, reference: str) -> str | None:
    now = world.now()
    with transaction(world) as session:
        if not mailbox.receive(session, inbound.sid, inbound.kind, reference, now):
            log.info("heard before")
            return None
        member, is_new = members.known(
            session,
            now,
            phone=inbound.phone,
            business_id=inbound.business_id,
            address=inbound.address,
            profile_name=inbound.profile_name,
        )
        turn = Turn(world, session, member, inbound.line, now, reference, is_new)
        name, reply = _answer(turn)
        mailbox.post(session, member.id, reply, now, kind=MessageKind.REPLY, key=f"reply:{inbound.sid}")
        heard = session.get_one(InboundMessage, inbound.sid)
        heard.member_id, heard.command = member.id, name
    log.info("turn", member=member.id, command=name, kind=inbound.kind)
    return name


def _answer(turn: Turn) -> tuple[str, Message]:
    """Never raises but for the database: a refusal becomes its text, a bug an apology; both leave nothing half-done."""
    savepoint = turn.session.begin_nested()
    try:
        name, reply = _respond(turn)
        savepoint.commit()
    except Refusal as refusal:
        savepoint.rollback()
        return "refusal", _said_no(turn, refusal)
    except (OperationalError, IntegrityError):
        raise
    except Exception:
        savepoint.rollback()
        log.exception("turn broke")
        return "bug", _apology(turn)
    return name, reply


def _respond(turn: Turn) -> tuple[str, Message]:
    if not turn.line.strip():
        return "media", turn.say("start/only_text", buttons=[Button("Help", "help")])
    bare = turn.line.strip().strip(".!").casefold()
    if bare in STOP_WORDS and not (bare == "cancel" and turn.member.unfinished):
        return "stop", commands["stop"](turn)
    line, reading = _read(turn)
    turn.line = line
    if isinstance(reading, Understood):
        return reading.command.name, _run(turn, reading)
    if isinstance(reading, Unfinished):
        return reading.command.name, turn.ask(
            f"{reading.command.topic}/ask_{reading.missing.name}", command=reading.command
        )
    return "not understood", _puzzled(turn, reading)


def _read(turn: Turn) -> tuple[str, Reading]:
    """Read the line, as the completion of an unfinished one unless it is a command by itself."""
    waiting = members.take_unfinished(turn.member, turn.now)
    if waiting is not None and turn.line.strip().casefold() in {"cancel", "no", "never mind", "nevermind"}:
        return turn.line, Understood(commands["cancel"])
    if waiting is not None and not is_command(turn.line):
        completed = f"{waiting} {turn.line}"
        reading = understand(completed)
        if not isinstance(reading, NotUnderstood):
            return completed, reading
    return turn.line, understand(turn.line)


def _run(turn: Turn, reading: Understood) -> Message:
    _require(turn, reading.command.allowed, reading.command.name)
    reply = reading.command(turn, **reading.arguments)
    if reading.guessed is None:
        return reply
    note = turn.say("start/guessed", typed=reading.guessed, name=reading.command.name).text
    return Message(f"{note}\n{reply.text}", reply.picture, reply.chart, reply.buttons, reply.approved)


def _require(turn: Turn, allowed: Allowed, what: str) -> None:
    if allowed is not Allowed.ANYONE:
        membership = turn.membership
        if allowed is Allowed.ADMINS:
            groups.require_admin(turn.session, membership, what)


def _puzzled(turn: Turn, reading: NotUnderstood) -> Message:
    if turn.is_new:
        return commands["start"](turn)
    if reading.why or reading.strange:
        return turn.say(
            "start/strange_words", command=reading.nearest[0], strange=reading.strange[:60], why=reading.why
        )
    offers = [Button(each.name[:20].capitalize(), each.name) for each in reading.nearest] or [Button("Help", "help")]
    return turn.say("start/not_understood", nearest=reading.nearest, buttons=offers)


def _said_no(turn: Turn, refusal: Refusal) -> Message:
    return turn.say(refusal.template(), **refusal.facts)


def _apology(turn: Turn) -> Message:
    return render("refusals/our_fault", reader_of(turn.member), reference=turn.reference)
