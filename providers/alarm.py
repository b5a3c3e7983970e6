"""The port by which the operator is told of a trouble, without the database and without a worker."""

from typing import Protocol

from providers.errors import ProviderError


class AlarmFailed(ProviderError):
    """The operator was not told by this way. Its words hold no address and no password."""


class Alarm(Protocol):
    """One way to tell the operator something, at once."""

    name: str

    def ring(self, title: str, text: str) -> None:
        """Tell it, within ten seconds. Raises `AlarmFailed`."""
        ...
