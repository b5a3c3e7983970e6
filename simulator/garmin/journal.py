"""What a pretend Garmin was asked, and what it can be told to get wrong."""

from dataclasses import dataclass, field, fields
from datetime import datetime


@dataclass(frozen=True)
class Request:
    """One request as it arrived, and how it was answered. Holds neither password nor token."""

    at: datetime
    method: str
    path: str
    query: dict[str, str] = field(repr=False)
    kind: str
    user_agent: str
    email: str | None
    status: int


@dataclass
class Faults:
    """What goes wrong from now on; everything is well by default.

    The `_html` ones answer with a bot check instead, under the `_status` beside them or 403. `data_*` hold for the
    profile too, as both live on one host; `token_status` is what a refresh is answered (an exchange goes on working).
    """

    sign_in_status: int | None = None
    sign_in_html: bool = False
    data_status: int | None = None
    data_retry_after: int | None = None
    data_html: bool = False
    token_status: int | None = None
    hang_seconds: float = 0.0
    truncate_lists: bool = False
    max_page: int | None = None

    def clear(self) -> None:
        """Let everything be well again."""
        for each in fields(self):
            setattr(self, each.name, each.default)


def kind_of(path: str) -> str:
    """Sort a request by what it costs at Garmin: sign-ins are the dear ones."""
    return KINDS.get(path.split("/", 2)[1], "data")


KINDS = {
    "mobile": "sign_in",
    "portal": "sign_in",
    "sso": "sign_in",
    "di-oauth2-service": "token",
    "userprofile-service": "profile",
}
