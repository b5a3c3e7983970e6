"""The faults of the chaos run: what goes wrong in each phase, and how long."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from redis import Redis
from sqlalchemy import text

from bench.house import NAME, House
from bench.truth import WINDOW_CLOSED
from simulator.proxy import Proxy
from simulator.twilio.faults import Callbacks

Injection = Callable[[House, float], int]


@dataclass(frozen=True)
class Phase:
    """One row of the table. `inject` works for at least `seconds` and returns the number of faults."""

    name: str
    inject: Injection
    quick: float
    full: float


def phases(*, callbacks: bool) -> list[Phase]:
    """Return all phases. Without callbacks the product must find out what became of every message by searching."""
    calm = Phase("nothing (calm)", _nothing, 3, 10)
    rest = [*_kills(), *_outages(), *_vendor(), *(_callbacks() if callbacks else []), *_lists()]
    return [calm, *_silences(callbacks=callbacks), *rest]


def _kills() -> list[Phase]:
    return [
        Phase("kill -9 work-horse", _repeated("kill_horse"), 4, 240),
        Phase("kill -9 worker, horse orphaned", _repeated("kill_worker"), 4, 250),
        Phase("kill -9 worker and horse", _repeated("kill_both"), 4, 270),
        Phase("kill -9 worker dyno", _repeated("kill_dyno"), 5, 190),
        Phase("TERM, then kill -9 worker dyno", _repeated("restart_dyno"), 5, 45),
        Phase("kill -9 clock", _repeated("kill_clock"), 4, 60),
        Phase("kill -9 web", _repeated("kill_web"), 5, 50),
    ]


def _outages() -> list[Phase]:
    return [
        Phase("FLUSHALL", _flush, 3, 20),
        Phase("Redis stopped", _stopped("redis"), 3, 12),
        Phase("Redis silent", _silent("redis"), 3, 12),
        Phase("Postgres stopped", _stopped("postgres"), 3, 10),
        Phase("Postgres silent", _silent("postgres"), 3, 10),
        Phase("Postgres backends terminated", _terminate, 3, 20),
        Phase("Twilio unreachable", _stopped("twilio"), 3, 12),
        Phase("Twilio's connections reset", _cut_twilio, 3, 20),
    ]


def _vendor() -> list[Phase]:
    return [
        Phase("Twilio 429", _drawn({"429": 0.3}), 3, 20),
        Phase("Twilio 500", _drawn({"500": 0.1}), 3, 20),
        Phase("Twilio 500 after accepting", _drawn({"500_after_accept": 0.1}), 3, 20),
        Phase("Twilio hangs", _drawn({"hang": 0.04}), 3, 20),
        Phase("Twilio hangs after accepting", _drawn({"hang_after_accept": 0.04}), 3, 20),
        Phase("Twilio resets", _drawn({"reset": 0.1}), 3, 20),
    ]


def _callbacks() -> list[Phase]:
    return [
        Phase("callbacks dropped", _called_back("off"), 2, 20),
        Phase("callbacks doubled", _called_back("doubled"), 2, 20),
        Phase("callbacks reordered", _called_back("reordered"), 2, 20),
        Phase("callbacks before the answer", _called_back("before_answer"), 2, 20),
    ]


def _silences(*, callbacks: bool) -> list[Phase]:
    """Return the phases without lines. The first needs callbacks, because only a receipt shows that the 24
    hours are over.
    """
    unknown = Phase("24 hours over, as only WhatsApp knows", _silence(_nothing, known=False), 3, 30)
    return [unknown] * callbacks + [Phase("24 hours over, kill -9 work-horse", _silence(_KILLS, known=True), 4, 40)]


def _lists() -> list[Phase]:
    return [
        Phase("list lags 1.5 s, no callbacks", _listless(lag=1.5), 3, 20),
        Phase("list fails, no callbacks", _listless(status=503), 3, 20),
        Phase("everything at once", _everything, 6, 180),
    ]


def _nothing(_house: House, seconds: float) -> int:
    time.sleep(seconds)
    return 0


def _repeated(kill: str) -> Injection:
    def inject(house: House, seconds: float) -> int:
        before, until = house.keeper.killed.total(), time.monotonic() + seconds
        while time.monotonic() < until:
            getattr(house.keeper, kill)()
        return house.keeper.killed.total() - before

    return inject


_KILLS = _repeated("kill_horse")


def _flush(house: House, seconds: float) -> int:
    count, until, redis = 0, time.monotonic() + seconds, Redis.from_url(house.on.services.redis_url)
    while time.monotonic() < until:
        time.sleep(house.random.uniform(0.2, 1.5))
        redis.flushall()
        count += 1
    redis.close()
    return count


def _stopped(server: str) -> Injection:
    def inject(house: House, seconds: float) -> int:
        line: Proxy = getattr(house.network, server)
        line.refuse()
        line.cut()
        time.sleep(seconds)
        line.accept()
        return 1

    return inject


def _silent(server: str) -> Injection:
    """Return an injection that blocks all bytes and then resets the connections, as when a machine is replaced."""

    def inject(house: House, seconds: float) -> int:
        line: Proxy = getattr(house.network, server)
        line.hang()
        time.sleep(seconds)
        line.cut()
        line.flow()
        return 1

    return inject


def _terminate(house: House, seconds: float) -> int:
    count, until = 0, time.monotonic() + seconds
    query = text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name <> :ours")
    while time.monotonic() < until:
        with house.database.connect() as line:
            count += int(line.scalar(query.bindparams(ours=NAME)) or 0)
        time.sleep(0.2)
    return count


def _cut_twilio(house: House, seconds: float) -> int:
    count, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(house.random.uniform(0.1, 0.6))
        house.network.twilio.cut()
        count += 1
    return count


def _drawn(rates: dict[str, float]) -> Injection:
    def inject(house: House, seconds: float) -> int:
        before = sum(house.faults.drawn[name] for name in rates)
        house.faults.fault_rate = rates
        time.sleep(seconds)
        house.faults.fault_rate = {}
        return sum(house.faults.drawn[name] for name in rates) - before

    return inject


def _called_back(mode: Callbacks) -> Injection:
    """Return an injection for callbacks. Every tenth answer is lost, because then receipts matter most."""

    def inject(house: House, seconds: float) -> int:
        name, before = f"callbacks {mode}", house.faults.drawn[f"callbacks {mode}"]
        usual, house.faults.callbacks = house.faults.callbacks, mode
        _drawn({"500_after_accept": 0.1})(house, seconds)
        house.faults.callbacks = usual
        return house.faults.drawn[name] - before

    return inject


def _listless(*, lag: float = 0.0, status: int | None = None) -> Injection:
    def inject(house: House, seconds: float) -> int:
        house.faults.list_lag, house.faults.list_status = lag, status
        count = _called_back("off")(house, seconds)
        house.faults.list_lag, house.faults.list_status = 0.0, None
        return count

    return inject


def _silence(strike: Injection, *, known: bool) -> Injection:
    """Return an injection in which nobody has written for a day, so that only templates arrive. If the product does not
    know this, other messages fail with 63016 and are sent again as templates.
    """

    def inject(house: House, seconds: float) -> int:
        house.crowd.silent = True
        house.await_quiet()  # replies from before would come too late
        house.heard_from(house.on.twilio.now() - timedelta(hours=25), product=known)
        count = strike(house, seconds)
        house.crowd.end()
        count += sum(each.error_code == WINDOW_CLOSED for each in list(house.on.twilio.messages.values()))
        house.heard_from(house.on.twilio.now(), product=True)
        house.crowd.silent = False
        return count

    return inject


def _everything(house: House, seconds: float) -> int:
    """Cause random faults of every vendor, kills, flushes and terminated backends, in any order."""
    before, until = house.faults.drawn.total() + house.keeper.killed.total(), time.monotonic() + seconds
    house.faults.fault_rate = {"429": 0.03, "500": 0.03, "500_after_accept": 0.02, "hang": 0.01, "reset": 0.02}
    house.faults.fault_rate |= {"hang_after_accept": 0.01}
    strikes = [_repeated(kill) for kill in ("kill_horse", "kill_worker", "kill_both", "kill_dyno", "kill_web")]
    others, count = [_flush, _terminate, _cut_twilio, _repeated("kill_clock")], 0
    while time.monotonic() < until:
        house.random.choice(strikes)(house, 0.1)
        if house.random.random() < 0.15:
            count += house.random.choice(others)(house, 0.1)
    house.faults.fault_rate = {}
    return count + house.faults.drawn.total() + house.keeper.killed.total() - before
