"""The replies to lines that could not be carried out: not understood, refused because a name is unclear, or ended by a
bug. They offer buttons with lines that would work.
"""

import re

from bot.declaring.turn import Turn
from bot.languages.lists import read_words
from bot.parser import NotUnderstood, Understood, list_offers, understand
from messages.message import MOST_BUTTONS, MOST_LABEL, MOST_SAYS, Button, Message, units
from messages.render import render
from services.ground.recipients import make_reader
from services.ground.refusals import NoSuchPerson, Refusal, TwoPeopleMatch
from services.people import members

THANKS = read_words("thanks")


def answer_not_understood(turn: Turn, reading: NotUnderstood) -> Message:
    """Return the reply to a line that means no command: what was wrong with it, or what it may have meant. A thank-you
    is answered too.
    """
    if reading.why or reading.strange:
        return turn.say("start/strange_words", command=reading.nearest[0], strange=reading.strange, why=reading.why)
    if THANKS.intersection(re.split(r"\W+", turn.line.casefold())):
        return turn.say("start/thanked")
    lines = [each for each in list_offers(reading) if len(each) <= MOST_SAYS][:MOST_BUTTONS] or _at_hand(turn)
    buttons = [Button(each[:MOST_LABEL].strip().capitalize(), each) for each in lines]
    if reading.either:
        return turn.say("start/either", typed=reading.either, buttons=buttons)
    return turn.say("start/not_understood", nearest=reading.nearest, buttons=buttons)


def _at_hand(turn: Turn) -> list[str]:
    """Return the commands that are offered when nothing else fits."""
    return (
        ["me", "leaderboard", "help"] if members.list_memberships(turn.session, turn.member) else ["new group", "help"]
    )


def offer_people(turn: Turn, refusal: Refusal) -> list[Button]:
    """Return buttons for a refusal about an unclear name: the same line with each of the people who may be meant."""
    line = turn.line
    if not isinstance(refusal, NoSuchPerson | TwoPeopleMatch) or refusal.facts["wanted"] not in line:
        return []
    wanted = refusal.facts["wanted"]
    people = refusal.facts.get("people", ())
    names = {name: name for name in refusal.facts.get("others", ())} | {
        each.member.name: f"#{each.id}" for each in people
    }
    before, after = line.rsplit(wanted, 1) if wanted else (f"{line} ", "")
    reading = understand(line, turn.member.locale)
    if isinstance(reading, Understood) and reading.command.destructive:
        after = ""  # a yes that was about another person is not valid for this one
    said = {
        name: f"{before.rstrip('@')}{sign if sign[0] == '#' else '@' + sign}{after}" for name, sign in names.items()
    }
    fitting = [(name, says) for name, says in said.items() if units(name) <= MOST_LABEL and len(says) <= MOST_SAYS]
    return [Button(name, says) for name, says in fitting[:MOST_BUTTONS]]


def answer_after_bug(turn: Turn) -> Message:
    """Return the apology for a bug, with the reference by which an operator finds it in the log."""
    return render("refusals/our_fault", make_reader(turn.member), reference=turn.reference)
