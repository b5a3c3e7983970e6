"""What can go wrong outside, told apart by who can do something about it."""

from datetime import timedelta


class ProviderError(Exception):
    """The outside world failed. `permanent` tells whether trying again could help."""

    permanent = False


class GarminError(ProviderError):
    """Garmin did not give what was asked."""


class WrongPassword(GarminError):
    """Garmin does not know this e-mail and password together."""

    permanent = True


class WrongCode(GarminError):
    """The second-factor code was wrong or too old; a newer one may be tried."""

    permanent = True


class SignInTimedOut(GarminError):
    """The half-open sign-in is no longer valid: start again."""

    permanent = True


class GarminThrottled(GarminError):
    """Garmin asks to slow down. `retry_after` is its own wish, where it named one."""

    def __init__(self, message: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class GarminBlocked(GarminError):
    """Something in front of Garmin (a bot check, a 403) refused us: not the member's fault."""


class GarminUnavailable(GarminError):
    """Garmin is down, unreachable, or answered nonsense."""


class LinkBroken(GarminError):
    """Garmin no longer accepts this member's tokens: only a new sign-in helps."""

    permanent = True


class MessengerError(ProviderError):
    """A message was not handed over."""


class NotSent(MessengerError):
    """Certainly not accepted; it may be sent again, after `retry_after` where the vendor named a time."""

    def __init__(self, message: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Refused(MessengerError):
    """Certainly not accepted, and never will be as it stands. `code` is the vendor's."""

    permanent = True

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(message or f"refused with {code}")
        self.code = code


class MessengerBroken(MessengerError):
    """Our account or its credentials are refused: nothing can be sent until the operator acts."""


class Unclear(MessengerError):
    """It may have been accepted or not: look it up before sending again."""


class ChartError(ProviderError):
    """A picture could not be drawn."""
