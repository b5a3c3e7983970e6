"""The tokens of a session, as they are returned."""

from typing import Any

from api.declaring import tokens
from api.declaring.call import Call
from services.people.sessions import Renewed


def told(call: Call, renewed: Renewed) -> dict[str, Any]:
    """Return a session's new access token and refresh token."""
    row = renewed.session
    return {
        "access_token": tokens.make(call.world, row, call.now),
        "token_type": "Bearer",
        "expires_in": int(tokens.GOOD_FOR.total_seconds()),
        "refresh_token": renewed.refresh,
        "refresh_expires_in": int((row.expires_at - call.now).total_seconds()),
        "session": row.id,
        "scopes": row.scopes,
    }
