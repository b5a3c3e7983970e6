"""The journal of requests to the pretend Garmin, and the faults that it can be told to have."""

from dataclasses import dataclass, field, fields
from datetime import datetime


@dataclass(frozen=True)
class JournalEntry:
    """One request and its answer, without passwords and tokens."""

    at: datetime
    method: str
    path: str
    query: dict[str, str] = field(repr=False)
    kind: str
    user_agent: str
    email: str | None
    status: int


@dataclass
class GarminFaults:
    """The faults from now on; by default there are none.

    The `_html` faults answer with a bot check, with the status of the matching `_status` or 403. `data_*` also apply to
    the profile, because both are on the same host. `token_status` is the answer to a refresh (an exchange still works).
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
        """End all faults."""
        for each in fields(self):
            setattr(self, each.name, each.default)


def kind_of(path: str) -> str:
    """Return the kind of a request, by its cost at Garmin: sign-ins are the expensive ones."""
    return KINDS.get(path.split("/", 2)[1], "data")


KINDS = {
    "mobile": "sign_in",
    "portal": "sign_in",
    "sso": "sign_in",
    "di-oauth2-service": "token",
    "userprofile-service": "profile",
}
