"""`make drill`: runs the deployment as it is described, and causes a series of outages.

The processes and settings are those of `app.json` and the Procfile; Postgres and Redis are as on the smallest plans (20
connections each, TLS with a self-signed certificate), the clock is the real one, and Twilio and Garmin are pretend
ones. 20 people talk, three of them have a watch, 100 get a digest. The exit code is 0 only if no rule of
`bench/verdict.py` is broken. Nothing is shortened: leases, ticks and rates are the product's own.
"""

import argparse
import logging
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import requests
import structlog

from bench import troubles
from bench.arrivals import Arrivals
from bench.deployment import NotDescribedError
from bench.figures import table
from bench.logbook import judge, secrets_of
from bench.people import Talk, Talker, await_message
from bench.site import AT_ONCE, ATHLETES, FOR_THE_PRETEND_WORLD, MEMBERS, TALKERS, Site, site
from bench.speed import measure_slowness, read_processor_time
from bench.troubles import Day
from bench.verdict import Findings, Logged, Trouble, breaches, count
from simulator.services import SetUpProblem
from simulator.story import Missing, connect

CALM_WITHIN = 60.0  # seconds after the start and the last trouble within which /readyz must stop naming problems
QUIET_WITHIN = 75.0  # seconds for a tick and the work that it starts
SHOWN = 12


def run(at: Site, seed: int, wanted: Sequence[str] = ()) -> tuple[Findings, list[str]]:
    """Run all troubles. Returns the findings, and a sentence about each line that was not answered exactly once."""
    before = at.probes.await_calm(CALM_WITHIN)
    phones = [each.phone for each in at.residents]
    talk = Talk(phones[:TALKERS], phones[TALKERS : TALKERS + AT_ONCE], seed)
    connect_watches(at, talk, ATHLETES)
    with talk:
        day = Day(at, talk)
        troubles.play(day, wanted)
        talk.end()
    arrivals = Arrivals(at.direct.database_url, at.on.twilio, [each.sid for each in talk.lines])
    wanted_digests = MEMBERS if day.digest_due else 0
    arrivals.await_all(QUIET_WITHIN, digests=wanted_digests)
    after = at.probes.await_calm(CALM_WITHIN)
    calm = at.probes.alarms(day.troubles[0].began, day.troubles[0].over)
    found = Findings(
        troubles=day.troubles,
        answers=arrivals.answers(talk.lines),
        digest=arrivals.digest(wanted_digests),
        others=arrivals.others(),
        connections=dict(at.connections.most),
        logs=_logs(at),
        refused=at.connections.refused,
        fell=dict(at.keeper.fell),
        alarms={"at the start": [*before], "when nothing was wrong": [*calm], "after the last trouble": [*after]},
    )
    return found, [
        *_told(at, talk),
        _told_of_digest(arrivals.digest_took(day.digest_due)),
        *arrivals.astray(talk.lines)[:SHOWN],
    ]


def _logs(at: Site) -> dict[str, Logged]:
    """Return the judgement of each process's log so far."""
    secrets = secrets_of(at.on.twilio, [each.phone for each in at.residents])
    return {name: judge(at.on.folder / f"{name}.log", secrets) for name in sorted(at.on.processes)}


def rows(found: Findings) -> str:
    """Return the table: one row for each trouble, and one for the digest."""
    head = (
        "trouble",
        "lines",
        "answered",
        "lost",
        "doubled",
        "slowest (s)",
        "in the outage (s)",
        "noticed (s)",
        "gone in (s)",
    )
    body = [_row(found, each) for each in found.troubles]
    counted = count(found.answers)
    all_of_it = (
        "all",
        counted.wanted,
        counted.arrived,
        counted.lost,
        counted.doubled,
        _slowest(found.outside()),
        "",
        "",
        "",
    )
    rest = [
        (name, each.wanted, each.arrived, each.lost, each.doubled, "", "", "", "")
        for name, each in (("digest", found.digest), ("other messages", found.others))
    ]
    return table([head, *body, all_of_it, *rest])


def _row(found: Findings, trouble: Trouble) -> Sequence[object]:
    said = found.during(trouble)
    counted, outside = count(said), found.outside()
    inside = [each for each in said if each not in outside]
    noticed = "" if not trouble.names else "never" if trouble.noticed is None else f"{trouble.noticed:.0f}"
    gone = f"{max(trouble.gone_in):.1f}" if trouble.gone_in else ""
    numbers = (counted.wanted, counted.arrived, counted.lost, counted.doubled)
    return (
        trouble.name,
        *numbers,
        _slowest([each for each in said if each in outside]),
        _slowest(inside),
        noticed,
        gone,
    )


def _slowest(answers: Sequence[object]) -> str:
    took = [each.seconds for each in answers if each.seconds is not None]  # type: ignore[attr-defined]
    return f"{max(took):.1f}" if took else ""


def _told(at: Site, talk: Talk) -> list[str]:
    lines = talk.lines
    repeated = sum(each.attempts > 1 for each in lines)
    untaken = sum(not each.taken for each in lines)
    return [
        f"webhooks that Twilio had to repeat: {repeated}; that no repeat brought home: {untaken}",
        f"requests to Garmin: {len(at.on.garmin.journal)}, for {ATHLETES} people with a watch",
    ]


def _told_of_digest(seconds: float | None) -> str:
    return "no digest left" if seconds is None else f"the digest's last copy left {seconds:.0f} s after it was due"


def connect_watches(at: Site, talk: Talk, people: int) -> None:
    """Let the first few people connect Garmin on the page that the bot names. Raises `Missing` if it fails."""
    athletes = {each.name: each for each in at.on.garmin.athletes.values()}

    def connect_one(talker: Talker) -> None:
        talker.tells("link garmin")
        athlete = athletes[talker.phone.name]
        link = await_message(talker.phone, r"https?://\S+/link/\S+", CALM_WITHIN)
        talker.tells(connect(link, athlete.email, athlete.password, None))
        await_message(talker.phone, "That's the right code", CALM_WITHIN)

    with ThreadPoolExecutor(people) as pool:
        try:
            list(pool.map(connect_one, talk.talkers[:people]))
        except requests.RequestException as error:
            raise Missing(f"the link page did not answer: {type(error).__name__}") from error


def report(found: Findings, remarks: Sequence[str], seconds: float, environment: Mapping[str, str]) -> str:
    """Return the text below the table."""
    most = ", ".join(f"{server} {count}" for server, count in found.connections.items())
    besides = ", ".join(name for name in FOR_THE_PRETEND_WORLD if name in environment)
    return "\n".join(
        [
            f"most connections at once: {most}; turned away: {found.refused}",
            f"lines in the logs: {', '.join(f'{name} {each.lines}' for name, each in found.logs.items())}",
            f"settings besides app.json's, for the pretend vendors: {besides}",
            *remarks,
            f"{seconds:.0f} s, on a machine that takes {found.slowness:.1f} times as long as usual",
            f"the machine's host gave {found.stolen:.0%} of the processor time to others"
            + ("" if found.is_speed_judged else ": how long answers took was not judged"),
        ]
    )


def main(arguments: list[str]) -> int:
    """Run the drill, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.drill", description="The deployment through a bad day.")
    parser.add_argument("--seed", type=int, default=1, help="what is drawn by chance follows from it")
    parser.add_argument("--only", nargs="+", default=(), metavar="WORD", help="only troubles named like one of these")
    chosen = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began, slowness, before = time.monotonic(), measure_slowness(), read_processor_time()
    try:
        with site(chosen.seed) as at:
            found, remarks = run(at, chosen.seed, chosen.only)
            folder, environment = at.on.folder, at.on.environment
    except (SetUpProblem, NotDescribedError, Missing) as problem:
        print(f"The deployment does not come up: {problem}", file=sys.stderr)
        return 1
    stolen = read_processor_time().share_stolen_since(before)
    found = replace(found, slowness=max(slowness, measure_slowness()), stolen=stolen)
    print(f"\n{rows(found)}\n\n{report(found, remarks, time.monotonic() - began, environment)}")
    broken = breaches(found)
    for sentence in broken:
        print(f"✗ {sentence}")
    if broken:
        print(f"What the processes said: {folder}")
        return 1
    print("✓ every rule holds")
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
