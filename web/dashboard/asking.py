"""Acts that need a code from the chat: sending the code when the act is asked for."""

from collections.abc import Mapping
from typing import Any

from flask import url_for

from services.people import confirming
from web.dashboard.visit import Visit

type Act = Mapping[str, Any]


def ask_for_code(visit: Visit, act: Act, **facts: Any) -> str:
    """Send a code for this act into the chat. Returns the address of the page that asks for it.

    `facts` are what the message with the code names. Raises what `confirming.ask` raises.
    """
    asked = confirming.ask(visit.session, visit.device, act, visit.now, **facts)
    return url_for("dashboard.confirmation", asked_id=asked.id)
