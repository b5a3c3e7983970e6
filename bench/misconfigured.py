"""`python -m bench.misconfigured`: measures what /readyz names, and how soon, if the deployment is configured wrongly.

It makes one mistake after the other in the drill's deployment, and corrects each before the next. Two people write a
line every few seconds, because some mistakes show only when somebody writes. Seconds count from the mistake, or from
the start of the processes with the wrong settings.
"""

import argparse
import logging
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import requests
import structlog

from bench.deployment import NotDescribedError
from bench.drill import connect_watches
from bench.figures import table
from bench.people import Talk
from bench.plans import DATABASE, USER
from bench.site import Site, new_key, site
from bench.troubles import with_schema_behind
from providers.cards.fonts import find_missing_scripts
from simulator.services import SetUpProblem
from simulator.stage import ROOT
from simulator.story import Missing

ALL = ("web", "worker", "clock")
NOTICED_WITHIN, CALM_WITHIN, STARTS_WITHIN = 90.0, 150.0, 60.0
WRITERS = 2
SHOWN = 90  # characters of the text from /health


@dataclass(frozen=True)
class Mistake:
    """One misconfiguration: the names that /readyz must show, and a context manager that makes the mistake and yields
    the time (epoch seconds) from which to count.
    """

    name: str
    told_as: tuple[str, ...]
    made: Callable[[Site], AbstractContextManager[float]]


@dataclass(frozen=True)
class Seen:
    """The seconds until each expected name was shown (None: never), the other names, and the text from /health."""

    mistake: Mistake
    after: Mapping[str, float | None]
    besides: frozenset[str]
    says: str


def try_all(at: Site, mistakes: Sequence[Mistake]) -> Iterator[Seen]:
    """Make each mistake, watch, and correct it. Yields the results."""
    for mistake in mistakes:
        print(f"· {mistake.name}", flush=True)
        with mistake.made(at) as since:
            for name in mistake.told_as:
                at.probes.await_named((name,), since, NOTICED_WITHIN)
            after = {name: at.probes.noticed((name,), since) for name in mistake.told_as}
            besides = at.probes.alarms(since, time.time()) - set(mistake.told_as)
            says = _says(at, mistake.told_as)
        yield Seen(mistake, after, besides, says)
        if left := at.probes.await_calm(CALM_WITHIN):
            raise SetUpProblem(f"{', '.join(sorted(left))} still named {CALM_WITHIN:g} s after: {mistake.name}")


def _says(at: Site, names: Sequence[str]) -> str:
    headers = {"Authorization": f"Bearer {at.on.environment['HEALTH_TOKEN']}"}
    try:
        checks = requests.get(f"{at.on.bot_url}/health", headers=headers, timeout=10).json()["checks"]
    except (requests.RequestException, ValueError):
        return ""
    said = (each["says"] for each in checks if each["name"] in names and "says" in each)
    return "; ".join(said)[:SHOWN]


# ---- settings


def _set(*processes: str, **changes: str) -> Callable[[Site], AbstractContextManager[float]]:
    """Return a mistake: these processes run with other settings. They are restarted before and after."""

    @contextmanager
    def made(at: Site) -> Iterator[float]:
        right = {name: at.on.environment.get(name) for name in changes}
        at.on.environment |= changes
        _restart(at, processes)
        yield time.time()
        for name, value in right.items():
            if value is None:
                del at.on.environment[name]
            else:
                at.on.environment[name] = value
        _restart(at, processes)
        at.probes.await_answer(time.time(), STARTS_WITHIN)

    return made


def _other_key(*processes: str) -> Callable[[Site], AbstractContextManager[float]]:
    """Return a mistake: these processes have only another key. Afterwards it stays as the second key, for values
    encrypted with it.
    """

    @contextmanager
    def made(at: Site) -> Iterator[float]:
        right, other = at.on.environment["DATA_KEYS"], new_key(f"k{time.time():.0f}")
        at.on.environment["DATA_KEYS"] = other
        _restart(at, processes)
        yield time.time()
        at.on.environment["DATA_KEYS"] = f"{right},{other}"
        _restart(at, ALL)
        at.probes.await_answer(time.time(), STARTS_WITHIN)

    return made


@contextmanager
def _wrong_scheme(at: Site) -> Iterator[float]:
    with _set(*ALL, REDIS_URL=at.on.environment["REDIS_URL"].replace("rediss://", "redis://"))(at) as since:
        yield since


@contextmanager
def _fast_clock(at: Site) -> Iterator[float]:
    """Let a worker's clock be fast. Raises `SetUpProblem` if faketime is not installed."""
    if not shutil.which("faketime"):
        raise SetUpProblem("faketime is not on the PATH: install it (Debian: apt install faketime)")
    shown = subprocess.run(["faketime", "-f", "+15m", "env"], capture_output=True, text=True, check=True).stdout
    found = dict(line.split("=", 1) for line in shown.splitlines() if line.startswith(("LD_PRELOAD=", "FAKETIME=")))
    sleep = str(ROOT / "tests" / "faketime")  # or Python cannot sleep under faketime
    with _set("worker", **found, FAKETIME_DONT_FAKE_MONOTONIC="1", PYTHONPATH=sleep)(at) as since:
        yield since


def _restart(at: Site, processes: Sequence[str]) -> None:
    for name in processes:
        at.keeper.take_away(name)
    for name in processes:
        at.keeper.bring_back(name)


# ---- what is missing, behind or full


def _without(process: str, *, killed: bool) -> Callable[[Site], AbstractContextManager[float]]:
    @contextmanager
    def made(at: Site) -> Iterator[float]:
        since = time.time()
        if killed:
            at.keeper.kill_away(process)
        else:
            at.keeper.take_away(process)
        yield since
        at.keeper.bring_back(process)

    return made


@contextmanager
def _never_pushed(at: Site) -> Iterator[float]:
    at.execute("DELETE FROM contents")
    yield time.time()
    for command in ("push", "status"):
        at.on.run("flask", "--app", "wsgi", "templates", command)


@contextmanager
def _other_contents(at: Site) -> Iterator[float]:
    """Simulate a change to another account, in which no contents are stored yet."""
    at.execute(f"UPDATE contents SET account = '{OTHER_ACCOUNT}'")
    yield time.time()
    at.execute(f"UPDATE contents SET account = '{at.on.twilio.account_sid}'")


@contextmanager
def _schema_behind(at: Site) -> Iterator[float]:
    with with_schema_behind(at):
        yield time.time()


@contextmanager
def _redis_full(at: Site) -> Iterator[float]:
    with at.with_full_redis():
        yield time.time()


@contextmanager
def _only_reads(at: Site) -> Iterator[float]:
    """Make the database read-only from the next connection on, as a host does when it is too large for its plan."""
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{USER}'"
    at.execute(f"ALTER DATABASE {DATABASE} SET default_transaction_read_only = on", cut)
    yield time.time()
    at.execute(f"ALTER DATABASE {DATABASE} RESET default_transaction_read_only", cut)


@contextmanager
def _no_fonts(at: Site) -> Iterator[float]:
    """Restart everything; on a machine without the fonts this is enough."""
    _restart(at, ALL)
    yield time.time()


OTHER_SENDER = "whatsapp:+15550000000"
OTHER_ACCOUNT = f"AC{'1' * 32}"
NOBODY_LISTENS = "http://127.0.0.1:9"
MISTAKES = (
    Mistake("a key is missing", ("keys",), _other_key(*ALL)),
    Mistake("wrong token", ("twilio", "webhooks"), _set(*ALL, TWILIO_AUTH_TOKEN="0" * 32)),
    Mistake("wrong address", ("webhooks",), _set(*ALL, PUBLIC_BASE_URL="https://elsewhere.example.org")),
    Mistake(
        "a subaccount's number, the main account's SID", ("webhooks",), _set(*ALL, TWILIO_ACCOUNT_SID=OTHER_ACCOUNT)
    ),
    Mistake("wrong number of proxies", ("hops",), _set("web", TRUSTED_HOPS="2")),
    Mistake("Redis with the wrong scheme", ("redis",), _wrong_scheme),
    Mistake("no worker, stopped", ("worker",), _without("worker", killed=False)),
    Mistake("no worker, killed", ("worker",), _without("worker", killed=True)),
    Mistake("no clock, stopped", ("clock",), _without("clock", killed=False)),
    Mistake("no clock, killed", ("clock",), _without("clock", killed=True)),
    Mistake("a worker's clock 15 min ahead", ("time",), _fast_clock),
    Mistake("templates not pushed", ("templates",), _never_pushed),
    Mistake("wrong sender", ("webhooks",), _set(*ALL, TWILIO_WHATSAPP_FROM=OTHER_SENDER)),
    Mistake("Twilio cannot be reached", ("delivery",), _set("worker", TWILIO_API_BASE_URL=NOBODY_LISTENS)),
    Mistake("schema behind", ("schema",), _schema_behind),
    Mistake("other keys in web and worker", ("keys",), _other_key("web")),
    Mistake("Redis full", ("redis",), _redis_full),
    Mistake("Postgres read-only", ("database",), _only_reads),
    Mistake("fonts missing", ("fonts",), _no_fonts),
    Mistake("account changed", ("templates",), _other_contents),
)


def rows(seen: Sequence[Seen]) -> str:
    """Return the table: one row for each mistake and name."""
    body = [
        (
            each.mistake.name,
            name,
            "never" if after is None else f"{after:.0f}",
            ", ".join(sorted(each.besides)),
            each.says,
        )
        for each in seen
        for name, after in each.after.items()
    ]
    return table([("mistake", "named as", "after (s)", "besides", "what /health says"), *body])


def main(arguments: Sequence[str]) -> int:
    """Try all mistakes, or those whose name contains one of these words. Returns 0 if each was shown by /readyz."""
    parser = argparse.ArgumentParser(prog="python -m bench.misconfigured", description="How soon mistakes are named.")
    parser.add_argument("words", nargs="*", metavar="WORD", help="only mistakes named like one of these")
    words = parser.parse_args(arguments).words
    chosen = [each for each in MISTAKES if not words or any(word in each.name for word in words)]
    if not find_missing_scripts():
        print("fonts missing: not tried, for this machine has them")
        chosen = [each for each in chosen if each.made is not _no_fonts]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    seen: list[Seen] = []
    try:
        with site(1) as at:
            talk = Talk([each.phone for each in at.residents[:WRITERS]], (), 1)
            connect_watches(at, talk, WRITERS)
            with talk:
                seen.extend(try_all(at, chosen))
    except (SetUpProblem, NotDescribedError, Missing) as problem:
        print(f"It stopped here: {problem}", file=sys.stderr)
    print(rows(seen))
    is_whole = len(seen) == len(chosen)
    return 0 if is_whole and all(after is not None for each in seen for after in each.after.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
