"""The port to a source: a vendor where members have accounts.

A source declares its sign-in forms (`SignInForm`), signs members in, and returns their activities as `Recording`s. To
add one: an adapter, an entry in the world's `further_sources`, and its texts on the link page in
`pages/sources/<name>.html` of each language.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from providers.errors import SourceUnavailable
from providers.recordings import Recording

# The problems that `sentence` of a source's page must say in words of its own, beside the `incomplete` of its forms.
PROBLEMS_TOLD = (
    "wrong_password", "wrong_code", "key_rejected", "timed_out", "throttled", "blocked", "unavailable", "not_confirmed",
    "not_asked", "interrupted", "held", "tried_often", "account_tried_often",
)  # fmt: skip


class FieldKind(StrEnum):
    """The kind of a form's field."""

    EMAIL = "email"
    PASSWORD = "password"  # noqa: S105 - a kind of field
    KEY = "key"  # hidden like a password, and not remembered by browsers
    CHOICE = "choice"
    TICK = "tick"


@dataclass(frozen=True)
class FormField:
    """One field. `most` is its largest number of characters; `choices` are the values to choose from.

    `problems` are the sign-in problems (`providers.errors`, by the names in `jobs.linking`) that
    are shown at this field.
    """

    name: str
    kind: FieldKind
    most: int = 254
    choices: tuple[str, ...] = ()
    preset: str = ""
    problems: tuple[str, ...] = ()

    def accepts(self, text: str) -> bool:
        """Return whether this value can be right: it is not empty or too long, and has only
        characters that can be typed.
        """
        if self.kind is FieldKind.TICK:
            return text in {"", "yes"}
        if self.kind is FieldKind.CHOICE:
            return text in self.choices
        is_usable = 0 < len(text) <= self.most and text.isprintable()
        return is_usable and (self.kind is not FieldKind.EMAIL or "@" in text)


@dataclass(frozen=True)
class Typed:
    """What a member typed into a form.

    `secret` is a password or key, `login` the e-mail address of a password, `keep` whether the password is to be
    kept, `ends_at` when a key expires.
    """

    secret: str = field(repr=False)
    login: str = ""
    keep: bool = False
    ends_at: datetime | None = None


@dataclass(frozen=True)
class SignInForm:
    """One way to connect an account, as the link page shows it.

    `way` is "password" or "personal_key" (`models.GarminMethod`): passwords are counted and never tried twice, keys may
    be tried again. `path` is the last part of the address that the form posts to. `fields` are in the order of the
    page, and `read` turns their values into what `Source.sign_in` takes. `incomplete` is the problem that is shown if a
    field does not accept its value.
    """

    way: str
    path: str
    fields: tuple[FormField, ...]
    read: Callable[[Mapping[str, str], datetime], Typed]
    incomplete: str = "incomplete"
    is_recommended: bool = False

    @property
    def is_counted(self) -> bool:
        """Whether the secret is a password; only a limited number of them is sent to the source."""
        return self.way == "password"


@dataclass(frozen=True)
class Profile:
    """The account that was signed in to: the source's permanent id, its display name, and the name to greet."""

    id: str
    display_name: str
    full_name: str

    @property
    def name(self) -> str:
        """The name on the account's profile, by which its owner knows it."""
        return self.full_name or self.display_name


@dataclass(frozen=True)
class SignedIn:
    """A finished sign-in. `tokens` is an opaque text: store it encrypted, and pass it back unchanged.

    `ends` is when they expire for good, if the source shows it: a key shows its end only on its last day.
    """

    profile: Profile
    tokens: str = field(repr=False)
    ends: datetime | None = None


@dataclass(frozen=True)
class KeyAccepted:
    """A key that the source accepted. Nothing was read with it, so its account is not known yet.

    `tokens` and `ends` are as in `SignedIn`.
    """

    tokens: str = field(repr=False)
    ends: datetime | None = None


@dataclass(frozen=True)
class NeedsCode:
    """A half-open sign-in: a code was sent by `method` (email, sms, totp …). `state` is as secret as a password."""

    method: str
    state: str = field(repr=False)


@dataclass(frozen=True)
class Page:
    """A page of an account's list of activities, newest first. `last` means that no more follow.

    `unread` are the ids of listed activities that cannot be read: they are not stored, but do not count as deleted.
    """

    recordings: Sequence[Recording]
    last: bool
    unread: frozenset[int] = frozenset()

    @property
    def listed(self) -> set[int]:
        """The ids of all activities on this page."""
        return {each.id for each in self.recordings} | self.unread


@dataclass(frozen=True)
class DaySteps:
    """A day's steps on the watch, and the goal for them."""

    day: date
    steps: int
    goal: int | None


class OpenAccount(Protocol):
    """One account, opened with its stored tokens. It must not be shared between threads or processes.

    `before` is called before each request. It may sleep, to keep the rate that all workers share.
    """

    before: Callable[[], object]

    @property
    def tokens(self) -> str:
        """The current tokens. They change with use, so store them again afterwards."""
        ...

    def renew(self) -> None:
        """Renew tokens that expire soon, so that they can be stored before any other request."""
        ...

    def activities(self, start: date, end: date) -> Iterator[Page]:
        """Yield every activity whose local start date is in [start, end], page by page."""
        ...

    def is_gone(self, activity_id: int) -> bool:
        """Return whether the source says that there is no such activity. One request; for lists that are not believed.

        `activity_id` is the id of a recording (`Recording.id`). A source whose ids are texts makes numbers of them
        (`providers.recordings.make_id`). It then looks among the ids that it lists for one that makes this number, and
        says that the activity is gone if there is none.
        """
        ...

    def steps(self, start: date, end: date) -> list[DaySteps]:
        """Return the days in [start, end] with steps, oldest first; none if the source counts no steps."""
        ...


class Source(Protocol):
    """A vendor where members have accounts.

    `name` is stored with accounts and recordings: lower case, and never changed. `label` is its name for people.
    `rate` is how many requests a second all workers together may send to it. `keeps_passwords` is whether the
    operator allows keeping passwords.

    Every method raises a `providers.errors.SourceError` if the source does not give what was requested. An adapter may
    inherit the methods that its sign-ins do not need.
    """

    name: str
    label: str
    rate: float
    keeps_passwords: bool
    forms: Sequence[SignInForm]

    def sign_in(self, way: str, typed: Typed) -> SignedIn | KeyAccepted | NeedsCode:
        """Try once to sign in with what was typed into the form of this way. Reads nothing with a key."""
        ...

    def answer_code(self, way: str, state: str, code: str) -> SignedIn:  # noqa: ARG002
        """Finish a sign-in that asked for a code (`NeedsCode`). After `WrongCode` the same state may be tried again."""
        raise SourceUnavailable("no sign-in of this source asks for a code")

    def whose(self, way: str, tokens: str) -> SignedIn:  # noqa: ARG002
        """Return the account that an accepted key opens (`KeyAccepted`). It is the first request with the key."""
        raise SourceUnavailable("no sign-in of this source leaves open whose account it is")

    def open(self, way: str, tokens: str) -> OpenAccount:
        """Open an account, without a request."""
        ...
