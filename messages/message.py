"""A message to one person. WhatsApp's limits are checked when it is made."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from json import dumps, loads
from typing import Any

from messages.languages import FIRST, labels

# https://www.twilio.com/docs/api/errors/21617, …/content/twilio-quick-reply, …/content/twiliolist-picker
MOST_TEXT = 1600
MOST_CAPTION = 1024
MOST_BUTTONS = 3
MOST_LABEL = 20
MOST_SAYS = 200
FEWEST_CHOICES, MOST_CHOICES = 4, 10  # fewer choices are shown as buttons
MOST_CHOICE, MOST_ABOUT = 24, 72


class TooMuch(ValueError):
    """WhatsApp would refuse the message, because it breaks a limit."""


@dataclass(frozen=True)
class Button:
    """A quick reply. Tapping it is the same as typing `says`."""

    label: str
    says: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.label) <= MOST_LABEL:
            raise TooMuch(
                f"button label {self.label!r} has {len(self.label)} characters, 1 to {MOST_LABEL} are allowed"
            )
        if not 1 <= len(self.says) <= MOST_SAYS:
            raise TooMuch(f"button {self.label!r} says {len(self.says)} characters, 1 to {MOST_SAYS} are allowed")


@dataclass(frozen=True)
class Choice:
    """An item of a list that opens at a tap. Choosing it is the same as typing `says`."""

    label: str
    says: str
    about: str

    def __post_init__(self) -> None:
        for name, most in (("label", MOST_CHOICE), ("says", MOST_SAYS), ("about", MOST_ABOUT)):
            if not 1 <= units(getattr(self, name)) <= most:
                raise TooMuch(f"a choice's {name} {getattr(self, name)!r} may have 1 to {most} characters")


@dataclass(frozen=True)
class Approved:
    """The form of a message for when 24 hours have passed since the member last wrote: the name of an approved template
    and its values. Values may not be empty, nor contain a newline, a tab, or four spaces in a row.
    """

    name: str
    values: Mapping[str, str]

    def __post_init__(self) -> None:
        for key, value in self.values.items():
            if not value.strip() or any(bad in value for bad in ("\n", "\t", "    ")):
                raise TooMuch(f"value {key} of {self.name} is empty or not a single line: {value!r}")


@dataclass(frozen=True)
class Message:
    """A text, with at most one of these: a picture, one to three buttons, or a list of four to ten choices.

    WhatsApp sends buttons only with plain text, and counts text in UTF-16 units. `picture` is a path on our host; a
    `chart` is the content of a picture that is drawn when the message is sent. `language` is a code.
    """

    text: str
    picture: str | None = None
    chart: Mapping[str, Any] | None = None
    buttons: tuple[Button, ...] = ()
    approved: Approved | None = field(default=None)
    choices: tuple[Choice, ...] = ()
    language: str = FIRST

    def __post_init__(self) -> None:
        most = MOST_CAPTION if self.pictured or self.buttons or self.choices else MOST_TEXT
        if not 1 <= units(self.text) <= most:
            raise TooMuch(f"a text of {units(self.text)} UTF-16 units, 1 to {most} are allowed: {self.text[:60]!r}…")
        if len(self.buttons) > MOST_BUTTONS:
            raise TooMuch(f"{len(self.buttons)} buttons, at most {MOST_BUTTONS} are allowed")
        if self.pictured and (self.buttons or self.choices):
            raise TooMuch("a picture cannot have buttons")
        if self.choices and (self.buttons or not FEWEST_CHOICES <= len(self.choices) <= MOST_CHOICES):
            raise TooMuch(
                f"{len(self.choices)} choices; {FEWEST_CHOICES} to {MOST_CHOICES} are allowed, and no buttons"
            )
        if len({each.says for each in self.choices}) < len(self.choices):
            raise TooMuch("two choices say the same")

    @property
    def pictured(self) -> bool:
        """Whether it is sent with a picture."""
        return self.picture is not None or self.chart is not None

    @property
    def offers(self) -> list[tuple[str, str]]:
        """The buttons or choices in their order, each as its label and the line that a tap stands for."""
        return [(each.label, each.says) for each in self.buttons or self.choices]

    @property
    def opens(self) -> str:
        """The label of the button that opens the list of choices."""
        return labels(self.language)["choose"]

    @property
    def plain(self) -> str:
        """The text for a message that cannot have buttons. It lists the lines to type instead; choices get numbers to
        answer with.
        """
        if self.choices:
            numbered = "\n".join(f"{i}. {choice.label}" for i, choice in enumerate(self.choices, 1))
            return f"{self.text}\n\n{numbered}"
        send = labels(self.language)["send"]
        offers = "\n".join(f"• {button.label}: {send} *{button.says}*" for button in self.buttons)
        return f"{self.text}\n\n{offers}" if offers else self.text

    def to_json(self) -> str:
        """Return the message as one line of JSON, for the outbox."""
        return dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, line: str) -> "Message":
        """Return the message that `to_json` has written."""
        facts = loads(line)
        return cls(
            text=facts["text"],
            picture=facts["picture"],
            chart=facts["chart"],
            buttons=tuple(Button(**button) for button in facts["buttons"]),
            approved=Approved(**facts["approved"]) if facts["approved"] else None,
            choices=tuple(Choice(**choice) for choice in facts.get("choices", ())),
            language=facts.get("language", FIRST),
        )


def units(text: str) -> int:
    """Return the length as WhatsApp counts it, in UTF-16 units: most emoji count as two."""
    return len(text.encode("utf-16-le")) // 2
