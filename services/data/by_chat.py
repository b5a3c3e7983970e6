"""What is asked for on a page or through the API, and answered in the chat.

What stands in such an answer is for nobody who only has a token or a browser that is signed in: the code that erases
everything, and the link to a copy of everything.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from messages.render import render
from models import Member, MessageKind
from services.data import erasure, exports
from services.delivery import mailbox
from services.ground.recipients import make_reader
from services.people import chat_codes


def send_copy(session: Session, member: Member, base_url: str, now: datetime) -> None:
    """Have a copy made of everything that is kept about the member, and its link sent into the chat.

    Raises what `exports.ask_for_copy` raises, and `ChatNotOpen` if the link to a copy that is ready would not arrive.
    """
    token = exports.ask_for_copy(session, member, now)
    if token is not None:
        chat_codes.require_open_chat(member, now)
        url = f"{base_url}/export/{token}"
        _answer(session, member, now, "data/exported", "export", url=url, hours=exports.HOURS)


def send_erase_code(session: Session, member: Member, now: datetime) -> None:
    """Send the code that erases everything into the chat. It is good for ten minutes. Raises `ChatNotOpen`."""
    chat_codes.require_open_chat(member, now)
    asked = erasure.ask(session, member, now)
    facts = {"code": asked.code, "kept": asked.kept, "heirs": asked.heirs}
    _answer(session, member, now, "data/delete_me", "erase", **facts)


def _answer(session: Session, member: Member, now: datetime, template: str, what: str, **facts: Any) -> None:
    message = render(template, make_reader(member), **facts)
    key = f"{what}:{member.id}:{now.timestamp()}"
    mailbox.post(session, member.id, message, now, kind=MessageKind.REPLY, key=key)
