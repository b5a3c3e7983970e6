"""Each of the three secrets is changed while everything goes on, with old and new processes running together.

Before the change an invite is out, two people are banned (one of them has erased everything since), a link is open
in a browser, a copy is made, messages wait, and receipts are still to come. At every step everybody is answered,
nothing fails, and the bans hold.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import cycle
from typing import Any

import pytest
from sqlalchemy import select

import world as worlds
from config import Settings
from jobs import delivery
from models import (
    AttemptStep,
    Export,
    GarminAccount,
    GarminStatus,
    LinkAttempt,
    MessageKind,
    MessageState,
    OutboundMessage,
)
from models.base import make_sessions
from models.hashes import digest
from models.vault import new_key
from services.delivery import outbox
from simulator.twilio.rules import Rules
from tests.browsing import Browser
from tests.conftest import Servers
from tests.letters import READY, Letters
from tests.scenes import start_group
from tests.services.test_coming_back import erases_everything
from tests.town import TOKEN, Person, Town
from web.app import create_app
from world import World

K2 = new_key("k2")
FORMER, NEXT = "a-secret-key-for-the-tests-only-0123456789", "the-next-secret-key-for-the-tests-0123456789"
NEXT_TOKEN = "the-next-auth-token"
NOT_WELL = [MessageState.FAILED, MessageState.EXPIRED, MessageState.SUPPRESSED]


@dataclass
class Deployed(Town):
    """A town of several processes, which take turns with requests and jobs."""

    servers: Servers | None = None
    turns: Iterator[World] = field(default_factory=lambda: cycle(()))

    def deploy(self, *processes: World) -> None:
        """Let only these processes run from now on."""
        apps = cycle([create_app(each) for each in processes])
        self.turns = cycle(processes)
        self.servers.app.app = lambda environ, start: next(apps)(environ, start)  # noqa: PLW0108 - the next each time
        self.world = processes[-1]

    def process(self, **changed: str | None) -> World:
        """Return a process with these changes of its environment."""
        settings = Settings(**self.world.settings.model_dump() | changed)
        fresh = World.from_settings(settings)
        sessions = make_sessions(self.world.sessions.kw["bind"], fresh.vault, self.clock)
        return replace(self.world, settings=settings, vault=fresh.vault, sessions=sessions, messenger=fresh.messenger)

    def work(self) -> None:
        """Let the next worker do the jobs that wait."""
        worlds.use(next(self.turns))
        super().work()


@pytest.fixture
def deployed(town: Town, servers: Servers) -> Deployed:
    made = Deployed(**{name: getattr(town, name) for name in vars(town)}, servers=servers)
    made.deploy(town.world)
    return made


@dataclass
class Day:
    """What was begun before the change."""

    town: Deployed
    zoe: Person
    banned: list[Person]
    code: str
    linker: Person
    browser: Browser
    waiting: list[Any]
    export: str
    address_hash: str
    newcomers: int = 0

    def goes_on(self) -> None:
        """Assert that a new person can join with the old code, the banned one cannot, and all lines are answered."""
        self.newcomers += 1
        friend = self.town.person(f"Friend{self.newcomers} K", f"+3247100{self.newcomers:04}")
        assert "You're in *Sunday Legends*" in friend.says(f"join {self.code} yes")
        for each in self.banned:
            assert each.says(f"join {self.code} yes").startswith("*Sunday Legends* is closed to you")
        assert "Sunday Legends" in self.zoe.says("members")
        assert "asks for" not in self.zoe.heard
        self.town.tick()
        assert hashed(self.town) == self.address_hash
        states = [row.state for row in Letters(self.town).rows()]
        assert not [state for state in states if state in NOT_WELL]
        assert set(self.town.twilio.courier.answers) <= {200, 204}, "no webhook was refused"

    def signs_in(self) -> None:
        """Send the form that was open since before the change."""
        self.browser.sign_in(self.linker.email, "right")
        assert self.browser.answer.ok
        self.town.rest()
        assert "Connected ✓" in self.linker.confirms(self.browser)

    def ends(self) -> None:
        """Assert that everything that was begun before has been completed."""
        self.town.tick()
        with self.town.world.sessions() as session:
            account = session.scalars(select(GarminAccount)).one()
            assert (account.status, account.last_error) == (GarminStatus.LINKED, None)
            states = set(session.scalars(select(OutboundMessage.state)))
        assert states == {MessageState.READ}
        letters = Letters(self.town)
        assert [letters.row(each).state for each in self.waiting] == [MessageState.READ] * len(self.waiting)
        browser = self.town.browser()
        browser.get(self.export)
        browser.submit()
        assert browser.answer.headers["Content-Type"] == "application/zip"


def hashed(town: Town) -> str:
    with town.world.sessions() as session:
        return digest(session, "address", "whatsapp:+32470000001")


def begun(town: Deployed) -> Day:
    """Return the day as it is when the operator begins."""
    zoe, jose = town.person("Zoë", "+32470000001"), town.person("José", "+34600000002")
    linker = town.person("Sara L", "+971500000003")
    gone = town.person("Gone", "+34600000004")
    code = start_group(zoe, jose, gone, linker)
    for each in (jose, gone):
        zoe.says(f"ban {each.phone.name}")
        zoe.taps("Yes, ban")
    erases_everything(gone)
    linker.says("export")
    with town.world.sessions() as session:
        assert session.scalars(select(Export)).one().archive is not None
    page = next(word for word in linker.heard.split() if "/export/" in word)
    town.garmin.enrol(linker.phone.name, linker.email, "right", seed=1)
    browser = town.browser()
    browser.open_link(linker.says("link garmin"))
    letters, town.twilio.auto = Letters(town), False
    under_way = letters.write(letters.with_phone(81), "its receipts are still to come")
    delivery.drain.body(town.world)
    waiting = letters.write(letters.with_phone(82), "it waits in the queue", MessageKind.NOTICE, approved=READY)
    assert [letters.row(each).state for each in (under_way, waiting)] == [MessageState.ACCEPTED, MessageState.QUEUED]
    return Day(town, zoe, [jose, gone], code, linker, browser, [under_way, waiting], page, hashed(town))


def rolled_out(day: Day, new: World) -> None:
    """Deploy: old and new processes run together for some time, then only new ones."""
    town = day.town
    for processes in ((town.world, new), (new, new)):
        town.deploy(*processes)
        town.twilio.advance()
        town.twilio.auto = True
        day.goes_on()


def test_data_keys_are_changed_as_the_page_tells(deployed: Deployed) -> None:
    day = begun(deployed)
    first = deployed.world.settings.data_keys.get_secret_value()
    rolled_out(day, deployed.process(data_keys=f"{first},{K2}"))
    rolled_out(day, deployed.process(data_keys=f"{K2},{first}"))
    cli = create_app(deployed.world).test_cli_runner()
    assert cli.invoke(args=["keys", "rotate"]).exit_code == 0
    seals = [line.split("\t")[1] for line in cli.invoke(args=["keys", "status"]).stdout.splitlines()]
    assert set(seals) == {"k2"}, "the former key may go"
    rolled_out(day, deployed.process(data_keys=K2))
    day.signs_in()
    assert create_app(deployed.world).test_cli_runner().invoke(args=["keys", "verify"]).exit_code == 0
    day.ends()


def test_the_secret_key_is_changed_as_the_page_tells(deployed: Deployed) -> None:
    day = begun(deployed)
    rolled_out(day, deployed.process(secret_key_second=NEXT))
    rolled_out(day, deployed.process(secret_key=NEXT, secret_key_second=FORMER))
    assert create_app(deployed.world).test_cli_runner().invoke(args=["keys", "rotate"]).exit_code == 0
    day.signs_in()  # while both are accepted
    rolled_out(day, deployed.process(secret_key=NEXT, secret_key_second=None))
    day.ends()


def test_twilios_token_is_changed_as_the_page_tells(deployed: Deployed) -> None:
    day = begun(deployed)
    deployed.twilio.second_token = NEXT_TOKEN
    rolled_out(day, deployed.process(twilio_auth_token=NEXT_TOKEN, twilio_auth_token_second=TOKEN))
    deployed.twilio.promote()
    day.goes_on()
    rolled_out(day, deployed.process(twilio_auth_token_second=None))
    day.signs_in()
    day.ends()


def test_webhooks_go_over_to_a_shared_key_and_to_another_without_a_gap(deployed: Deployed) -> None:
    day = begun(deployed)
    rolled_out(day, deployed.process(twilio_shared_keys="one shared key"))
    deployed.twilio.rules = Rules(shared_key="one shared key")
    day.goes_on()
    rolled_out(day, deployed.process(twilio_shared_keys="one shared key,another shared key"))
    deployed.twilio.rules = Rules(shared_key="another shared key")
    day.goes_on()
    rolled_out(day, deployed.process(twilio_shared_keys="another shared key"))
    day.signs_in()
    day.ends()


def test_a_key_that_came_to_web_before_it_came_to_the_worker_loses_nothing(deployed: Deployed) -> None:
    """The mistake that the page warns of: the new key is put in front at once, and the worker is not restarted yet."""
    day, behind = begun(deployed), deployed.world
    deployed.twilio.advance()
    deployed.twilio.auto = True
    deployed.rest()
    ahead = deployed.process(data_keys=f"{K2},{behind.settings.data_keys.get_secret_value()}")
    deployed.deploy(ahead)
    deployed.turns = cycle([behind])
    day.zoe.phone.says("members")
    day.browser.sign_in(day.linker.email, "right")
    for _ in range(3):
        deployed.work()
        deployed.clock.travel(seconds=20)
    letters = Letters(deployed)
    [waits] = [row for row in letters.rows() if row.state is not MessageState.READ]
    assert (waits.state, letters.why(waits.id)) == (MessageState.QUEUED, outbox.NO_KEY)
    with deployed.world.sessions() as session:
        assert session.scalars(select(LinkAttempt)).one().step is AttemptStep.ASKED
    deployed.deploy(ahead)
    deployed.travel(minutes=1)
    assert "Sunday Legends" in day.zoe.heard
    assert "Connected ✓" in day.linker.confirms(day.browser)
    with deployed.world.sessions() as session:
        assert session.scalars(select(GarminAccount)).one().status is GarminStatus.LINKED
    assert {row.state for row in letters.rows()} == {MessageState.READ}


def test_a_copy_waits_for_the_key_of_what_goes_into_it_and_for_its_own(deployed: Deployed) -> None:
    zoe, behind = deployed.person("Zoë", "+32470000001"), deployed.world
    ahead = deployed.process(data_keys=f"{K2},{behind.settings.data_keys.get_secret_value()}")
    deployed.deploy(ahead)
    zoe.says("feedback I like it")
    deployed.deploy(behind)
    zoe.says("export")
    with behind.sessions() as session:
        export = session.scalars(select(Export)).one()
        assert (export.made_at, export.tries) == (None, 0), "it does not count as a try"
        export.leased_until = None
        session.commit()
    deployed.deploy(ahead)
    deployed.tick()
    page = next(word for word in zoe.heard.split() if "/export/" in word)
    with fetched(deployed, behind, page) as answer:
        assert answer.status_code == 503
    with fetched(deployed, ahead, page) as answer:
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")


@contextmanager
def fetched(town: Deployed, process: World, page: str) -> Iterator[Any]:
    town.deploy(process)
    browser = town.browser()
    browser.get(page)
    browser.submit()
    yield browser.answer
