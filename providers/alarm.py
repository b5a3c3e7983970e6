"""The port for telling the operator about a problem. It needs neither the database nor a worker."""

from typing import Protocol

from providers.errors import ProviderError


class AlarmFailed(ProviderError):
    """The operator was not told this way. The message contains no address and no password."""


class Alarm(Protocol):
    """A way to tell the operator something at once."""

    name: str

    def ring(self, title: str, text: str) -> None:
        """Send the message within ten seconds. Raises `AlarmFailed`."""
        ...
