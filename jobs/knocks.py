"""Learns from webhooks whether our settings are right: webhooks that are refused or cannot be read are counted, and a
good one shows how many proxies stand in front of the web process.

A webhook that names another account proves nothing, because anybody can send one. But if none was ever good, it is
probably Twilio's, for a number that belongs to a subaccount while the settings name its main account, or the other
way round.
"""

import re
import time
from collections.abc import Mapping
from weakref import WeakKeyDictionary

import structlog
from redis import Redis, RedisError

from services.health.findings import Finding, report_problem
from world import World

log = structlog.get_logger()

BAD = "webhooks:bad"
FORGED, UNREADABLE, STRANGE = "forged", "unreadable", "strange"
REMEMBERED = 1800  # seconds for which the count is kept after the last bad webhook
SUSPICIOUS = 2  # so many in a row are a problem; a single one could come from anybody
TOLD_EVERY = 5.0  # seconds; good webhooks are frequent, so not each of them is noted
PROXIES = "webhooks:proxies"
PROVEN = "webhooks:account"  # holds the account of the last good webhook
GOOD_REMEMBERED = 30 * 86_400  # seconds for which a good webhook is remembered
ACCOUNT = re.compile(r"AC[0-9a-f]{32}")

# When this process last noted a good webhook, and through how many proxies that one had come.
_good_told: WeakKeyDictionary[Redis, tuple[float, int]] = WeakKeyDictionary()


def note_forged(world: World) -> None:
    """Note a webhook that names our account and has a wrong signature."""
    _note(world, FORGED)


def note_other_account(world: World, account: str) -> None:
    """Note a webhook that names another account than ours. `account` is what `find_other_account` returned."""
    _note(world, STRANGE, account=account)


def find_other_account(world: World, account: str) -> str | None:
    """Return the account that a webhook names if it is a valid account id and not ours, else None."""
    is_other = ACCOUNT.fullmatch(account) and account != world.settings.twilio_account_sid
    return account if is_other else None


def note_unreadable(world: World, why: str) -> None:
    """Note a webhook that has a good signature but cannot be read. `why` contains nothing that somebody sent."""
    _note(world, UNREADABLE, why)


def note_good(world: World, through: int) -> None:
    """Note a webhook that has a good signature and can be read: the settings are right, even if others were forged.

    `through` is how many addresses it has in `X-Forwarded-For`. The vendor writes none, and each proxy adds one.
    """
    when, before = _good_told.get(world.redis, (float("-inf"), -1))
    if before == through and time.monotonic() - when < TOLD_EVERY:
        return
    _good_told[world.redis] = (time.monotonic(), through)
    try:
        with world.redis.pipeline(transaction=False) as asked:
            asked.delete(BAD)
            asked.set(PROXIES, through, ex=GOOD_REMEMBERED)
            asked.set(PROVEN, world.settings.twilio_account_sid, ex=GOOD_REMEMBERED)
            asked.execute()
    except RedisError as error:
        log.debug("good webhook not noted", error=type(error).__name__)


def count_proxies(forwarded_for: str) -> int:
    """Return how many addresses `X-Forwarded-For` lists, whether or not they are trusted."""
    return sum(bool(each.strip()) for each in forwarded_for.split(","))


def judge_hops(seen: bytes | None, trusted: int) -> Finding:
    """Return the finding `hops`, from the value under `PROXIES`: is TRUSTED_HOPS the number of proxies that
    webhooks come through?

    Only webhooks with a good signature are used, because strangers can write anything into `X-Forwarded-For`.
    """
    if seen is None:
        return report_problem("hops", None, trusted=trusted)
    through = int(seen)
    follows = "all visitors look like one" if through > trusted else "visitors can claim to be anybody"
    problem = f"Webhooks come through {through} proxies, and TRUSTED_HOPS is {trusted}: {follows}"
    return report_problem("hops", problem if through != trusted else None, trusted=trusted, proxies=through)


def judge(bad: Mapping[bytes, bytes], proven: bytes | None, account: str) -> Finding:
    """Return the finding `webhooks`, from the values under `BAD` and `PROVEN`: were several in a row refused or
    unreadable?

    `account` is the vendor's id of our account. Webhooks of another account count only while none of ours was good.
    """
    forged, unreadable, strange = (int(bad.get(name.encode(), 0)) for name in (FORGED, UNREADABLE, STRANGE))
    problem = None
    if forged >= SUSPICIOUS:
        problem = f"{forged} webhooks in a row had a wrong signature: all are refused"
    elif unreadable >= SUSPICIOUS:
        problem = f"{unreadable} webhooks in a row could not be read: {bad.get(b'why', b'').decode(errors='replace')}"
    elif strange >= SUSPICIOUS and proven != account.encode():
        other = bad.get(b"account", b"").decode()
        problem = f"{strange} webhooks in a row were of account {other}, and TWILIO_ACCOUNT_SID is {account}"
    figures = {"wrong_signatures_in_a_row": forged, "unreadable_in_a_row": unreadable, "of_another_account": strange}
    return report_problem("webhooks", problem, **figures, last=bad.get(b"at", b"").decode())


def _note(world: World, what: str, why: str = "", account: str = "") -> None:
    _good_told.pop(world.redis, None)
    try:
        with world.redis.pipeline(transaction=False) as asked:
            asked.hincrby(BAD, what, 1)
            asked.hset(BAD, mapping={"at": world.now().isoformat(), "why": why[:120], "account": account})
            asked.expire(BAD, REMEMBERED)
            asked.execute()
    except RedisError as error:
        log.debug("bad webhook not counted", error=type(error).__name__)
