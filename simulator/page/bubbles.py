"""A message as one row of a chat: its day, its bubble, its ticks and its buttons."""

from dataclasses import dataclass
from datetime import date, datetime

from flask import render_template
from markupsafe import Markup

from simulator.page.markup import html
from simulator.twilio.phones import Phone
from simulator.twilio.rules import WHY
from simulator.twilio.server import PretendMessage
from simulator.twilio.values import LOST

UNREADABLE = {"image": "📷 Photo", "location": "📍 Location"}


@dataclass(frozen=True)
class Bubble:
    """Everything that the template of a row needs."""

    message: PretendMessage
    phone: Phone
    bot_name: str
    text: Markup
    day: str
    tail: bool
    ticks: str
    failure: str

    @property
    def time(self) -> str:
        return f"{self.message.created_at:%H:%M}"

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Give the label and the description of each button or list item."""
        blank = [""] * len(self.message.buttons)
        notes = self.message.descriptions or blank
        return [(label, note) for (label, _), note in zip(self.message.buttons, notes, strict=True)]


def row(phone: Phone, message: PretendMessage, now: datetime, bot_name: str) -> str:
    """Return one row as HTML."""
    return render_template("row.html", bubble=bubble(phone, message, now, bot_name))


def bubble(phone: Phone, message: PretendMessage, now: datetime, bot_name: str) -> Bubble:
    """Return the bubble for a message at its place in the chat."""
    above = phone.before(message)
    day = message.created_at.date()
    new_day = above is None or above.created_at.date() != day
    return Bubble(
        message=message,
        phone=phone,
        bot_name=bot_name,
        text=html(message.text or (UNREADABLE.get(message.kind, "") if message.inbound else "")),
        day=_named(day, now.date()) if new_day else "",
        tail=new_day or above is None or above.inbound != message.inbound,
        ticks=_ticks(message) if message.inbound else "",
        failure=_failure(message),
    )


def _named(day: date, today: date) -> str:
    names = {0: "Today", 1: "Yesterday"}
    return names.get((today - day).days, f"{day:%a} {day.day} {day:%b %Y}")


def _ticks(message: PretendMessage) -> str:
    names = {name for _, name in message.events}
    if message.error_code:
        return ""
    return next((tick for name, tick in (("read", "Read"), ("answered", "Delivered")) if name in names), "Sent")


def _failure(message: PretendMessage) -> str:
    if message.error_code is None or not (message.inbound or message.status in LOST):
        return ""
    why = WHY.get(message.error_code, "undeliverable")
    return f"Not delivered · {message.error_code} {why}"
