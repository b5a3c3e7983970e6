"""Renders templates: render("groups/joined", reader, group=…) makes a message of groups/joined.txt
in the reader's language.
"""

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
    """A choice for a tap, for any reader: the name of its label in `labels.toml`, and the line that a tap sends.

    `number` is the number in a label such as "Use 2".
    """

    label: str
    says: str
    number: int | None = None

    def button(self, reader: Reader) -> Button:
        """Return the button for this reader. Raises `TooMuch` if its label is too long."""
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
    """Make a message from a template. A fact that the template names and that is not given is an error.

    An `Offer` gets its label in the reader's language. A label that is not one of our texts, for example a member's
    name, is passed as a `Button`.
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
    """Return the label of a button or of a list item."""
    return _label(name, languages.language_of(reader.locale)).render(reader=reader, number=number)


@cache
def _label(name: str, language: str) -> Template:
    return environment(language).from_string(languages.labels(language)[name])


@cache
def environment(language: str = languages.FIRST) -> Environment:
    """Return the environment of a language's chat templates. They are plain text: names are cleaned
    when they are chosen.
    """
    made = Environment(  # noqa: S701 - no HTML in here
        loader=FileSystemLoader(languages.folders(language, "chat")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    made.filters.update(filters.ALL)
    return made
