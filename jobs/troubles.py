"""Tells the operator about problems: one line in the log when a check becomes degraded or worth a remark, and one when
it is well again. Degraded checks are also told by WhatsApp, e-mail or a webhook, if that is set (`jobs/alarms.py`).

What was logged is stored in Redis, so that only one of the processes that notice a problem logs it. Redis's clock
measures how long it has lasted, because the clocks of machines differ. While Redis cannot be reached, each process does
this for itself, with its own clock.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import cast

import structlog
from redis import RedisError

from jobs import alarms
from services.health.findings import MENDS, REMARKS, SETTLING, Finding, State
from world import World

log = structlog.get_logger()

TROUBLES = "health:troubles"
SETTLED_AFTER = 30  # seconds
# Only the kind of process that noticed a problem may say that it is over, because other kinds may not see it. After
# this many seconds any process may.
ANYBODY_AFTER = 600
LOOKED = "health:looked"
LOOKED_FOR = 45  # seconds for which a run of the checks by any process is enough
TELL = f"""
local t = redis.call('TIME')
local now, by, current = t[1] + t[2] / 1e6, ARGV[1], cjson.decode(ARGV[2])
local begun, ended, since = {{}}, {{}}, {{}}
for name, how in pairs(current) do
  local kept = redis.call('HGET', KEYS[1], name)
  local trouble = kept and cjson.decode(kept)
  if how == 'unknown' then
    if trouble then since[name] = trouble.since end
  else
    trouble = trouble or {{since = now, by = by, told = false}}
    if not trouble.told and (how == 'now' or now - trouble.since >= {SETTLED_AFTER}) then
      trouble.told = true
      begun[#begun + 1] = name
    end
    since[name] = trouble.since
    local text = cjson.encode(trouble)
    if text ~= kept then redis.call('HSET', KEYS[1], name, text) end
  end
end
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  if not current[name] then
    local trouble = cjson.decode(redis.call('HGET', KEYS[1], name))
    if trouble.by == by or now - trouble.since > {ANYBODY_AFTER} then
      redis.call('HDEL', KEYS[1], name)
      if trouble.told then ended[#ended + 1] = name end
    end
  end
end
redis.call('SET', KEYS[2], '1', 'EX', {LOOKED_FOR})
return {{cjson.encode(begun), cjson.encode(ended), cjson.encode(since)}}
"""


@dataclass
class _Kept:
    """What this process has logged while Redis was away."""

    since: float
    told: bool = False


_alone: dict[str, _Kept] = {}
_one_at_a_time = Lock()


def tell(world: World, findings: Iterable[Finding], kind: str) -> Mapping[str, datetime]:
    """Log the checks that have become degraded or well again. Returns since when each degraded check has been degraded.

    `kind` is the kind of the process that ran the checks.
    """
    by_name = {each.name: each for each in findings if each.state is not State.OK}
    current = {name: _how(each) for name, each in by_name.items()}
    with _one_at_a_time:
        alone = {name for name, kept in _alone.items() if kept.told}
        try:
            begun, ended, since = _together(world, current, kind)
        except RedisError:
            begun, ended, since = _by_myself(current, world.now().timestamp())
            alone |= set(begun)
    for name in begun:
        if by_name[name].state is State.REMARK:
            log.warning("worth a remark", check=name, says=by_name[name].says, mend=MENDS[name])
        else:
            log.error("degraded", check=name, says=by_name[name].says, mend=MENDS[name])
    for name in ended:
        log.info("well again", check=name)
    worse = [(name, by_name[name].says, MENDS[name]) for name in begun if name not in REMARKS]
    alarms.tell(world, worse, [name for name in ended if name not in REMARKS], alone)
    return {name: datetime.fromtimestamp(at, UTC) for name, at in since.items()}


def find_troubles_since(world: World) -> Mapping[str, datetime]:
    """Return since when each known problem has lasted. Empty if Redis cannot be reached."""
    try:
        kept = cast("dict[bytes, bytes]", world.redis.hgetall(TROUBLES))  # this client never decodes
    except RedisError:
        return {}
    return {name.decode(): datetime.fromtimestamp(json.loads(text)["since"], UTC) for name, text in kept.items()}


def _how(finding: Finding) -> str:
    if finding.state is State.UNKNOWN:
        return "unknown"
    return "later" if finding.name in SETTLING else "now"


def _together(world: World, current: Mapping[str, str], kind: str) -> tuple[list[str], list[str], dict[str, float]]:
    script = world.redis.register_script(TELL)
    begun, ended, since = map(json.loads, script(keys=[TROUBLES, LOOKED], args=[kind, json.dumps(current)]))
    told_before = {name for name, kept in _alone.items() if kept.told}
    over = told_before - current.keys()
    _alone.clear()
    # cjson writes an empty table as {}, so these may be empty dicts instead of lists.
    return [name for name in begun if name not in told_before], [*dict.fromkeys([*ended, *sorted(over)])], dict(since)


def _by_myself(current: Mapping[str, str], now: float) -> tuple[list[str], list[str], dict[str, float]]:
    begun, ended = [], [name for name, kept in _alone.items() if name not in current and kept.told]
    for name in [*_alone]:
        if name not in current:
            del _alone[name]
    for name, how in current.items():
        if how == "unknown":
            continue
        kept = _alone.setdefault(name, _Kept(now))
        if not kept.told and (how == "now" or now - kept.since >= SETTLED_AFTER):
            kept.told = True
            begun.append(name)
    return begun, ended, {name: kept.since for name, kept in _alone.items()}
