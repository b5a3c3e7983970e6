"""The errors of the outside world, divided by who can do something about them."""

from datetime import timedelta
from enum import StrEnum

from providers.messenger import RefusalMeaning


class ProviderError(Exception):
    """Something outside failed."""


class SourceError(ProviderError):
    """A source (`providers.sources`) did not give what was requested."""


class WrongPassword(SourceError):
    """The source rejected this e-mail address and password."""


class WrongCode(SourceError):
    """The second-factor code was wrong or too old; a newer one may be tried."""


class KeyRejected(SourceError):
    """The source rejected this key, or no longer accepts it."""


class SignInTimedOut(SourceError):
    """The half-open sign-in is no longer valid; the member must start again."""


class SourceThrottled(SourceError):
    """The source asks us to slow down. `retry_after` is the wait that it asked for, if it named one."""

    def __init__(self, message: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SourceBlocked(SourceError):
    """Something in front of the source (a bot check, a 403) refused us. It is not the member's fault."""


class SourceUnavailable(SourceError):
    """The source is down, unreachable, or gave an answer that cannot be read."""


class LinkBroken(SourceError):
    """The source does not accept this member's tokens.

    `certain` means that it never will again, because a refresh was refused.
    """

    def __init__(self, message: str = "", *, certain: bool = True) -> None:
        super().__init__(message)
        self.certain = certain


class MessengerError(ProviderError):
    """A message was not handed over to the vendor."""


class NotSent(MessengerError):
    """The message was certainly not accepted; it may be sent again, after `retry_after` if the vendor named a time.

    `throttled` means that the vendor asked us to slow down.
    """

    def __init__(self, message: str = "", retry_after: timedelta | None = None, *, throttled: bool = False) -> None:
        super().__init__(message)
        self.retry_after, self.throttled = retry_after, throttled


class Refused(MessengerError):
    """The message was certainly not accepted, and sending it again would not help. `code` is the vendor's."""

    def __init__(self, code: int, meaning: RefusalMeaning = RefusalMeaning.OURS) -> None:
        super().__init__(f"refused with {code}: {meaning}")
        self.code, self.meaning = code, meaning


class MessengerBroken(MessengerError):
    """Our account or its credentials are refused: nothing can be sent until the operator acts."""


class Unclear(MessengerError):
    """It is unknown whether the message was accepted: look it up before sending it again."""


class NotKept(MessengerError):
    """A file that a member sent cannot be fetched: it was deleted, or its address is not one of the vendor's."""


class TooLarge(MessengerError):
    """A file that a member sent has more bytes than allowed."""


class ChartError(ProviderError):
    """A picture could not be drawn."""


class Flaw(StrEnum):
    """Why a file cannot be read as an activity."""

    TOO_LARGE = "too_large"
    PACKED = "packed"  # a ZIP, as Garmin Connect exports an original
    UNKNOWN_KIND = "unknown_kind"
    DAMAGED = "damaged"
    NO_ACTIVITY = "no_activity"  # a course, a workout, a day's steps
    NO_TIMES = "no_times"  # a planned route without times
    IMPOSSIBLE = "impossible"  # it lasts a month, or happened in 1970
    TOO_MANY = "too_many"
    TOO_MUCH = "too_much"  # reading it would take more time or memory than allowed
    FULL = "full"  # the member's files already hold the most activities that we store for one person


class ReadingBroke(ProviderError):
    """The process that reads a file ended without an answer. Another try may help. The message
    contains nothing of the file.
    """


class NotAnActivityFile(ProviderError):
    """A file that a member sent contains no activity that we can read. `why` is the reason to tell them."""

    def __init__(self, why: Flaw) -> None:
        super().__init__(why.value)
        self.why = why
