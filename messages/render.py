"""Makes texts from templates: render("groups/joined", reader, group=…) fills templates/chat/groups/joined.txt."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from messages import filters
from messages.message import Approved, Button, Choice, Message

FOLDER = Path(__file__).parent.parent / "templates" / "chat"
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


def render(
    template: str,
    reader: Reader,
    /,
    *,
    buttons: Iterable[Button] = (),
    choices: Iterable[Choice] = (),
    picture: str | None = None,
    chart: dict[str, Any] | None = None,
    approved: Approved | None = None,
    **facts: Any,
) -> Message:
    """Return a message with the text of a template. Raises jinja2's `UndefinedError` if a fact of the
    template is missing.
    """
    text = words(template, reader, **facts)
    return Message(
        text, picture=picture, chart=chart, buttons=tuple(buttons), approved=approved, choices=tuple(choices)
    )


def words(template: str, reader: Reader, /, **facts: Any) -> str:
    """Return only the text of a template."""
    text = environment().get_template(f"{template}.txt").render(reader=reader, **facts)
    return BLANK_LINES.sub("\n\n", text).strip()


@cache
def environment() -> Environment:
    """Return the environment of all chat templates. Nothing is escaped, because names are made safe
    when they are chosen.
    """
    made = Environment(  # noqa: S701 - no HTML in here
        loader=FileSystemLoader(FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    made.filters.update(filters.ALL)
    return made
