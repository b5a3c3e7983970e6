"""People write while Postgres is away. When it is back, every line must be answered exactly once."""

import shutil
import time
from collections import Counter
from dataclasses import replace
from threading import Thread

from sqlalchemy import text

from bench.figures import percentile
from bench.house import House, Size, house
from bench.truth import reference

SETTINGS = {"SEND_RATE": "80", "TICK_SECONDS": "5"}
PATIENCE = 300.0

Figures = list[tuple[str, str]]


def outage(lines: int, seconds: int, seed: int) -> Figures:
    """Send so many lines at an even rate, each from another phone, while Postgres cannot be reached.
    Returns the figures.
    """
    with house(Size(lines, 0, 0), SETTINGS, seed) as at:
        at.on.twilio.rules = replace(at.on.twilio.rules, announced=frozenset({"delivered"}))
        at.network.postgres.refuse()
        at.network.postgres.cut()
        asked = _write(at, lines, seconds)
        while_away = _answers(at)
        at.network.postgres.accept()
        back = time.monotonic()
        took = _until_answered(at, asked, back)
        answered = _answers(at)
        refused = sum(at.on.twilio.messages[sid].error_code is not None for sid in asked)
    shutil.rmtree(at.on.folder)
    return [
        ("Postgres away (s)", str(seconds)),
        ("lines meanwhile", f"{len(asked):,}"),
        ("webhooks that failed", str(refused)),
        ("answered while it was away", str(while_away.total())),
        ("answered once", f"{sum(answered[sid] == 1 for sid in asked):,}"),
        ("answered twice or more", str(sum(answered[sid] > 1 for sid in asked))),
        ("never answered", str(sum(answered[sid] == 0 for sid in asked))),
        ("back to answer, p50 (s)", f"{percentile(took, 50):.1f}"),
        ("back to last answer (s)", f"{took[-1]:.1f}"),
    ]


def _write(at: House, lines: int, seconds: int) -> list[str]:
    """Let people write, and return the MessageSids of their lines."""
    sids: list[str] = []

    def lane(first: int, lanes: int) -> None:
        began = time.monotonic()
        for number in range(first, lines, lanes):
            time.sleep(max(0.0, began + number * seconds / lines - time.monotonic()))
            sids.append(at.crowd.residents[number].phone.says("help"))

    threads = [Thread(target=lane, args=(first, 8)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sids


def _answers(at: House) -> Counter[str]:
    """Return the number of answers to each line that have reached the vendor, by the line's MessageSid."""
    with at.database.connect() as line:
        rows = line.execute(text("SELECT id, dedupe_key FROM outbound_messages WHERE dedupe_key LIKE 'reply:%'"))
        sid_of = {str(identity): key.removeprefix("reply:") for identity, key in rows}
    sent = [each for each in list(at.on.twilio.messages.values()) if not each.inbound]
    return Counter(sid_of[reference(each)] for each in sent if reference(each) in sid_of)


def _until_answered(at: House, asked: list[str], back: float) -> list[float]:
    """Return the sorted seconds from the end of the outage to each answer; missing answers are left out."""
    took: list[float] = []
    while len(took) < len(asked) and time.monotonic() < back + PATIENCE:
        time.sleep(0.2)
        answered = _answers(at)
        took += [time.monotonic() - back] * (sum(answered[sid] > 0 for sid in asked) - len(took))
    return took
