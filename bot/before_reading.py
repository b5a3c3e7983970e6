"""Answers messages that must not be read as commands: floods, machines, secrets typed into the chat, and
messages without text.
"""

from dataclasses import replace

from bot.declaring.turn import WHO, Turn
from bot.languages.lists import read_words
from bot.words.lines import normalise_line
from messages.message import Message, units
from messages.render import Offer
from messages.words import is_blank
from services.delivery import inbox
from services.ground import limits
from services.group import kudos
from services.people import line_checks, members
from services.people.line_checks import ECHO, ENOUGH, INTRO, MEDIA, NOT_UNDERSTOOD, SECRET, SILENCE, SLOW_DOWN, Limits
from services.training import accounts

STOP_WORDS = read_words("stop")
MOST_REPLY = 700  # UTF-16 units of a reply with kudos below it
# These kinds are no messages to us: only their id is stored, and they do not start the 24 hours in which we may answer.
UNSPOKEN = {"reaction", "system", "deleted", "delete", "revoke", "revoked"}
WORDS_ARE_ALL = {"text", "button", "interactive"}  # kinds of messages that contain only text
DOUBTED = "doubted"  # the bot asks whose number it is
NEVER_DECORATED = {"stop", "bug", SECRET, SLOW_DOWN, ENOUGH}

Settled = tuple[str, Message | None]


def answer_before_reading(turn: Turn) -> Settled | None:
    """Answer a message that must not be read as a command: a secret, a flood, a line of a machine, or one without text.

    Returns the name under which the turn is noted, and the answer, which is None if the bot stays silent. Returns None
    if the line must be read as usual; lines that say "stop" always are.
    """
    if normalise_line(turn.line) in STOP_WORDS:
        return None
    is_secret = not turn.files and line_checks.is_secret(turn.line)  # the text under a file is only its name
    if is_secret:
        line_checks.forget_line(turn.session, turn.sid, turn.now)
    found = line_checks.look_back(turn.session, turn.member, turn.line, turn.now)
    turn.was_greeted = bool(found.greeted)
    settings = turn.world.settings
    if flooded := line_checks.check_flood(found, Limits(settings.lines_a_minute, settings.lines_a_day)):
        silent = flooded == SILENCE
        return flooded, None if silent else turn.say("start/slow_down", is_for_today=flooded == ENOUGH)
    if is_secret:
        buttons = WHO if turn.is_in_doubt else [Offer("connect_garmin", "link garmin")]
        return SECRET, turn.say("start/secret", in_doubt=turn.is_in_doubt, buttons=buttons)
    if found.same >= line_checks.MOST_REPEATED - 1:
        return SILENCE, None
    if line_checks.is_echo(turn.session, turn.member.id, turn.line, turn.now):
        return (SILENCE, None) if found.echoes else (ECHO, turn.say("start/echo", buttons=[Offer("help", "help")]))
    return _without_words(turn, is_told=bool(found.media))


def _without_words(turn: Turn, *, is_told: bool) -> Settled | None:
    """Answer a picture, a voice note, an edited or an empty message, once an hour, because they often come in numbers.
    Returns None for other messages.
    """
    if turn.files or not is_blank(turn.line):
        return None
    if is_told:
        return SILENCE, None
    if turn.is_in_doubt:
        return MEDIA, turn.say("start/whose_number", buttons=WHO)
    help_button = [Offer("help", "help")]
    if turn.kind == "edit":
        return MEDIA, turn.say("start/edited", buttons=help_button)
    if turn.kind in WORDS_ARE_ALL:
        return MEDIA, turn.say("start/empty_line", buttons=help_button)
    return MEDIA, turn.say("start/only_text", kind=turn.kind, buttons=help_button)


def is_intro_due(turn: Turn) -> bool:
    """Return whether to introduce the bot to a person who is in no group and was not greeted within the last day."""
    if turn.is_new:
        return True
    if turn.member.opted_out_at is not None:  # members who have said "stop" are not greeted
        return False
    belongs = members.list_memberships(turn.session, turn.member) or accounts.list_accounts(turn.session, turn.member)
    return not (turn.was_greeted or belongs)


def note_turn(turn: Turn, sid: str, name: str) -> None:
    """Store what the turn was, and count it for the addresses that it came from.

    A line that was not understood gets a mark, by which it is recognised when it comes again.
    """
    limits.count(
        turn.session, limits.hash_member_addresses(turn.session, turn.member), limits.LINE + name[:40], turn.now
    )
    unclear = name in (NOT_UNDERSTOOD, INTRO)
    mark = line_checks.mark_line(turn.session, turn.member.id, turn.typed) if unclear else None
    inbox.note(turn.session, sid, member_id=turn.member.id, command=name[:40], mark=mark)


def add_kudos(turn: Turn, name: str, reply: Message) -> Message:
    """Return the reply with the kudos that wait for its reader below it, as far as there is room."""
    if name in NEVER_DECORATED or turn.is_in_doubt:  # kudos name their giver
        return reply
    for each in kudos.list_waiting(turn.session, turn.member):
        text = f"{reply.text}\n\n{turn.say('manners/kudos_for_you', given=each).text}"
        if units(text) > MOST_REPLY:
            break
        each.delivered_at = turn.now
        reply = replace(reply, text=text)
    return reply
