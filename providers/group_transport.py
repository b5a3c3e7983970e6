"""The port for posting a digest into a WhatsApp group, in addition to the message to each member."""

from typing import Protocol

from providers.errors import MessengerBroken

NO_GROUPS = "GROUP_TRANSPORT=roster knows no WhatsApp groups"


class GroupTransport(Protocol):
    """Posts into WhatsApp groups."""

    can_post: bool

    def post(self, place: str, text: str, picture_url: str | None) -> str:
        """Post the text, with the picture above it, into the group with this id. Returns the
        vendor's id of the message.

        Raises `NotSent` (may be tried again), `Refused`, `MessengerBroken` (the operator must act), or `Unclear`.
        """
        ...

    def create(self, subject: str) -> str:
        """Request a new group. Returns the vendor's id of the request; the group appears in `groups` a little later."""
        ...

    def groups(self) -> list[tuple[str, str]]:
        """Return the id and the subject of each group that we may post into."""
        ...

    def invite_link(self, place: str) -> str:
        """Return the link by which people join the group. They cannot be added in another way."""
        ...


class RosterFanOut:
    """Uses no WhatsApp groups: each member gets their own message, and a person may forward the page behind `share
    digest`. This is the default, because few accounts may use groups.
    """

    can_post: bool = False

    def post(self, place: str, text: str, picture_url: str | None) -> str:  # noqa: ARG002 - the port's
        """Raise `MessengerBroken`; see `can_post`."""
        raise MessengerBroken(NO_GROUPS)

    def create(self, subject: str) -> str:  # noqa: ARG002 - the port's
        """Raise `MessengerBroken`; see `can_post`."""
        raise MessengerBroken(NO_GROUPS)

    def groups(self) -> list[tuple[str, str]]:
        """Return no groups."""
        return []

    def invite_link(self, place: str) -> str:  # noqa: ARG002 - the port's
        """Raise `MessengerBroken`; see `can_post`."""
        raise MessengerBroken(NO_GROUPS)
