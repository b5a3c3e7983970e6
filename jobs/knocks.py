"""What webhooks tell about our settings: those that are refused or cannot be read are counted, and a good one shows how
many proxies stand before the web process.

A webhook that names another account proves nothing: anybody may write one. But where none has ever been good, it is
most likely Twilio's, for a number that belongs to a subaccount while the settings name the account above it, or the
other way round.
"""

import re
import time
from collections.abc import Mapping
from weakref import WeakKeyDictionary

import structlog
from redis import Redis, RedisError

from services.health.findings import Finding, found
from world import World

log = structlog.get_logger()

BAD = "webhooks:bad"
FORGED, UNREADABLE, STRANGE = "forged", "unreadable", "strange"
REMEMBERED = 1800  # seconds since the last of them
SUSPICIOUS = 2  # one could be anybody's joke
TOLD_EVERY = 5.0  # seconds: a good one is the usual thing, and not told each time
PROXIES = "webhooks:proxies"
PROVEN = "webhooks:account"  # for which account the last good one was
GOOD_REMEMBERED = 30 * 86_400  # seconds since the last good one
ACCOUNT = re.compile(r"AC[0-9a-f]{32}")

# When this process has told of a good one, and through how many proxies that had come.
_good_told: WeakKeyDictionary[Redis, tuple[float, int]] = WeakKeyDictionary()


def forged(world: World) -> None:
    """Note a webhook that names our account and is not signed as it should be."""
    _note(world, FORGED)


def strange(world: World, account: str) -> None:
    """Note a webhook that names another account than ours: what `other_account` gave."""
    _note(world, STRANGE, account=account)


def other_account(world: World, account: str) -> str | None:
    """The account that a webhook names, if it is an account's id and not ours."""
    is_other = ACCOUNT.fullmatch(account) and account != world.settings.twilio_account_sid
    return account if is_other else None


def unreadable(world: World, why: str) -> None:
    """Note a webhook that is signed as it should be and cannot be read. `why` holds nothing that somebody sent."""
    _note(world, UNREADABLE, why)


def good(world: World, through: int) -> None:
    """Note a webhook that is signed and can be read: the settings are right, whoever forged others.

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


def proxies(forwarded_for: str) -> int:
    """How many addresses of visitors and proxies stand in `X-Forwarded-For`, whether or not they are believed."""
    return sum(bool(each.strip()) for each in forwarded_for.split(","))


def judge_hops(seen: bytes | None, trusted: int) -> Finding:
    """The finding `hops`, of what stands under `PROXIES`: is TRUSTED_HOPS how many proxies webhooks come through?

    Only signed webhooks are looked at: what strangers write into `X-Forwarded-For` proves nothing.
    """
    if seen is None:
        return found("hops", None, trusted=trusted)
    through = int(seen)
    follows = "all visitors look like one" if through > trusted else "visitors can claim to be anybody"
    problem = f"Webhooks come through {through} proxies, and TRUSTED_HOPS is {trusted}: {follows}"
    return found("hops", problem if through != trusted else None, trusted=trusted, proxies=through)


def judge(bad: Mapping[bytes, bytes], proven: bytes | None, account: str) -> Finding:
    """The finding `webhooks`, of what stands under `BAD` and `PROVEN`: were several in a row refused, or unreadable?

    `account` is the vendor's id of our account. Webhooks of another one count only while none of ours was good.
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
    return found("webhooks", problem, **figures, last=bad.get(b"at", b"").decode())


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
