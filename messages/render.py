"""Words from templates: render("groups/joined", reader, group=…) says groups/joined.txt in the reader's language."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from messages import filters, languages
from messages.message import Approved, Button, Choice, Message

BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Reader:
    """The person for whom texts are made: language, units ("metric" or "imperial"), and time zone."""

    locale: str = "en"
    units: str = "metric"
    timezone: str = "UTC"

    @property
    def zone(self) -> ZoneInfo:
        """The reader's time zone."""
        return ZoneInfo(self.timezone)


@dataclass(frozen=True)
class Offer:
    """What may be tapped, for whichever reader: its label's name in `labels.toml`, and the line that a tap says.

    `number` is what a label such as "Use 2" tells.
    """

    label: str
    says: str
    number: int | None = None

    def button(self, reader: Reader) -> Button:
        """The button for this reader. Raises `TooMuch` where its label is too long."""
        return Button(label(self.label, reader, self.number), self.says)


def render(
    template: str,
    reader: Reader,
    /,
    *,
    buttons: Iterable[Offer | Button] = (),
    choices: Iterable[Choice] = (),
    picture: str | None = None,
    chart: dict[str, Any] | None = None,
    approved: Approved | None = None,
    **facts: Any,
) -> Message:
    """Make a message of a template's words. A fact that the template names and nobody gives is an error.

    An `Offer` gets its label in the reader's language. A label that is no text of ours, a member's name for one, is
    handed over as a `Button`.
    """
    text = words(template, reader, **facts)
    made = tuple(each if isinstance(each, Button) else each.button(reader) for each in buttons)
    language = languages.language_of(reader.locale)
    return Message(text, picture, chart, made, approved, tuple(choices), language)


def words(template: str, reader: Reader, /, **facts: Any) -> str:
    """Return only the text of a template."""
    found = environment(languages.language_of(reader.locale)).get_template(f"{template}.txt")
    text = found.render(reader=reader, **facts)
    return BLANK_LINES.sub("\n\n", text).strip()


def label(name: str, reader: Reader, number: int | None = None) -> str:
    """What stands on a button, or on an item of a list."""
    return _label(name, languages.language_of(reader.locale)).render(reader=reader, number=number)


@cache
def _label(name: str, language: str) -> Template:
    return environment(language).from_string(languages.labels(language)[name])


@cache
def environment(language: str = languages.FIRST) -> Environment:
    """All chat templates of a language. They are plain text: names are made safe when they are chosen."""
    made = Environment(  # noqa: S701 - no HTML in here
        loader=FileSystemLoader(languages.folders(language, "chat")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    made.filters.update(filters.ALL)
    return made
