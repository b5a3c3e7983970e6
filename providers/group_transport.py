"""The port to a WhatsApp group itself: a digest is put there once, beside everybody's own."""

from typing import Protocol

from providers.errors import MessengerBroken

NO_GROUPS = "GROUP_TRANSPORT=roster knows no WhatsApp groups"


class GroupTransport(Protocol):
    """Posts into a group of WhatsApp's."""

    can_post: bool

    def post(self, place: str, text: str, picture_url: str | None) -> str:
        """Put text, and the picture above it, into the group with this id. Gives the vendor's id of the message.

        Raises `NotSent` (may be tried again), `Refused`, `MessengerBroken` (the operator must act), or `Unclear`.
        """
        ...

    def create(self, subject: str) -> str:
        """Ask for a new group. Gives the vendor's id of the request; the group appears in `groups` a little later."""
        ...

    def groups(self) -> list[tuple[str, str]]:
        """The groups that we may post into: id and subject."""
        ...

    def invite_link(self, place: str) -> str:
        """The link by which people join the group; nobody can be added."""
        ...


class RosterFanOut:
    """No group of WhatsApp's at all: everybody on our roster is written to one by one, and a person forwards the page
    behind `share digest`. This is the default, because hardly anybody may do otherwise.
    """

    can_post: bool = False

    def post(self, place: str, text: str, picture_url: str | None) -> str:  # noqa: ARG002 - the port's
        """Raises `MessengerBroken`: see `can_post`."""
        raise MessengerBroken(NO_GROUPS)

    def create(self, subject: str) -> str:  # noqa: ARG002 - the port's
        """Raises `MessengerBroken`: see `can_post`."""
        raise MessengerBroken(NO_GROUPS)

    def groups(self) -> list[tuple[str, str]]:
        """There are none."""
        return []

    def invite_link(self, place: str) -> str:  # noqa: ARG002 - the port's
        """Raises `MessengerBroken`: see `can_post`."""
        raise MessengerBroken(NO_GROUPS)
