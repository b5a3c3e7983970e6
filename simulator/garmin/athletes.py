"""Realistic athletes: Garmin accounts that get new activities as simulated time passes."""

import threading
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from simulator.garmin.detail import activity_detail
from simulator.garmin.habits import ALL_ROUNDER, CYCLIST, LIFTER, RUNNER, SWIMMER, WALKER
from simulator.garmin.rows import Owner, activity_row
from simulator.garmin.types import Family, activity_type
from simulator.garmin.weeks import FinishedOuting, Habits, Outing, efforts_on

__all__ = [
    "ALL_ROUNDER",
    "CYCLIST",
    "LIFTER",
    "RUNNER",
    "SWIMMER",
    "WALKER",
    "Athlete",
    "Habits",
    "Outing",
]

HISTORY = timedelta(days=365)
FIRST_ID_AT = 1_262_304_000  # 2010: with 40 ids a second, ids of 2026 have the size of real ones
CLIMBERS = {Family.RUN, Family.WALK, Family.RIDE}
UNCHANGEABLE = {"activityId", "beginTimestamp"}


class Athlete:
    """One Garmin account: its owner, and its activities, newest first. Several threads may use it."""

    def __init__(
        self,
        *,
        name: str,
        email: str,
        password: str,
        code: str | None,
        garmin_id: int,
        display_name: str,
        zone: str,
        habits: Habits | None,
        seed: int,
        enrolled_at: datetime,
    ) -> None:
        self.name = name
        self.email = email
        self.password = password
        self.code = code
        self.garmin_id = garmin_id
        self.display_name = display_name
        self.zone = zone
        self.habits = habits
        self.seed = seed
        self.enrolled_at = enrolled_at
        self.activities: list[dict[str, Any]] = []
        self._lived_until = enrolled_at - HISTORY
        self._revisions: dict[int, int] = {}
        self._deleted: set[int] = set()
        self._lock = threading.RLock()

    @property
    def owner(self) -> Owner:
        return Owner(self.garmin_id, self.display_name, self.name, self.zone)

    def upload(
        self, *, type_key: str = "running", start: datetime, seconds: float, metres: float | None = None, **more: Any
    ) -> int:
        """Add an activity, also one of long ago. `more` overrides any key of Garmin's row."""
        if start.tzinfo is None:
            raise ValueError("start must be an aware datetime")
        if seconds <= 0:
            raise ValueError(f"an activity lasts longer than {seconds} seconds")
        with self._lock:
            activity_id = self._free_id(start)
            effort = _measured(
                type_key,
                start=start.astimezone(UTC),
                seconds=seconds,
                metres=metres,
                more=more,
                luck=Random(activity_id),
            )
            self._keep([activity_row(activity_id, self.owner, effort, more)])
            self._revisions[activity_id] = 0
        return activity_id

    def edit(self, activity_id: int, **changes: Any) -> None:
        """Change keys of a row, as a person does in Garmin Connect."""
        if fixed := UNCHANGEABLE & changes.keys():
            raise ValueError(f"Garmin never changes {', '.join(sorted(fixed))}")
        with self._lock:
            row = self.activity(activity_id) | changes
            self._forget(activity_id)
            self._keep([row])
            self._revisions[activity_id] = self._revisions.get(activity_id, 0) + 1

    def delete(self, activity_id: int) -> None:
        with self._lock:
            self.activity(activity_id)
            self._forget(activity_id)
            self._revisions.pop(activity_id, None)
            self._deleted.add(activity_id)

    def live_until(self, now: datetime) -> None:
        """Create the activities up to `now`. They are the same whether time passes in one step or in many."""
        with self._lock:
            if self.habits is not None and now > self._lived_until:
                self._keep(list(self._lived(self.habits, self._lived_until, now)))
                self._lived_until = now

    def activity(self, activity_id: int) -> dict[str, Any]:
        """Find a row. Raises LookupError when there is none."""
        for row in self.activities:
            if row["activityId"] == activity_id:
                return row
        raise LookupError(f"{self.name} has no activity {activity_id}")

    def detail(self, activity_id: int) -> dict[str, Any]:
        """Write Garmin's longer answer about one activity. Raises LookupError when there is none."""
        return activity_detail(self.activity(activity_id), self.owner, self._revisions.get(activity_id, 0))

    def snapshot(self) -> dict[str, Any]:
        """Return the data that cannot be generated again from seed and habits."""
        with self._lock:
            return {
                **{key: getattr(self, key) for key in PLAIN},
                "habits": asdict(self.habits) if self.habits else None,
                "enrolled_at": self.enrolled_at.isoformat(),
                "lived_until": self._lived_until.isoformat(),
                "touched": [[dict(row), self._revisions[row["activityId"]]] for row in self._touched()],
                "deleted": sorted(self._deleted),
            }

    @classmethod
    def restored(cls, data: dict[str, Any]) -> "Athlete":
        """Return the athlete of a snapshot."""
        athlete = cls(
            **{key: data[key] for key in PLAIN},
            habits=_habits(data["habits"]),
            enrolled_at=datetime.fromisoformat(data["enrolled_at"]),
        )
        athlete._deleted = set(data["deleted"])
        athlete.live_until(datetime.fromisoformat(data["lived_until"]))
        for row, revision in data["touched"]:
            athlete._forget(row["activityId"])
            athlete._keep([row])
            athlete._revisions[row["activityId"]] = revision
        return athlete

    def _lived(self, habits: Habits, after: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        zone = ZoneInfo(self.zone)
        day = after.astimezone(zone).date() - timedelta(days=1)  # an activity from yesterday may end today
        while day <= until.astimezone(zone).date():
            for place, effort in efforts_on(day, habits, self.seed, zone):
                activity_id = _id_at(effort.start) + 2 * ((self.garmin_id + place) % 20)
                if after < effort.end <= until and activity_id not in self._deleted:
                    yield activity_row(activity_id, self.owner, effort, {})
            day += timedelta(days=1)

    def _free_id(self, start: datetime) -> int:
        taken = {row["activityId"] for row in self.activities} | self._deleted
        candidate = _id_at(start) + 2 * (self.garmin_id % 20) + 1  # odd, because generated activities have even ids
        while candidate in taken:
            candidate += 2
        return candidate

    def _touched(self) -> list[dict[str, Any]]:
        return [row for row in self.activities if row["activityId"] in self._revisions]

    def _keep(self, rows: list[dict[str, Any]]) -> None:
        # a new list each time, so that a request that is reading the old one is not disturbed
        if rows:
            self.activities = sorted([*self.activities, *rows], key=_age, reverse=True)

    def _forget(self, activity_id: int) -> None:
        self.activities = [row for row in self.activities if row["activityId"] != activity_id]


def _age(row: dict[str, Any]) -> tuple[str, int]:
    return row["startTimeLocal"], row["activityId"]


def _id_at(moment: datetime) -> int:
    return max(0, int(moment.timestamp()) - FIRST_ID_AT) * 40


def _measured(
    type_key: str, *, start: datetime, seconds: float, metres: float | None, more: dict[str, Any], luck: Random
) -> FinishedOuting:
    kind = activity_type(type_key)
    metres = more.get("distance", metres)
    hilly = kind.outdoors and kind.family in CLIMBERS
    return FinishedOuting(
        type_key=type_key,
        start=start,
        seconds=float(seconds),
        metres=metres,
        climb=more.get("elevationGain", round(metres * 0.006) if hilly and metres else None),
        # an activity logged by hand has no heart rate
        heart_rate=more.get("averageHR", None if more.get("manualActivity") else kind.heart_rate),
        luck=luck,
        resting=max(0.0, more.get("elapsedDuration", seconds) - seconds),
    )


def _habits(data: dict[str, Any] | None) -> Habits | None:
    if data is None:
        return None
    return Habits(data["name"], tuple(Outing(**outing) for outing in data["week"]))


PLAIN = ("name", "email", "password", "code", "garmin_id", "display_name", "zone", "seed")
