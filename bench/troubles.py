"""The troubles of the drill, one after the other: what fails, whether answers may wait, and what /readyz must name."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from alembic.config import Config
from alembic.script import ScriptDirectory

from bench.people import Talk
from bench.site import AT_ONCE, Site, new_key
from bench.slow_clients import SlowClients
from bench.verdict import ANSWERED_WITHIN, NOTICED_WITHIN, Trouble
from simulator.stage import ROOT

CALM, BREATH = 6.0, 1.5  # seconds before the first trouble, and between two
AWAY = 60.0
SLOW_CLIENTS, SLOW_FOR = 100, 15.0
SCHEMA_FOR, FULL_FOR = 6.0, 5.0
TWILIO_TAKES = 3.0  # seconds for each message while the worker is told to stop
BACK_WITHIN = 15.0  # seconds after an outage in which waiting lines must be answered; after that, lines count as slow
STARTS_WITHIN = 60.0

# The names in /readyz
WORKER, CLOCK, SCHEMA, REDIS, KEYS = ("worker",), ("clock",), ("schema",), ("redis",), ("keys",)


@dataclass
class Day:
    """The site, its people, and the troubles so far."""

    at: Site
    talk: Talk
    troubles: list[Trouble] = field(default_factory=list)
    digest_due: float = 0.0
    began: float = field(default_factory=time.time)

    @contextmanager
    def trouble(self, name: str, *, is_outage: bool = False, names: tuple[str, ...] = ()) -> Iterator[Trouble]:
        """Add a row to the table. The block must end when the broken part works again."""
        print(f"· {time.time() - self.began:3.0f} s: {name}", flush=True)
        row = Trouble(name, time.time(), is_outage, names)
        self.troubles.append(row)
        yield row
        row.over = time.time()
        row.back = self._caught_up(row.over) if is_outage else row.over
        row.noticed = self.at.probes.noticed(names, row.began, row.over + BREATH)
        time.sleep(BREATH)

    def _caught_up(self, moment: float) -> float:
        """Wait until those who waited for an answer at that moment have one, for at most `BACK_WITHIN` seconds."""
        waiting, end = self.talk.find_waiting(), moment + BACK_WITHIN
        while time.time() < end and not all(each.has_heard_since(moment) for each in waiting):
            time.sleep(0.05)
        return min(time.time(), end)


def play(day: Day, wanted: Sequence[str]) -> None:
    """Run all troubles, or only the quiet beginning and those whose name contains one of these words."""
    for trouble in TROUBLES:
        if trouble is _calm or not wanted or any(word in trouble.__name__ for word in wanted):
            trouble(day)


def _calm(day: Day) -> None:
    with day.trouble("nothing"):
        time.sleep(CALM)


def _all_at_once(day: Day) -> None:
    with day.trouble(f"{AT_ONCE} people write at once"):
        day.talk.write_at_once()
        time.sleep(ANSWERED_WITHIN)  # otherwise the next outage would excuse these lines


def _deploys(day: Day) -> None:
    """Do two deploys that rotate the key as README says: the first adds a new key as second, the second puts it first.
    All processes restart one after the other, so that old and new ones work side by side.
    """
    old, new = day.at.on.environment["DATA_KEYS"], new_key("k2")
    day.at.on.environment["DATA_KEYS"] = f"{old},{new}"
    with day.trouble("web gets SIGTERM", is_outage=True) as row:
        _restart(day, row, "web")
    with day.trouble("worker gets SIGTERM", is_outage=True) as row:
        _restart(day, row, "worker")
    with day.trouble("clock gets SIGTERM") as row:
        _restart(day, row, "clock")
    day.at.on.environment["DATA_KEYS"] = f"{new},{old}"
    with day.trouble("key rotated", is_outage=True) as row:
        for name in ("web", "worker", "clock"):
            _restart(day, row, name)


def _schema_behind(day: Day) -> None:
    with day.trouble("schema one behind", is_outage=True, names=SCHEMA) as row, with_schema_behind(day.at):
        day.at.probes.await_named(SCHEMA, row.began, NOTICED_WITHIN)
        time.sleep(max(0.0, row.began + SCHEMA_FOR - time.time()))


def _key_comes_early(day: Day) -> None:
    """Put a new key first at once, so that web encrypts with a key that the worker does not have yet."""
    with day.trouble("key in web before worker", is_outage=True, names=KEYS) as row:
        day.at.on.environment["DATA_KEYS"] = f"{new_key('k3')},{day.at.on.environment['DATA_KEYS']}"
        _restart(day, row, "web")
        day.at.probes.await_named(KEYS, row.began, NOTICED_WITHIN)
        _restart(day, row, "worker")
    _restart(day, row, "clock")


def _worker_away(day: Day) -> None:
    """Send SIGTERM only to the worker's first process, as Docker does, while Twilio answers slowly, so that requests
    are always open. During this the group's digest becomes due, whose schedule the owner has just set.
    """
    due = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    due += timedelta(minutes=1) * (due - datetime.now(UTC) < timedelta(seconds=10))
    day.digest_due = due.timestamp()
    day.talk.talkers[0].tells(f"schedule {due:%A %H:%M}".lower())
    with day.trouble("worker away for a minute", is_outage=True, names=WORKER) as row:
        with day.at.with_slow_twilio(TWILIO_TAKES):
            time.sleep(2 * TWILIO_TAKES)
            row.gone_in.append(day.at.keeper.take_away("worker", everyone=False))
        time.sleep(max(0.0, row.began + AWAY - time.time()))
        day.at.keeper.bring_back("worker")


def _clock_away(day: Day) -> None:
    """Kill the clock, so that it takes a while until its heartbeat is missed; other troubles happen in that time."""
    with day.trouble("clock killed", names=CLOCK) as row:
        day.at.keeper.kill_away("clock")
        _slow_clients(day)
        _redis_full(day)
        day.at.probes.await_named(CLOCK, row.began, NOTICED_WITHIN)
        day.at.keeper.bring_back("clock")


def _slow_clients(day: Day) -> None:
    with day.trouble(f"{SLOW_CLIENTS} slow clients"), SlowClients(day.at.web_url, SLOW_CLIENTS):
        time.sleep(SLOW_FOR)


def _redis_full(day: Day) -> None:
    with day.trouble("Redis full", is_outage=True, names=REDIS) as row, day.at.with_full_redis():
        day.at.probes.await_named(REDIS, row.began, NOTICED_WITHIN)
        time.sleep(max(0.0, row.began + FULL_FOR - time.time()))


def _restart(day: Day, row: Trouble, name: str) -> None:
    """Stop a process as Heroku does, and start it again. Web is back when it answers."""
    row.gone_in.append(day.at.keeper.take_away(name))
    day.at.keeper.bring_back(name)
    if name == "web":
        day.at.probes.await_answer(time.time(), STARTS_WITHIN)


@contextmanager
def with_schema_behind(at: Site) -> Iterator[None]:
    """Simulate a deploy without the release: the newest migration is missing, and one of its columns too."""
    script = ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini")))
    head, before = [each.revision for each in script.walk_revisions()][:2]
    version = "UPDATE alembic_version SET version_num = '{}'"
    at.execute("ALTER TABLE members RENAME COLUMN locale TO locale_later", version.format(before))
    yield
    at.execute("ALTER TABLE members RENAME COLUMN locale_later TO locale", version.format(head))


TROUBLES: tuple[Callable[[Day], None], ...] = (
    _calm,
    _all_at_once,
    _schema_behind,
    _deploys,
    _key_comes_early,
    _worker_away,
    _clock_away,
)
