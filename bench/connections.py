"""Runs the product on a host's smallest plans, with 20 connections to each server: eight people write at once
while a digest goes to a hundred people and Garmin accounts are read. Nothing may be lost, and at most 16
connections may be used.
"""

import shutil
import time
from collections.abc import Sequence
from threading import Thread

from sqlalchemy import text

from bench import club
from bench.crowd import Resident
from bench.figures import percentile
from bench.house import House, Size, house
from bench.people import await_message
from bench.plans import MOST, Connections
from bench.truth import reference
from simulator.cast import newcomer
from simulator.story import connect

SETTINGS = {"WEB_CONCURRENCY": "2", "WORKERS": "3", "SEND_RATE": "80", "TICK_SECONDS": "5"}
LINES = ("help", "me", "leaderboard", "chart", "groups", "sync", "lb distance run", "status")
LANES, ATHLETES, MEMBERS = 8, 3, 100
PATIENCE = 300.0

Figures = list[tuple[str, str]]


def connections(lines: int, seed: int) -> Figures:
    """Send so many lines, eight at once, and return the figures."""
    size = Size(MEMBERS + LANES, 0, 0, clocks=1)
    with (
        house(size, SETTINGS, seed, straight=True, clients=MOST) as at,
        Connections(at.on.services) as counted,
    ):
        _connect_garmin(at, at.crowd.residents[:ATHLETES])
        club.come_due(at.crowd.world, [each.member_id for each in at.crowd.residents[:MEMBERS]], at.random, twice=0)
        asked = _write(at, lines)
        took = _until_answered(at, asked)
        states = _until_quiet(at)
    shutil.rmtree(at.on.folder)
    return [
        ("lines, eight at once", f"{len(asked):,}"),
        ("answered", f"{len(took):,}"),
        ("webhook to Twilio, p50 (s)", f"{percentile(took, 50):.2f}"),
        ("webhook to Twilio, slowest (s)", f"{took[-1]:.2f}"),
        ("digests handed over", str(states.get("digest handed over", 0))),
        ("messages in doubt or unknown", str(states.get("doubtful", 0))),
        ("most connections to Postgres", str(counted.most["Postgres"])),
        ("most connections to Redis", str(counted.most["Redis"])),
        ("clients that Redis refused", str(counted.refused)),
    ]


def _connect_garmin(at: House, people: Sequence[Resident]) -> None:
    """Let them connect their Garmin accounts on the page, so that `sync` has something to read."""
    for each in people:
        athlete = newcomer(each.phone, at.on.garmin)
        each.phone.says("link garmin")
        link = await_message(each.phone, r"https?://\S+/link/\S+", PATIENCE)
        each.phone.says(connect(link, athlete.email, athlete.password, None))
        await_message(each.phone, "That's the right code", PATIENCE)


def _write(at: House, lines: int) -> dict[str, float]:
    """Let eight phones write at once, each line as soon as the one before was accepted. Returns the
    times by MessageSid.
    """
    asked: dict[str, float] = {}

    def write(lane: int) -> None:
        for number in range(lane, lines, LANES):
            resident = at.crowd.residents[lane - LANES if lane >= ATHLETES else lane]
            began = time.time()
            asked[resident.phone.says(LINES[number // LANES % len(LINES)])] = began

    lanes = [Thread(target=write, args=(lane,)) for lane in range(LANES)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    return asked


def _until_answered(at: House, asked: dict[str, float]) -> list[float]:
    """Return the sorted seconds from each line to its answer at the vendor, once all have one or `PATIENCE` is over."""
    until = time.monotonic() + PATIENCE
    took: list[float] = []
    while len(took) < len(asked) and time.monotonic() < until:
        time.sleep(0.5)
        with at.database.connect() as line:
            rows = line.execute(text("SELECT id, dedupe_key FROM outbound_messages WHERE dedupe_key LIKE 'reply:%'"))
            sid_of = {str(identity): key.removeprefix("reply:") for identity, key in rows}
        sent = [each for each in list(at.on.twilio.messages.values()) if not each.inbound]
        answers = [(sid_of[reference(each)], each.created_at) for each in sent if reference(each) in sid_of]
        took = sorted(instant.timestamp() - asked[sid] for sid, instant in answers if sid in asked)
    return took


def _until_quiet(at: House) -> dict[str, int]:
    """Wait until no message waits or is being sent. Returns the results of the digests, and how many messages are or
    were in doubt.
    """
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with at.database.connect() as line:
            waits = text("SELECT count(*) FROM outbound_messages WHERE state IN ('queued', 'sending', 'unknown')")
            runs = text("SELECT count(*) FROM digest_runs WHERE status = 'pending'")
            if not (line.scalar(waits) or line.scalar(runs)):
                break
        time.sleep(0.5)
    handed = text("SELECT count(*) FROM outbound_messages WHERE kind = 'digest' AND sid IS NOT NULL")
    doubtful = text("SELECT count(DISTINCT message_id) FROM message_events WHERE state = 'unknown'")
    with at.database.connect() as line:
        return {"digest handed over": line.scalar(handed) or 0, "doubtful": line.scalar(doubtful) or 0}
