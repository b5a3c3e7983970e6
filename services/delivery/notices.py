"""The form of notices, which are messages that the bot sends unasked. Their contents are made in the rooms that
they are about.

When the reader has been silent for 24 hours, WhatsApp accepts only an approved template. So each notice has two forms:
its own text, and one of two templates that say the same in a line and have a button to see everything.
"""

from collections.abc import Iterable
from typing import Any

from messages.languages import approved_name
from messages.message import Approved, Message
from messages.render import Offer, render, words
from models import Group, Member
from services.ground.recipients import make_reader

MOST_LINE = 300  # characters; WhatsApp allows 1,024 for a whole template


def write_notice(
    template: str,
    member: Member,
    /,
    *,
    about: Group | None,
    says: str,
    short: str | None = None,
    buttons: Iterable[Offer] = (),
    **facts: Any,
) -> Message:
    """Return a notice about a group, or, if `about` is None, about the member's own account.

    `says` is the command that shows the news; in the template's form the button "Show me" sends it. The template's line
    is the text of the template `short`, or else the message's own text on one line. Give a `short` if that text begins
    with the reader's name or is long.
    """
    reader = make_reader(member)
    values = {
        "1": words("words/news_for", reader, member=member),
        "2": words("words/news_about", reader, group=about),
        "3": put_on_one_line(words(short or template, reader, **facts)),
        "4": says,
    }
    return render(
        template,
        reader,
        buttons=buttons,
        approved=Approved(approved_name("account_notice", reader.locale), values),
        **facts,
    )


def put_on_one_line(text: str) -> str:
    """Return the text on one line, as a template's value must be. A text that is too long is cut between words."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_LINE else f"{line[: MOST_LINE - 1].rsplit(' ', 1)[0]}…"
