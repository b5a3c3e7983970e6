"""What can go wrong outside, told apart by who can do something about it."""

from datetime import timedelta
from enum import StrEnum

from providers.messenger import RefusalMeaning


class ProviderError(Exception):
    """The outside world failed."""


class SourceError(ProviderError):
    """A source (`providers.sources`) did not give what was asked."""


class WrongPassword(SourceError):
    """The source does not know this e-mail and password together."""


class WrongCode(SourceError):
    """The second-factor code was wrong or too old; a newer one may be tried."""


class KeyRejected(SourceError):
    """The source does not know this key, or no longer."""


class SignInTimedOut(SourceError):
    """The half-open sign-in is no longer valid: start again."""


class SourceThrottled(SourceError):
    """The source asks to slow down. `retry_after` is its own wish, where it named one."""

    def __init__(self, message: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SourceBlocked(SourceError):
    """Something in front of the source (a bot check, a 403) refused us: not the member's fault."""


class SourceUnavailable(SourceError):
    """The source is down, unreachable, or answered nonsense."""


class LinkBroken(SourceError):
    """The source does not accept this member's tokens.

    `certain` tells that it never will again: a refresh was refused.
    """

    def __init__(self, message: str = "", *, certain: bool = True) -> None:
        super().__init__(message)
        self.certain = certain


class MessengerError(ProviderError):
    """A message was not handed over."""


class NotSent(MessengerError):
    """Certainly not accepted; it may be sent again, after `retry_after` where the vendor named a time.

    `throttled` tells that the vendor asked us to slow down.
    """

    def __init__(self, message: str = "", retry_after: timedelta | None = None, *, throttled: bool = False) -> None:
        super().__init__(message)
        self.retry_after, self.throttled = retry_after, throttled


class Refused(MessengerError):
    """Certainly not accepted, and never will be as it stands. `code` is the vendor's."""

    def __init__(self, code: int, meaning: RefusalMeaning = RefusalMeaning.OURS) -> None:
        super().__init__(f"refused with {code}: {meaning}")
        self.code, self.meaning = code, meaning


class MessengerBroken(MessengerError):
    """Our account or its credentials are refused: nothing can be sent until the operator acts."""


class Unclear(MessengerError):
    """It may have been accepted or not: look it up before sending again."""


class NotKept(MessengerError):
    """A file that somebody sent is not to be had: it is gone, or its address is none of the vendor's."""


class TooLarge(MessengerError):
    """A file that somebody sent has more bytes than were asked for."""


class ChartError(ProviderError):
    """A picture could not be drawn."""


class Flaw(StrEnum):
    """Why a file cannot be read as an activity."""

    TOO_LARGE = "too_large"
    PACKED = "packed"  # a ZIP, as Garmin Connect exports an original
    UNKNOWN_KIND = "unknown_kind"
    DAMAGED = "damaged"
    NO_ACTIVITY = "no_activity"  # a course, a workout, a day's steps
    NO_TIMES = "no_times"  # a planned route: nobody has done it yet
    IMPOSSIBLE = "impossible"  # it lasts a month, or happened in 1970
    TOO_MANY = "too_many"
    TOO_MUCH = "too_much"  # it would take more time or memory than a file may have
    FULL = "full"  # the member's files hold as many activities as we keep of one person


class ReadingBroke(ProviderError):
    """The process that read a file ended without an answer. Another try may help. Its words hold none of the file."""


class NotAnActivityFile(ProviderError):
    """A file that somebody sent holds no activity that we can read. `why` is what to tell them."""

    def __init__(self, why: Flaw) -> None:
        super().__init__(why.value)
        self.why = why
