"""The form of what the bot says without being spoken to; what it says is in the room whose news it is.

WhatsApp takes such a message only as an approved template once its reader has been silent for 24 hours, so each is made
in both forms: in its own words, and as one of two templates that tell the same in a line, with a button to see it all.
"""

from collections.abc import Iterable
from typing import Any

from messages.languages import approved_name
from messages.message import Approved, Message
from messages.render import Offer, render, words
from models import Group, Member
from services.ground.recipients import reader_of

MOST_LINE = 300  # characters; WhatsApp allows 1,024 for a whole template


def notice(
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
    """News about a group, or (`about=None`) about the member's own account.

    `says` is the command that shows it; as a template it stands behind the button "Show me". The template's line is
    the words of `short`, or else the message's own words on one line: write a `short` where these begin with the
    reader's name, or are long.
    """
    reader = reader_of(member)
    values = {
        "1": words("words/news_for", reader, member=member),
        "2": words("words/news_about", reader, group=about),
        "3": on_one_line(words(short or template, reader, **facts)),
        "4": says,
    }
    return render(
        template,
        reader,
        buttons=buttons,
        approved=Approved(approved_name("account_notice", reader.locale), values),
        **facts,
    )


def on_one_line(text: str) -> str:
    """A text as the value of a template: on one line, cut between words where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_LINE else f"{line[: MOST_LINE - 1].rsplit(' ', 1)[0]}…"
