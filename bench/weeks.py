"""`python -m bench.weeks`: lets weeks pass for many groups in all time zones, with the real clock,
scheduler and workers.

Some hours pass each second while two clock processes run; at the end every group must have each of its digests once,
over both changes of daylight saving. With too many hours a second a machine is a day late and skips digests.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from random import Random
from zoneinfo import available_timezones

from sqlalchemy import Engine, create_engine, text

from bench.figures import table
from fitness.schedules import Weekly, find_due_period, find_next_due, read_cron, write_cron
from simulator.stage import Stage, open_for_business, stage

START = datetime(2026, 10, 19, tzinfo=UTC)  # Europe changes on 25 October, North America on 1 November
SETTINGS = {"PRETEND_CLOCK": "1", "TICK_SECONDS": "1", "WORKERS": "2"}
SECOND_CLOCK = "python -m jobs.schedule"
INSERT = text(
    "INSERT INTO groups (name, timezone, digest_schedule, next_digest_at, settings, is_active)"
    " VALUES (:name, :zone, :schedule, :due, '{}', true)"
)


def play(groups: int, weeks: int, seed: int, step: timedelta) -> list[tuple[str, str]]:
    """Let the weeks pass, and count the digests. Returns the rows of the table."""
    with (
        tempfile.TemporaryDirectory(prefix="gruppetto-weeks-") as folder,
        stage(Path(folder), kept=False, settings=SETTINGS) as on,
    ):
        on.clock.travel_to(START)
        database = create_engine(on.environment["DATABASE_URL"])
        expected = _found_groups(database, groups, START + timedelta(weeks=weeks), Random(seed))
        open_for_business(on)
        on.start("second clock", SECOND_CLOCK)
        began = time.monotonic()
        _pass(on, timedelta(weeks=weeks), step)
        made = _settled(database, sum(map(len, expected.values())))
        fates = _fates(database)
        database.dispose()
    due = sum(map(len, expected.values()))
    missed = sum(len(periods - made.get(group, set())) for group, periods in expected.items())
    extra = sum(len(made.get(group, set()) - periods) for group, periods in expected.items())
    return [
        ("groups", f"{groups:,}"),
        ("weeks", str(weeks)),
        ("digests due", f"{due:,}"),
        ("missed", str(missed)),
        ("too many", str(extra)),
        ("runs", ", ".join(f"{number:,} {status}" for status, number in fates)),
        ("seconds", f"{time.monotonic() - began:.0f}"),
    ]


def _found_groups(database: Engine, count: int, end: datetime, random: Random) -> dict[int, set[tuple[str, str]]]:
    """Create the groups. Returns for each the periods that become due until the end."""
    zones, expected = sorted(available_timezones()), {}
    with database.begin() as connection:
        for number in range(1, count + 1):
            zone = zones[number % len(zones)]
            schedule = Weekly(random.randrange(7), clock_time(random.randrange(24), random.choice((0, 15, 30, 45))))
            due = find_next_due(schedule, zone, START)
            connection.execute(
                INSERT, {"name": f"g{number}", "zone": zone, "schedule": write_cron(schedule), "due": due}
            )
            expected[number] = set(_periods(write_cron(schedule), zone, due, end))
    return expected


def _periods(line: str, zone: str, due: datetime, end: datetime) -> list[tuple[str, str]]:
    schedule, found = read_cron(line), []
    while due <= end:
        dates = find_due_period(schedule, zone, due)
        found.append((str(dates.start), str(dates.end)))
        due = find_next_due(schedule, zone, due)
    return found


def _pass(on: Stage, span: timedelta, step: timedelta) -> None:
    """Let time pass, one step a second."""
    for number in range(1, int(span / step) + 1):
        on.clock.travel_to(START + number * step)
        time.sleep(1)


def _fates(database: Engine) -> list[tuple[str, int]]:
    with database.connect() as connection:
        rows = connection.execute(text("SELECT status, count(*) FROM digest_runs GROUP BY status ORDER BY status"))
        return [(status, number) for status, number in rows]


def _settled(database: Engine, wanted: int) -> dict[int, set[tuple[str, str]]]:
    """Return the digests that were made, once none is pending. A constraint of the table prevents duplicates."""
    for _ in range(300):
        with database.connect() as connection:
            query = "SELECT group_id, period_start, period_end FROM digest_runs WHERE status = 'sent'"
            rows = connection.execute(text(query)).all()
        if len(rows) >= wanted:
            break
        time.sleep(1)
    made: dict[int, set[tuple[str, str]]] = {}
    for group, start, end in rows:
        made.setdefault(group, set()).add((str(start), str(end)))
    return made


def main(arguments: Sequence[str]) -> int:
    """Print the table. Returns 1 if a digest was missed or came too often."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--groups", type=int, default=2_000)
    options.add_argument("--weeks", type=int, default=4)
    options.add_argument("--hours", type=float, default=2.0, help="how many pass each second")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args(arguments)
    figures = play(chosen.groups, chosen.weeks, chosen.seed, timedelta(hours=chosen.hours))
    print(table(figures))
    return 1 if {"missed": "0", "too many": "0"}.items() - dict(figures).items() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
