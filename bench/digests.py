"""`python -m bench.digests`: makes the digests of many groups that are due in the same minute, with the real
clock and workers.

It measures the time from the due time until every member's digest is in the outbox; nothing is sent during this.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, create_engine, text

from bench.figures import table
from fitness.schedules import Weekly, find_due_period, write_cron
from simulator.stage import Stage, open_for_business, stage

ZONE = "Europe/Brussels"
SETTINGS = {"PRETEND_CLOCK": "0", "TICK_SECONDS": "5", "WORKERS": "2"}
WEEKS = 12
PATIENCE = 600.0
FOUND = """
    INSERT INTO members (name, locale, units, timezone, quiet_from, quiet_until, preferences, address, last_inbound_at)
    SELECT 'Friend ' || n, 'en', 'metric', :zone, '00:00', '00:00', '{}', 'whatsapp:+3247' || lpad(n::text, 7, '0'),
        now() FROM generate_series(1, :groups * :size) n;
    INSERT INTO groups (name, timezone, digest_schedule, settings, is_active)
    SELECT 'Group ' || n, :zone, :schedule, '{}', true FROM generate_series(1, :groups) n;
    INSERT INTO memberships (group_id, member_id, role, shares, hidden, consented_at, consent_version, joined_at)
    SELECT (id - 1) / :size + 1, id, CASE WHEN (id - 1) % :size = 0 THEN 'owner' ELSE 'member' END,
        '["sports", "time", "distance", "count", "points"]', false, now(), '1', now() FROM members;
    INSERT INTO activities (member_id, source, external_id, type, sport, start_utc, utc_offset, local_date, duration,
        distance, points, points_version, manual, processed_metrics, raw_data, fingerprint)
    SELECT id, 'garmin', week * 10 + session, 'running',
        (ARRAY['run', 'ride', 'swim', 'walk'])[1 + (id + session) % 4], now(), 0,
        CAST(:monday AS date) - 7 * week + session, 1800 + (id * 37 + week * 911 + session * 101) % 3600,
        5000 + (id * 53 + week * 17) % 9000, 20 + (id * 31 + week * 7 + session * 13) % 90, 1, false, '{}', '{}', ''
    FROM members, generate_series(0, :weeks - 1) week, generate_series(0, 2) session;
"""


def play(groups: int, size: int) -> list[tuple[str, str]]:
    """Make all digests due, and count the messages in the outbox. Returns the rows of the table."""
    with (
        tempfile.TemporaryDirectory(prefix="gruppetto-digests-") as folder,
        stage(Path(folder), kept=False, settings=SETTINGS) as on,
    ):
        on.twilio.faults.latency = 3_600.0  # nothing is sent, because only making digests is measured
        database = create_engine(on.environment["DATABASE_URL"])
        open_for_business(on)
        with database.begin() as line:
            _found(line, on, groups, size)
        with database.begin() as line:
            line.execute(text("UPDATE groups SET next_digest_at = now()"))
        began, first = time.monotonic(), 0.0
        while (made := _made(database.connect())) < groups * size and time.monotonic() - began < PATIENCE:
            first = first or (time.monotonic() - began if made else 0.0)
            time.sleep(0.2)
        took = time.monotonic() - began
        database.dispose()
    return [
        ("groups of " + str(size), f"{groups:,}"),
        ("digests in the outbox", f"{made:,} of {groups * size:,}"),
        ("due to first (s)", f"{first:.1f}"),
        ("due to last (s)", f"{took:.1f}"),
    ]


def _found(line: Connection, on: Stage, groups: int, size: int) -> None:
    now = on.clock()
    schedule = Weekly(now.weekday(), (now + timedelta(minutes=1)).time().replace(second=0, microsecond=0))
    monday = find_due_period(schedule, ZONE, now).start
    facts = {
        "zone": ZONE, "schedule": write_cron(schedule), "groups": groups, "size": size, "weeks": WEEKS,
        "monday": monday,
    }  # fmt: skip
    for statement in FOUND.split(";\n"):
        if statement.strip():
            line.execute(text(statement), facts)


def _made(line: Connection) -> int:
    with line:
        return int(line.scalar(text("SELECT count(*) FROM outbound_messages WHERE kind = 'digest'")) or 0)


def main(arguments: Sequence[str]) -> int:
    """Print the table. Returns 1 if a digest is missing."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--groups", type=int, default=1_000)
    options.add_argument("--size", type=int, default=8)
    chosen = options.parse_args(arguments)
    figures = play(chosen.groups, chosen.size)
    print(table(figures))
    wanted = chosen.groups * chosen.size
    return 0 if dict(figures)["digests in the outbox"] == f"{wanted:,} of {wanted:,}" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
