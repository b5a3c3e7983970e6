"""A worker dies at a named line, and afterwards everybody has got everything exactly once.

CRASH_RUNS=100 pytest tests/jobs/test_crash_points.py runs every point that often, each time on another day.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import func, select, text

from bench import club
from bench.truth import reference
from bot import receiving
from jobs.queue import RUNG
from jobs.tick import tick
from messages.message import Approved, Message
from models import DigestRun, MessageKind, MessageState, OutboundMessage, RunStatus
from providers.messenger import Inbound
from services.delivery import mailbox
from services.people import members
from tests.patience import AT_MOST
from tests.town import LONG_AGO, Town

ROOT = Path(__file__).resolve().parents[2]
RUNS = int(os.environ.get("CRASH_RUNS", "2"))
DIED = 9
CALLBACKS = ("normal", "off", "doubled", "reordered", "before_answer")
ROOMS = ("delivery", "digests", "pictures", "queue", "reconciling", "tick", "work")
PIECES = (*(f"jobs/{name}.py" for name in ROOMS), "bot/receiving.py")
CHART = {"title": "Everybody", "subtitle": "This week", "bars": [], "legend": []}


class Crasher:
    """The worker that dies."""

    def __init__(self, *servers: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.crasher", *servers],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, town: Town, job: str, *, point: str = "nowhere") -> int:
        """Do a job, and return the exit code of its process."""
        self.process.stdin.write(f"{point} {job} {town.clock().isoformat()}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(AT_MOST)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def crasher(servers) -> Iterator[Crasher]:
    made = Crasher(servers.database_url, servers.redis_url, servers.app.url, servers.simulator.url)
    yield made
    made.close()


@dataclass(frozen=True)
class Scene:
    """How a point is reached: what is prepared, and which job then reaches it."""

    prepare: Callable[[Town, Crasher, Random], None]
    job: str


def some_people(town: Town, count: int) -> list[int]:
    """Add members who wrote a minute ago."""
    with town.world.sessions.begin() as session:
        made = []
        for number in range(1, count + 1):
            phone = town.phones.add(f"Friend {number}", f"+3247000{number:04}")
            phone.last_inbound_at = town.clock()
            who = {"phone": phone.number, "business_id": None, "address": phone.address, "profile_name": phone.name}
            made.append(members.recognise_member(session, town.clock(), **who)[0])
        session.flush()
        return [member.id for member in made]


def written(town: Town, random: Random, *, more: int = 0, charts: bool = False) -> None:
    """Add up to four members, and `more`, with up to two waiting messages each."""
    people = some_people(town, random.randint(1, 4) + more)
    with town.world.sessions.begin() as session:
        for member_id in people:
            for number in range(random.randint(1, 2)):
                kind = random.choice(list(MessageKind))
                text = f"No. {number} for {member_id}"
                later = Approved("garmin_notice", {"1": "Friend", "2": text})
                words = Message(text, chart=CHART if charts else None, approved=later)
                mailbox.post(session, member_id, words, town.clock(), kind=kind, key=f"test:{member_id}:{number}")


def waiting(town: Town, _crasher: Crasher, random: Random) -> None:
    """Of the waiting messages, one or two are not accepted, or have an unknown result; at least one."""
    faults = random.choice(((), ("429",), ("500",), ("500_after_accept",), ("reset", "500_after_accept")))
    written(town, random, more=len(faults))
    town.twilio.faults.next.extend(faults)


def pictured(town: Town, _crasher: Crasher, random: Random) -> None:
    written(town, random, charts=True)


def left_alone(town: Town, crasher: Crasher, random: Random) -> None:
    """A worker has died while sending, no receipt came, and its leases have ended."""
    written(town, random)
    usual, town.twilio.faults.callbacks = town.twilio.faults.callbacks, "off"
    assert crasher.run(town, "deliver", point=random.choice(["after_claim", "before_post", "after_post"])) == DIED
    town.twilio.settle()
    town.twilio.faults.callbacks = usual
    end_leases(town)


def doubtful(town: Town, crasher: Crasher, random: Random) -> None:
    """The same, and a tick has noticed it: the first search is due."""
    left_alone(town, crasher, random)
    crasher.run(town, "reconcile")
    town.clock.travel(seconds=61)


def nobody_told(town: Town, _crasher: Crasher, random: Random) -> None:
    some_people(town, random.randint(1, 4))


def digest_due(town: Town, _crasher: Crasher, random: Random) -> None:
    club.come_due(town.world, some_people(town, random.randint(1, 4)), random, twice=1)


def digest_open(town: Town, crasher: Crasher, random: Random) -> None:
    digest_due(town, crasher, random)
    assert crasher.run(town, "tick") == 0


def spooled(town: Town, _crasher: Crasher, random: Random) -> None:
    """Store lines that came while Postgres was away."""
    some_people(town, 4)
    for number in range(random.randint(1, 3)):
        heard = Inbound(f"SM{number:032}", f"+3247000{number + 1:04}", None, f"Friend {number + 1}", "help")
        assert receiving.spool(town.world, heard, town.clock())


POINTS = {
    "before_claim_commit": Scene(waiting, "deliver"),
    "after_claim": Scene(waiting, "deliver"),
    "after_picture": Scene(pictured, "deliver"),
    "before_post": Scene(waiting, "deliver"),
    "after_post": Scene(waiting, "deliver"),
    "before_mark_commit": Scene(waiting, "deliver"),
    "after_mark": Scene(waiting, "deliver"),
    "before_ring_again": Scene(waiting, "deliver"),
    "after_leases_expired": Scene(left_alone, "reconcile"),
    "after_list": Scene(doubtful, "reconcile"),
    "before_looked_commit": Scene(doubtful, "reconcile"),
    "after_commit": Scene(nobody_told, "post"),
    "after_rung": Scene(nobody_told, "post"),
    "before_open_commit": Scene(digest_due, "tick"),
    "after_take_run": Scene(digest_open, "make"),
    "before_digest_commit": Scene(digest_open, "make"),
    "after_ingested": Scene(spooled, "ingest"),
}


@pytest.mark.parametrize("run", range(RUNS))
@pytest.mark.parametrize("point", POINTS)
def test_nothing_is_lost_or_said_twice(town: Town, crasher: Crasher, point: str, run: int) -> None:
    random = Random(f"{point} {run}")
    town.twilio.faults.callbacks = random.choice(CALLBACKS)
    scene = POINTS[point]
    scene.prepare(town, crasher, random)
    assert crasher.run(town, scene.job, point=point) == DIED, f"{scene.job} never came to {point}"
    recover(town)
    assert_all_said_once(town)


def test_every_point_on_the_way_of_a_message_is_died_at():
    named = {
        name for piece in PIECES for name in re.findall(r'stopping\.die_at\("(\w+)"\)', (ROOT / piece).read_text())
    }
    assert named == set(POINTS)


def recover(town: Town) -> None:
    """Let minutes pass, with only the tick to recover."""
    for _ in range(12):
        end_leases(town)
        town.clock.travel(seconds=61)
        tick()
        town.work()
        town.twilio.settle()
        with town.world.sessions() as session:
            unfinished = (MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN)
            messages = session.scalar(select(func.count()).where(OutboundMessage.state.in_(unfinished)))
            runs = session.scalar(select(func.count()).where(DigestRun.status == RunStatus.PENDING))
        if not messages and not runs:
            return
    raise AssertionError(f"{messages} messages and {runs} digests are still unfinished after twelve minutes")


def end_leases(town: Town) -> None:
    """End all leases and rung bells: leases use the database's clock, and bells Redis's, which tests cannot move."""
    with town.world.sessions.begin() as session:
        for table in ("outbound_messages", "digest_runs"):
            over = text(f"UPDATE {table} SET leased_until = :over WHERE leased_until IS NOT NULL")
            session.execute(over, {"over": LONG_AGO})
    for bell in town.world.redis.scan_iter(f"{RUNG}*"):
        town.world.redis.delete(bell)


def assert_all_said_once(town: Town) -> None:
    town.twilio.settle()
    with town.world.sessions() as session:
        rows = {str(row.id): row for row in session.scalars(select(OutboundMessage))}
    assert rows, "there was nothing to say"
    said = Counter(reference(each) for each in town.twilio.messages.values() if not each.inbound)
    assert said == dict.fromkeys(rows, 1)
    unsent = {MessageState.FAILED, MessageState.EXPIRED, MessageState.SUPPRESSED}
    assert not [row.dedupe_key for row in rows.values() if row.state in unsent]
