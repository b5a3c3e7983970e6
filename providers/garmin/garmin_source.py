"""Garmin as a source, with two ways to sign in: e-mail address and password, or a key that the owner made."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from providers.garmin.activity_rows import NAME
from providers.sources import FieldKind, FormField, KeyAccepted, NeedsCode, OpenAccount, SignedIn, SignInForm, Typed

KEY, PASSWORD = "personal_key", "password"
KEYS_LAST = ("30", "90", "180", "365")  # days; Garmin offers these


class Garmin(Protocol):
    """Signs in to an account, and opens it again later."""

    def sign_in(self, email: str, password: str) -> SignedIn | NeedsCode:
        """Try once. Raises a `providers.errors.SourceError`; it is not repeated automatically."""
        ...

    def answer_code(self, state: str, code: str) -> SignedIn:
        """Finish a sign-in that asked for a code. After `WrongCode` the same state may be tried again."""
        ...

    def open(self, tokens: str) -> OpenAccount:
        """Open an account without a request."""
        ...


class GarminByKey(Protocol):
    """Opens the same account with a Personal API key that its owner made, which can only read."""

    def sign_in_with_key(self, key: str) -> KeyAccepted:
        """Try a key without reading any data. Raises a `providers.errors.SourceError`;
        `KeyRejected` if the key is not valid.
        """
        ...

    def whose(self, tokens: str) -> SignedIn:
        """Return the account that the key opens. It is the first data that is read with it. Raises a `SourceError`."""
        ...

    def open(self, tokens: str) -> OpenAccount:
        """Open an account without a request."""
        ...


class GarminSource:
    """Implements `providers.sources.Source` for Garmin.

    `ways` are the ways that the operator offers, in the order of the link page, and `recommended` is one of them.
    """

    name, label = NAME, "Garmin"

    def __init__(
        self,
        garmin: Garmin,
        by_key: GarminByKey,
        *,
        ways: Sequence[str],
        recommended: str,
        keeps_passwords: bool,
        rate: float,
    ) -> None:
        self.rate, self.keeps_passwords = rate, keeps_passwords
        self.forms: Sequence[SignInForm] = [
            _form(way, keeps_passwords=keeps_passwords, is_recommended=way == recommended) for way in ways
        ]
        self._garmin, self._by_key = garmin, by_key

    def sign_in(self, way: str, typed: Typed) -> SignedIn | KeyAccepted | NeedsCode:
        if way == KEY:
            return self._by_key.sign_in_with_key(typed.secret)
        return self._garmin.sign_in(typed.login, typed.secret)

    def answer_code(self, way: str, state: str, code: str) -> SignedIn:  # noqa: ARG002 - keys need no code
        return self._garmin.answer_code(state, code)

    def whose(self, way: str, tokens: str) -> SignedIn:  # noqa: ARG002 - only whose a key is has to be asked
        return self._by_key.whose(tokens)

    def open(self, way: str, tokens: str) -> OpenAccount:
        return (self._by_key if way == KEY else self._garmin).open(tokens)


def _form(way: str, *, keeps_passwords: bool, is_recommended: bool) -> SignInForm:
    if way == KEY:
        return SignInForm(KEY, "key", BY_KEY, _read_key, incomplete="key_incomplete", is_recommended=is_recommended)
    fields = (*BY_PASSWORD, FormField("keep", FieldKind.TICK)) if keeps_passwords else BY_PASSWORD
    return SignInForm(PASSWORD, "sign-in", fields, _read_password, is_recommended=is_recommended)


BY_KEY = (
    FormField("key", FieldKind.KEY, most=4096, problems=("key_rejected", "key_incomplete")),
    FormField("lasts", FieldKind.CHOICE, choices=KEYS_LAST, preset="90"),
)
BY_PASSWORD = (
    FormField("email", FieldKind.EMAIL, most=254),
    FormField("password", FieldKind.PASSWORD, most=256, problems=("wrong_password", "incomplete")),
)


def _read_key(values: Mapping[str, str], now: datetime) -> Typed:
    return Typed(values["key"], ends_at=now + timedelta(days=int(values["lasts"])))


def _read_password(values: Mapping[str, str], _now: datetime) -> Typed:
    return Typed(values["password"], values["email"], keep=values.get("keep") == "yes")
