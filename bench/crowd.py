"""Many people: the messages that must be sent to them, and the lines that they write."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import time as clock_time
from itertools import cycle
from random import Random
from threading import Event, Thread

from sqlalchemy.exc import SQLAlchemyError

import worker  # noqa: F401 - lets the bells find who answers them
from bench.truth import Expected
from jobs.work import transaction
from messages.message import Approved, Message
from models import Identity, IdentityKind, Member, MessageKind
from services.delivery import mailbox
from simulator.stage import Stage
from simulator.twilio.phones import Phone
from world import World

WAVE_EVERY = 1.0
PATIENCE = 90.0
KINDS = (MessageKind.REPLY, MessageKind.REPLY, MessageKind.NOTICE, MessageKind.DIGEST)
UNASKED = (MessageKind.NOTICE, MessageKind.DIGEST)


class Lost(Exception):
    """The product did not accept a message in time, so it cannot be counted as lost."""


@dataclass(frozen=True)
class Resident:
    """A member with a phone, whose 24 hours have just begun."""

    member_id: int
    phone: Phone


@dataclass
class Crowd:
    """Writes messages into the outbox in waves, and lets people write, until it is stopped.

    While people are `silent`, nobody writes, and nothing answers anybody.
    """

    world: World
    residents: list[Resident]
    random: Random
    wave: int
    inbound: int
    silent: bool = False
    expected: list[Expected] = field(default_factory=list)
    _stop: Event = field(default_factory=Event)
    _threads: list[Thread] = field(default_factory=list)
    _broken: list[Exception] = field(default_factory=list)
    _number: int = 0

    def begin(self, phase: str) -> None:
        """Start writing; every message belongs to this phase."""
        self._stop.clear()
        self.random.shuffle(self.residents)
        writers = (self._post_waves, self._write_in)
        self._threads = [Thread(target=self._writing, args=(write, phase)) for write in writers]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Stop writing, once what was begun is written. Raises `Lost`."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self._broken:
            raise Lost("the crowd fell silent") from self._broken[0]

    def _writing(self, write: Callable[[str], None], phase: str) -> None:
        """Write until stopped. An error that ends this is raised at the end: a run without writers proves nothing."""
        try:
            write(phase)
        except Exception as error:  # noqa: BLE001 - raised again by `end`
            self._broken.append(error)

    def _post_waves(self, phase: str) -> None:
        readers = cycle(self.residents)
        while not self._stop.wait(WAVE_EVERY):
            kinds = UNASKED if self.silent else KINDS
            wave = [(next(readers), self.random.choice(kinds)) for _ in range(self.wave)]
            # A digest is one big transaction, replies are many small ones.
            for size in (self.wave // 2, 1, 1, self.wave):
                self._post(phase, wave[:size])
                del wave[:size]

    def _post(self, phase: str, wave: list[tuple[Resident, MessageKind]]) -> None:
        written = []
        for reader, kind in wave:
            self._number += 1
            message = self._words(phase, reader)
            # A message's form is decided only when it is sent.
            body = None if self.silent else message.text
            written.append((reader, kind, message, Expected(phase, f"bench:{self._number}", body)))
        until = time.monotonic() + PATIENCE
        while True:
            with suppress(SQLAlchemyError), transaction(self.world) as session:
                for reader, kind, message, what in written:
                    mailbox.post(session, reader.member_id, message, self.world.now(), kind=kind, key=what.key)
                break
            if time.monotonic() > until:
                raise Lost(f"nothing could be posted for {PATIENCE:.0f} s")
            time.sleep(0.2)
        self.expected += [what for *_, what in written]

    def _words(self, phase: str, reader: Resident) -> Message:
        text = f"{phase} no. {self._number} for {reader.phone.name}"
        return Message(text, approved=Approved("garmin_notice", {"1": reader.phone.name, "2": text}))

    def _write_in(self, phase: str) -> None:
        writers = cycle(reversed(self.residents))
        with ThreadPoolExecutor(8) as pool:
            while self.inbound and not self._stop.wait(1 / self.inbound):
                if not self.silent:
                    pool.submit(self._says, phase, next(writers).phone)

    def _says(self, phase: str, phone: Phone) -> None:
        """Write a line, and repeat the webhook until the product has accepted it, as Twilio and its fallback would."""
        sid = phone.says("help")
        until = time.monotonic() + PATIENCE
        while phone.twilio.messages[sid].error_code is not None and time.monotonic() < until:
            time.sleep(0.5)
            phone.repeats(sid)
        self.expected.append(Expected(phase, f"reply:{sid}", None))


def move_in(on: Stage, world: World, count: int) -> list[Resident]:
    """Create so many people with phones who have just written to the bot."""
    now, never = world.now(), clock_time(0)
    phones = [on.phones.add(f"Person {number}", f"+3247{number:07}") for number in range(1, count + 1)]
    with world.sessions.begin() as session:
        members = []
        for phone in phones:
            phone.last_inbound_at, phone.reads = now, False
            known_as = Identity(kind=IdentityKind.PHONE, value=phone.number)
            members.append(
                Member(
                    name=phone.name,
                    address=phone.address,
                    last_inbound_at=now,
                    quiet_from=never,
                    quiet_until=never,
                    identities=[known_as],
                )
            )
        session.add_all(members)
        session.flush()
        return [Resident(member.id, phone) for member, phone in zip(members, phones, strict=True)]
