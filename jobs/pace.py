"""How fast messages leave: evenly, all workers together, slower after the vendor said so."""

import time
from datetime import timedelta

import structlog
from redis import Redis, RedisError

log = structlog.get_logger()

NEXT, RATE = "pace:next", "pace:rate"
SLOWEST = 1.0
WITHOUT_REDIS = 5.0
# A little under what is allowed: messages meet delays on their way, and no second may see more than the limit.
MARGIN = 0.95
FORGET_AFTER = 24 * 3600

# Takes a place and gives the seconds until it. KEYS: next, rate. ARGV: fastest rate, share recovered in a minute.
RESERVE = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1e6
local fastest, rate = tonumber(ARGV[1]), tonumber(ARGV[1])
local slowed = redis.call('HMGET', KEYS[2], 'rate', 'at')
if slowed[1] then
  rate = math.min(fastest, slowed[1] * (1 + tonumber(ARGV[2])) ^ ((now - slowed[2]) / 60))
end
local place = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
redis.call('SET', KEYS[1], string.format('%.6f', place + 1 / rate), 'EX', 60)
return string.format('%.6f', place - now)
"""
# Halves the rate, at most once a second: one burst of refusals is one sign.
SLOW = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1e6
local slowed = redis.call('HMGET', KEYS[1], 'rate', 'at')
if slowed[2] and now - slowed[2] < 1 then return slowed[1] end
local rate = math.max(tonumber(ARGV[2]), math.min(tonumber(slowed[1] or ARGV[1]), tonumber(ARGV[1])) / 2)
redis.call('HSET', KEYS[1], 'rate', tostring(rate), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], ARGV[3])
return tostring(rate)
"""


class Pace:
    """One place after another, `rate` a second at most, for all processes that share this Redis."""

    def __init__(self, redis: Redis, rate: float) -> None:
        self.fastest = rate * MARGIN
        self._reserve, self._slow = redis.register_script(RESERVE), redis.register_script(SLOW)
        self._alone_until = 0.0

    def wait(self) -> None:
        """Wait for one's place. Without Redis each process goes slowly by itself."""
        time.sleep(self.reserve())

    def reserve(self) -> float:
        """Take the next place and give the seconds until then."""
        try:
            return max(0.0, float(self._reserve(keys=[NEXT, RATE], args=[self.fastest, 0.1])))
        except RedisError:
            now = time.monotonic()
            self._alone_until = max(now, self._alone_until) + 1 / WITHOUT_REDIS
            return self._alone_until - now

    def slow_down(self) -> None:
        """The vendor said that it is too fast: half as fast from now on, and a tenth faster each minute after."""
        try:
            rate = self._slow(keys=[RATE], args=[self.fastest, SLOWEST, FORGET_AFTER])
            log.warning("slower", rate=float(rate))
        except RedisError:
            log.warning("slower", rate=WITHOUT_REDIS)


def patience(wish: timedelta | None, attempt: int) -> timedelta:
    """How long to leave one message that was not accepted: as the vendor wishes, else longer each time."""
    return max(wish or timedelta(), timedelta(seconds=min(2**attempt, 300)))
