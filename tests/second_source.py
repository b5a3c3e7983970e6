"""A second source in addition to Garmin, for tests. It makes no requests."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from jinja2 import ChoiceLoader, DictLoader

import world as worlds
from providers.errors import WrongPassword
from providers.recordings import Recording
from providers.sources import DaySteps, FieldKind, FormField, Page, Profile, SignedIn, SignInForm, Source, Typed
from tests.conftest import Servers
from tests.town import Town
from web.app import create_app

NAME = "fjordfit"
WORDS = """
{% set titles = {"password": "With your Fjordfit password"} %}
{% set buttons = {"password": "Connect my Fjordfit"} %}
{% set labels = {"login": "Address at Fjordfit", "password": "Password at Fjordfit"} %}
{% macro before(way) %}{% endmacro %}
{% macro after(way, may_keep) %}<p>Fjordfit lets us read.</p>{% endmacro %}
{% macro sentence(problem, tries, until, ways) %}Fjordfit says {{ problem }}.{% endmacro %}
"""


def read(values: Mapping[str, str], _now: datetime) -> Typed:
    return Typed(values["password"], values["login"])


@dataclass
class SecondSource(Source):
    """Accounts by their e-mail address, each with a password and its recordings."""

    name = NAME
    label = "Fjordfit"
    rate = 1_000.0
    keeps_passwords = False
    forms = (
        SignInForm(
            "password",
            "sign-in",
            (
                FormField("login", FieldKind.EMAIL),
                FormField("password", FieldKind.PASSWORD, problems=("wrong_password",)),
            ),
            read,
        ),
    )

    passwords: dict[str, str] = field(default_factory=dict)
    recordings: dict[str, list[Recording]] = field(default_factory=dict)

    def enrol(self, email: str, *recordings: Recording) -> None:
        self.passwords[email], self.recordings[email] = "open", list(recordings)

    def sign_in(self, way: str, typed: Typed) -> SignedIn:
        assert way == "password"
        if self.passwords.get(typed.login) != typed.secret:
            raise WrongPassword
        return SignedIn(Profile("1", "fjord", "Fjord Owner"), typed.login)

    def open(self, way: str, tokens: str) -> "Opened":
        return Opened(self, tokens)


@dataclass
class Opened:
    source: SecondSource
    tokens: str
    before: Callable[[], object] = bool

    def renew(self) -> None:
        self.before()

    def activities(self, start: date, end: date) -> Iterator[Page]:
        yield Page(self.source.recordings[self.tokens], last=True)

    def is_gone(self, activity_id: int) -> bool:
        return activity_id not in {each.id for each in self.source.recordings[self.tokens]}

    def steps(self, start: date, end: date) -> list[DaySteps]:
        return []


def open_in(town: Town, servers: Servers) -> SecondSource:
    """Add this source to the town."""
    source = SecondSource()
    town.world = replace(town.world, further_sources=(source,))
    worlds.use(town.world)
    servers.app.app = create_app(town.world)
    words = DictLoader({f"sources/{NAME}.html": WORDS})
    servers.app.app.jinja_loader = ChoiceLoader([servers.app.app.jinja_loader, words])
    return source
