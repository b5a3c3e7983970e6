"""The current time: the system's, or a time that the demo's page can change."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from redis import Redis, RedisError

Clock = Callable[[], datetime]

OFFSET_KEY = "pretend:clock-offset"


def read_system_clock() -> datetime:
    """Return the current time in UTC, with its time zone."""
    return datetime.now(UTC)


class PretendClock:
    """The system's clock, moved by an offset in seconds. The offset is stored in Redis for all processes of a demo."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    def __call__(self) -> datetime:
        return read_system_clock() + timedelta(seconds=self._offset())

    def travel_to(self, instant: datetime) -> None:
        """Set the offset so that it is `instant` now."""
        self.redis.set(OFFSET_KEY, str((instant - read_system_clock()).total_seconds()))

    def _offset(self) -> float:
        try:
            return float(self.redis.get(OFFSET_KEY) or 0)
        except RedisError:
            return 0.0
