"""Words without meaning around a command, and whole sentences that mean a command."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.languages.lists import read_lines
from bot.words.lines import POLITE

# Words without meaning: "could I please see the leaderboard", "gimme my week".
FILLERS = POLITE | frozenset(
    """
    i i'm im i'd i'll am are be been can could would may might will do does did have has had having got get getting
    give gimme gimmi lemme let see want wanna wants need like know knows tell check look looking dear hey hi hello
    ok okay so well just quick quickly right rn currently again new this's your yours it it's its that's thats here
    up out please good evening morning afternoon from into about which what what's whats how how's hows if or but
    too also us we our ours one some any all list send post display print open bring pull find guys everyone
    everybody folks mate man bro dude friend friends buddy pal then today's user's set make put lol haha hahaha plz
    thx ty cheers moment atm ya k kk someone somebody anyone anybody btw anyway latest people group current called
    only named innit ayo oi chuck baby babe bestie fam bruv bruh hun yet already more else as than
    """.split()  # noqa: SIM905 - so many words in quotes would read worse
)


@dataclass(frozen=True)
class SentenceFrame:
    """A sentence with a gap: "make … an admin"."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    command: str

    def gap(self, keys: Sequence[str]) -> range | None:
        """Return the places of the words in the gap, at least one; None if the words do not match."""
        end = len(keys) - len(self.after)
        fits = tuple(keys[: len(self.before)]) == self.before and tuple(keys[max(end, 0) :]) == self.after
        return range(len(self.before), end) if fits and end > len(self.before) else None


def _written() -> list[tuple[str, str]]:
    """Return sentences with their commands, from `sentences.txt` of the language."""
    lines = [line.split(":", 1) for line in read_lines("sentences")]
    return [(sentence.strip(), command) for command, said in lines for sentence in said.split("|")]


def _frames() -> dict[str, list[SentenceFrame]]:
    """Return the frames by their first word, those with the most words first."""
    framed = [(sentence.partition("…"), command) for sentence, command in _written() if "…" in sentence]
    frames = [
        SentenceFrame(tuple(before.split()), tuple(after.split()), command) for (before, _, after), command in framed
    ]
    frames.sort(key=lambda frame: -len(frame.before) - len(frame.after))
    return {frame.before[0]: [each for each in frames if each.before[0] == frame.before[0]] for frame in frames}


# Whole lines, each with its command; and frames.
SENTENCES = {sentence: command for sentence, command in _written() if "…" not in sentence}
FRAMES = _frames()

# The words before and after a wish.
_LIKE = r"(?:like|love|prefer|appreciate|be (?:so |very |most |really )?(?:grateful|glad|happy|pleased|thankful))"
WISH = re.compile(
    r"(?:(?:hey|hi|hello|dear|ok|okay|so|well|yes|yeah|yep|sure|right|bot|gruppetto|please|pls|plz|kindly|just|now|and"
    r"|but|good (?:morning|afternoon|evening|day)) )*"
    r"(?:(?:(?:i|we) (?:really )?(?:want|wanna|wish|need)(?: to| you to)?"
    rf"|(?:(?:i|we) (?:would|should|will)|i'd|id|we'd|i'll) {_LIKE}(?: it)?(?: to| you to| for)?"
    r"(?: if (?:you|i|we) (?:can|could|would|might))?"
    r"|(?:i am|i'm|i was|we are|we were) wondering (?:if|whether) (?:you|i|we) (?:can|could|would|might)"
    r"|i wonder (?:if|whether) (?:you|i|we) (?:can|could|would|might)|let's|lets|lemme|let me"
    r"|(?:can|could|would|will|might|may) (?:you|u|i|we)(?: possibly| perhaps| maybe)?"
    r"(?: trouble you for| ask (?:you )?(?:for|to)| be so (?:kind|good)(?: as)? to| do me a favour and)?"
    r"|i'm going to|i'll|is it possible (?:for (?:you|me) )?to|would it be possible (?:for (?:you|me) )?to"
    r"|be so (?:kind|good)(?: as)? to|do me a favou?r and"
    r"|(?:how|where) (?:can|could|do) (?:i|we) (?:see|find|check|view)) )?"
    r"(?:(?:please|pls|plz|just|now|kindly|to) )*"
)
GREETED = frozenset(
    """
    there all guys everyone everybody folks mate friend friends team amigo amigos amiga bella bello zusammen tutti
    tous anyone anybody buddy pal bro dude man my dear world people gang crew ça va miteinander leute alle todos
    todas tutte a à à-tous lovely again ji bot sir madam ma'am
    """.split()  # noqa: SIM905 - so many words in quotes would read worse
)

# Names of commands that are also everyday words: in the middle of a sentence they do not mean the command.
EVERYDAY = frozenset(
    """
    who when show in back last name top points share use today add why hi hello hey about update remove set mine
    people sick ill hurt holiday injured terms target record records explain away vs me stats link create recent
    plan weather year recap check nick quiet keep decline approve menu j h ? on off yes report start
    feedback we us together
    """.split()  # noqa: SIM905 - so many words in quotes would read worse
)
