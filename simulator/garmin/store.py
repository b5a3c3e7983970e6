"""The accounts and credentials of the pretend Garmin, and how they survive a restart."""

import threading
import uuid
import zlib
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulator.garmin.athletes import Athlete, Habits
from simulator.garmin.credentials import Keys


class Accounts:
    """Athletes by e-mail address, with their credentials. It does not use HTTP."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.athletes: dict[str, Athlete] = {}
        self.token_lifetime = 86_400.0  # seconds of the real clock, for tokens issued from now on
        self.keys = Keys()
        self._lock = threading.RLock()

    def enrol(
        self,
        name: str,
        email: str,
        password: str,
        *,
        code: str | None = None,
        habits: Habits | None = None,
        zone: str = "Europe/London",
        seed: int = 1,
    ) -> Athlete:
        """Create an account. With `code` it has a second factor; with `habits` it has a year of activities."""
        email = email.strip().lower()
        if "@" not in email:
            raise ValueError(f"{email!r} is no e-mail address")
        now = self.now()
        with self._lock:
            if email in self.athletes:
                raise ValueError(f"{email} is enrolled already")
            athlete = Athlete(
                name=name,
                email=email,
                password=password,
                code=code,
                garmin_id=self._free_id(email),
                display_name=str(uuid.uuid5(uuid.NAMESPACE_URL, f"garmin:{email}")),
                zone=ZoneInfo(zone).key,
                habits=habits,
                seed=seed,
                enrolled_at=now,
            )
            athlete.live_until(now)
            self.athletes[email] = athlete
        return athlete

    def revoke(self, email: str) -> None:
        """Revoke every token of this athlete at once."""
        self.keys.revoke(self._athlete(email).email)

    def change_password(self, email: str, new: str) -> None:
        """Change the password. Tokens stay valid, as they may after a change in Garmin Connect."""
        self._athlete(email).password = new

    def snapshot(self) -> dict[str, Any]:
        """Return the data that a restart must not lose, for JSON: accounts and credentials, without
        journal and faults.
        """
        with self._lock:
            return {
                "athletes": [athlete.snapshot() for athlete in self.athletes.values()],
                "keys": self.keys.snapshot(),
                "token_lifetime": self.token_lifetime,
            }

    def restore(self, data: dict[str, Any]) -> None:
        """Restore the data of a snapshot."""
        athletes = [Athlete.restored(each) for each in data["athletes"]]
        with self._lock:
            self.athletes = {athlete.email: athlete for athlete in athletes}
            self.keys.restore(data["keys"])
            self.token_lifetime = data["token_lifetime"]

    def _athlete(self, email: str) -> Athlete:
        athlete = self.athletes.get(email.strip().lower())
        if athlete is None:
            raise LookupError(f"nobody is enrolled as {email}")
        return athlete

    def _free_id(self, email: str) -> int:
        taken = {athlete.garmin_id for athlete in self.athletes.values()}
        candidate = 100_000_000 + zlib.crc32(email.encode()) % 40_000_000
        while candidate in taken:
            candidate += 1
        return candidate
