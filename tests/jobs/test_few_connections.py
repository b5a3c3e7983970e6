"""Sending messages while the database has no free connection: nothing is lost, sent twice or left in doubt."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from threading import Event, Lock, Thread, current_thread, main_thread
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

import world as worlds
from jobs import delivery
from messages.message import Message
from models import MessageKind, MessageState
from models.base import make_sessions
from providers.charts import Leaderboard
from providers.messenger import Messenger, Parcel
from services.delivery import mailbox
from tests.jobs.test_delivery import eager, expected, heard, people_with_mail, states
from tests.letters import Letters, deliver
from tests.patience import AT_MOST, RUNS_OUT
from tests.town import START, Town

CHART = {"title": "Legends", "subtitle": "", "bars": [], "legend": []}


@pytest.fixture
def letters(town: Town) -> Letters:
    return Letters(town)


class Hog:
    """A process with two connections. The hog can take both, and returns them after a thread has failed to
    store the result of a message.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine, self.starting = engine, Lock()
        self.has_both, self.was_missed, self.thread = Event(), Event(), Thread(target=self.hold)

    def grab(self) -> None:
        """Take all connections and return. Only the first call does anything."""
        with self.starting:
            if self.thread.ident is None:
                self.thread.start()
        assert self.has_both.wait(AT_MOST)

    def hold(self) -> None:
        with ExitStack() as stack:
            taken = 0
            while taken < 2:
                with suppress(PoolTimeout):
                    stack.enter_context(self.engine.connect())
                    taken += 1
            self.has_both.set()
            self.was_missed.wait(AT_MOST)


@pytest.fixture
def hog(letters: Letters) -> Iterator[Hog]:
    engine = create_engine(letters.town.world.settings.database_url, pool_size=2, max_overflow=0, pool_timeout=RUNS_OUT)
    made = Hog(engine)
    yield made
    made.thread.join()
    engine.dispose()


class Sessions:
    """Sessions that tell the hog when the main thread's transaction for the results found no connection."""

    def __init__(self, inner: sessionmaker, hog: Hog) -> None:
        self.inner, self.hog, self.refused = inner, hog, []

    def __call__(self) -> Session:
        return self.inner()

    @contextmanager
    def begin(self) -> Iterator[Session]:
        try:
            with self.inner.begin() as session:
                yield session
        except PoolTimeout:
            self.refused.append(current_thread())
            if current_thread() is main_thread():
                self.hog.was_missed.set()
            raise


def narrow(letters: Letters, hog: Hog, **other: object) -> Any:
    """Return the town's world for a process that has only the hog's connections."""
    usual = eager(letters.town)
    return replace(usual, sessions=Sessions(make_sessions(hog.engine, usual.vault, usual.now), hog), **other)


class Sending:
    """A messenger that lets the hog begin when the vendor has accepted the first message."""

    def __init__(self, inner: Messenger, hog: Hog) -> None:
        self.inner, self.hog, self.account = inner, hog, inner.account

    def send(self, parcel: Parcel) -> str:
        sid = self.inner.send(parcel)
        self.hog.grab()
        return sid


class Drawing:
    """Draws, and lets the hog begin before the picture is stored."""

    def __init__(self, hog: Hog) -> None:
        self.hog = hog

    def draw(self, _chart: Leaderboard) -> bytes:
        self.hog.grab()
        return b"\x89PNG"


def test_what_was_taken_is_marked_though_no_connection_is_free_for_a_while(letters: Letters, hog: Hog) -> None:
    people_with_mail(letters, 12, 1)
    usual = eager(letters.town)
    world = narrow(letters, hog, messenger=Sending(usual.messenger, hog))
    worlds.use(world)
    delivery.drain()
    assert main_thread() in world.sessions.refused
    worlds.use(usual)
    deliver(letters.town)
    assert states(letters) == {MessageState.READ: 12}
    assert not [each for row in letters.rows() for each in letters.events(row.id) if each.state is MessageState.UNKNOWN]
    assert heard(letters) == expected(12, 1)


def test_a_message_whose_picture_finds_no_connection_waits_and_is_not_in_doubt(letters: Letters, hog: Hog) -> None:
    person = letters.with_phone()
    with letters.town.world.sessions.begin() as session:
        message = Message("with a picture", chart=CHART)
        mailbox.post(session, person.id, message, START, kind=MessageKind.REPLY, key="pictured")
    worlds.use(narrow(letters, hog, charts=Drawing(hog)))
    delivery.drain()
    [row] = letters.rows()
    assert (row.state, letters.why(row.id)) == (MessageState.QUEUED, "the database is away")
    worlds.use(eager(letters.town))
    letters.town.clock.travel(seconds=61)
    deliver(letters.town)
    assert sum(heard(letters)["Friend 1"].values()) == 1


def test_forty_at_once_need_two_connections(letters: Letters, hog: Hog) -> None:
    people_with_mail(letters, 60, 1)
    hog.was_missed.set()
    hog.grab()  # and returns them at once
    letters.town.twilio.faults.latency = 0.3
    world = narrow(letters, hog)
    worlds.use(world)
    delivery.drain()
    worlds.use(letters.town.world)
    deliver(letters.town)
    assert world.sessions.refused == []
    assert heard(letters) == expected(60, 1)
