"""The port to a source: a vendor at which members have accounts, and what we need of it, in our own words.

A source declares how one connects (`SignInForm`), signs members in, and hands in what it has of them as `Recording`s.
To add one: an adapter, its place among the `further_sources` of the world, and its words on the link page in
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
    """What is typed into a field of a form."""

    EMAIL = "email"
    PASSWORD = "password"  # noqa: S105 - a kind of field
    KEY = "key"  # hidden like a password, and remembered by no browser
    CHOICE = "choice"
    TICK = "tick"


@dataclass(frozen=True)
class FormField:
    """One thing to fill in. `most` is how many characters it may have; `choices` are the values to choose from.

    `problems` are those of a sign-in (`providers.errors`, by the names in `jobs.linking`) that are this field's fault.
    """

    name: str
    kind: FieldKind
    most: int = 254
    choices: tuple[str, ...] = ()
    preset: str = ""
    problems: tuple[str, ...] = ()

    def accepts(self, text: str) -> bool:
        """Whether this can be what was meant: something was typed, and nothing that no keyboard can type."""
        if self.kind is FieldKind.TICK:
            return text in {"", "yes"}
        if self.kind is FieldKind.CHOICE:
            return text in self.choices
        is_usable = 0 < len(text) <= self.most and text.isprintable()
        return is_usable and (self.kind is not FieldKind.EMAIL or "@" in text)


@dataclass(frozen=True)
class Typed:
    """What a member typed into a form: the secret, and what goes with it.

    `login` is the e-mail address of a password, `keep` whether the password is to be kept, `ends_at` when a key ends.
    """

    secret: str = field(repr=False)
    login: str = ""
    keep: bool = False
    ends_at: datetime | None = None


@dataclass(frozen=True)
class SignInForm:
    """One way to connect an account, as the link page shows it.

    `way` is "password" or "personal_key" (`models.GarminMethod`): passwords are counted and never tried twice, keys may
    be tried again. `path` is the last part of the address that the form posts to. `fields` stand in the order of the
    page, and `read` makes of their values what is handed to `Source.sign_in`. `incomplete` is the problem that is told
    where a field does not accept what was typed.
    """

    way: str
    path: str
    fields: tuple[FormField, ...]
    read: Callable[[Mapping[str, str], datetime], Typed]
    incomplete: str = "incomplete"
    is_recommended: bool = False

    @property
    def is_counted(self) -> bool:
        """Whether what is typed is a password: too many of them are passed on to nobody."""
        return self.way == "password"


@dataclass(frozen=True)
class Profile:
    """Who signed in: the source's stable id and display name, and the name to greet."""

    id: str
    display_name: str
    full_name: str

    @property
    def name(self) -> str:
        """The name by which its owner knows the account: the one that the source shows on their profile."""
        return self.full_name or self.display_name


@dataclass(frozen=True)
class SignedIn:
    """A finished sign-in. `tokens` is an opaque text: keep it encrypted, hand it back unchanged.

    `ends` is when they stop for good, where the source lets us see it: a key shows its end only on its last day.
    """

    profile: Profile
    tokens: str = field(repr=False)
    ends: datetime | None = None


@dataclass(frozen=True)
class KeyAccepted:
    """A key that the source accepted. Nothing was read with it, so whose it is is not known yet.

    `tokens` and `ends` are as in `SignedIn`.
    """

    tokens: str = field(repr=False)
    ends: datetime | None = None


@dataclass(frozen=True)
class NeedsCode:
    """A sign-in half-way: a code was sent by `method` (email, sms, totp …). `state` is as secret as a password."""

    method: str
    state: str = field(repr=False)


@dataclass(frozen=True)
class Page:
    """A piece of an account's list of activities, newest first. `last` tells that no more follow.

    `unread` are the ids of activities that are listed but make no sense: they are not kept, and not gone either.
    """

    recordings: Sequence[Recording]
    last: bool
    unread: frozenset[int] = frozenset()

    @property
    def listed(self) -> set[int]:
        """The ids of all that is listed here."""
        return {each.id for each in self.recordings} | self.unread


@dataclass(frozen=True)
class DaySteps:
    """A day on the watch: the steps counted, and how many were hoped for."""

    day: date
    steps: int
    goal: int | None


class OpenAccount(Protocol):
    """One account, opened from its stored tokens. Not safe to share between threads or processes.

    `before` is called before each request: whoever keeps a pace for all workers sleeps there.
    """

    before: Callable[[], object]

    @property
    def tokens(self) -> str:
        """The tokens as they are now: they rotate, so store them again after use."""
        ...

    def renew(self) -> None:
        """Renew tokens that are about to end, so that they can be kept before anything is asked with them."""
        ...

    def activities(self, start: date, end: date) -> Iterator[Page]:
        """Every activity whose local start date lies in [start, end], page by page."""
        ...

    def is_gone(self, activity_id: int) -> bool:
        """Whether the source says that there is no such activity: one request, for lists that are hard to believe.

        `activity_id` is the id of a recording (`Recording.id`). A source whose ids are texts makes numbers of them
        (`providers.recordings.make_id`), and cannot get a text back from its number: it looks among the ids
        that it lists for one that makes this number, and says that the activity is gone if there is none.
        """
        ...

    def steps(self, start: date, end: date) -> list[DaySteps]:
        """The days in [start, end] that the source has steps of, oldest first; none where it counts no steps."""
        ...


class Source(Protocol):
    """A vendor at which members have accounts.

    `name` is kept with accounts and recordings: lower case, and never changed. `label` is what people call it. `rate`
    is how many requests a second all workers together send to it. `keeps_passwords` is whether the operator allows it.
    Every method raises a `providers.errors.SourceError` where the source does not give what was asked. An adapter that
    inherits this leaves out what its sign-ins never ask for.
    """

    name: str
    label: str
    rate: float
    keeps_passwords: bool
    forms: Sequence[SignInForm]

    def sign_in(self, way: str, typed: Typed) -> SignedIn | KeyAccepted | NeedsCode:
        """Try once what was typed into the form of this way; never retried by itself. With a key, read nothing."""
        ...

    def answer_code(self, way: str, state: str, code: str) -> SignedIn:  # noqa: ARG002
        """Finish a sign-in that asked for a code (`NeedsCode`). After `WrongCode` the same state may be tried again."""
        raise SourceUnavailable("no sign-in of this source asks for a code")

    def whose(self, way: str, tokens: str) -> SignedIn:  # noqa: ARG002
        """Ask whose account an accepted key opens (`KeyAccepted`): the first thing that is read with it."""
        raise SourceUnavailable("no sign-in of this source leaves open whose account it is")

    def open(self, way: str, tokens: str) -> OpenAccount:
        """Open an account without a request."""
        ...
