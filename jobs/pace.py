"""Limits the rate of requests to a vendor: evenly, for all workers together, and slower after it asked for that.

The same mechanism paces Twilio (`jobs/delivery.py`) and each source of activities (`jobs/syncing.py`). In Redis, each
vendor has a pace of its own.
"""

import time
from dataclasses import dataclass
from threading import Lock

import structlog
from redis import Redis, RedisError

log = structlog.get_logger()

SLOWEST = 5.0
FASTER_EACH_SECOND = 1.0
HALVE_ONCE_IN = 5.0
WITHOUT_REDIS = 5.0
# A little below the allowed rate: requests are delayed on their way by up to 60 ms, and even then no second may have
# more than the limit.
MARGIN = 0.93
CATCHING_UP = 0.94
SLACK = 0.02
AHEAD = 0.5
FORGET_AFTER = 3600

CURRENT = """
local t = redis.call('TIME')
local now = t[1] + t[2] / 1e6
local fastest, faster = tonumber(ARGV[1]), tonumber(ARGV[2])
local slowed = redis.call('HMGET', KEYS[2], 'rate', 'at')
local rate = fastest
if slowed[1] then rate = math.min(fastest, slowed[1] + faster * (now - slowed[2])) end
"""
# Takes up to ARGV[3] places that begin within ARGV[4] s. Returns their number, the seconds until the first, and the
# rate.
TAKE = (
    CURRENT
    + """
local first = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
local room = math.floor((now + tonumber(ARGV[4]) - first) * rate) + 1
local places = math.max(0, math.min(tonumber(ARGV[3]), room))
if places > 0 then redis.call('SET', KEYS[1], string.format('%.6f', first + places / rate), 'EX', 60) end
return {places, string.format('%.6f', first - now), tostring(rate), string.format('%.6f', first + places / rate)}
"""
)
# Returns the last ARGV[2] places, unless somebody has taken places after them (then KEYS[1] is not ARGV[1]).
GIVE_BACK = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('SET', KEYS[1], string.format('%.6f', ARGV[1] - ARGV[2] / ARGV[3]), 'EX', 60)
end
"""
SLOW = (
    CURRENT
    + """
if slowed[2] and now - slowed[2] < tonumber(ARGV[4]) then return tostring(rate) end
rate = math.max(tonumber(ARGV[3]), rate / 2)
redis.call('HSET', KEYS[2], 'rate', tostring(rate), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[2], ARGV[5])
return tostring(rate)
"""
)


@dataclass(frozen=True)
class Places:
    """The times at which requests may begin, by the monotonic clock. `end` identifies these places in Redis."""

    moments: tuple[float, ...]
    rate: float = WITHOUT_REDIS
    end: str = ""


class Pace:
    """Gives out places (times at which a request may begin), at most `rate` a second for all processes with this Redis.

    Places are taken before messages are claimed, and only for the next half second, so that no claim ends while its
    message waits. After an answer 429 the rate is halved, at most once in five seconds; then it grows by one a second.
    """

    def __init__(self, redis: Redis, rate: float, name: str = "pace") -> None:
        self._keys = [f"{name}:next", f"{name}:rate"]
        self.fastest, self.never_faster = rate * MARGIN, rate * CATCHING_UP
        self._one_at_a_time, self._next = Lock(), 0.0
        self._take, self._give_back = redis.register_script(TAKE), redis.register_script(GIVE_BACK)
        self._slow = redis.register_script(SLOW)
        self._alone_until = 0.0

    def take(self, most: int) -> Places:
        """Return up to `most` places in the next half second; there may be none. Without Redis, one
        place each 200 ms.
        """
        try:
            count, wait, rate, end = self._take(keys=self._keys, args=[self.fastest, FASTER_EACH_SECOND, most, AHEAD])
        except RedisError:
            return self._alone()
        first, speed = time.monotonic() + max(float(wait), 0.0), float(rate)
        return Places(tuple(first + i / speed for i in range(int(count))), speed, end.decode())

    def give_back(self, places: Places, unused: int) -> None:
        """Return the last `unused` places, so that others can have them."""
        if not unused or not places.end:
            return
        try:
            self._give_back(keys=self._keys[:1], args=[places.end, unused, places.rate])
        except RedisError as error:
            log.warning("places lost", places=unused, error=type(error).__name__)

    def wait_for(self, moment: float) -> None:
        """Sleep until the time of a place. If several places are late because of a delay, they follow one another.

        A thread may wake up late, so the time of waking counts (virtual scheduling, GCRA of ITU-T I.371): in any second
        at most `never_faster` × (1 s + SLACK) + 1 requests begin.
        """
        _sleep_until(moment)
        with self._one_at_a_time:
            _sleep_until(self._next - SLACK)
            self._next = max(time.monotonic(), self._next) + 1 / self.never_faster

    def wait(self) -> None:
        """Take the next place, even if it is far away, and sleep until its time."""
        while not (moments := self.take(1).moments):
            time.sleep(AHEAD / 2)
        self.wait_for(moments[0])

    def slow_down(self) -> None:
        """Halve the rate, because the vendor has asked for fewer requests."""
        args = [self.fastest, FASTER_EACH_SECOND, SLOWEST, HALVE_ONCE_IN, FORGET_AFTER]
        try:
            log.warning("slower", rate=round(float(self._slow(keys=self._keys, args=args)), 1))
        except RedisError:
            log.warning("slower", rate=WITHOUT_REDIS)

    def _alone(self) -> Places:
        now = time.monotonic()
        if self._alone_until > now + AHEAD:
            return Places(())
        self._alone_until = max(now, self._alone_until) + 1 / min(WITHOUT_REDIS, self.fastest)
        return Places((self._alone_until,))


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
