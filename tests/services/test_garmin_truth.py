"""After the next sync, our counting rows equal Garmin's, whatever changed there; with limits for
requests, and with many accounts.

HISTORIES=1000 and REFRESHES=1000 run the long forms of these tests.
"""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from threading import Barrier
from typing import Any

import pytest

from jobs.syncing import sync_next
from models import Day, GarminMethod, GarminStatus
from simulator.garmin.types import type_row
from tests.accounts import Linked, asked, every, link, lists
from tests.patience import AT_MOST
from tests.town import START, Town

HISTORIES, REFRESHES = int(os.environ.get("HISTORIES", "60")), int(os.environ.get("REFRESHES", "100"))
IN_ONE_TOWN = 20
ZONES = ("Europe/London", "America/New_York", "Australia/Sydney")
# The families of activity types, written down independently; None if the type is no sport.
SPORTS = {
    "running": "run", "trail_running": "run", "cycling": "ride", "gravel_cycling": "ride", "lap_swimming": "swim",
    "walking": "walk", "hiking": "hike", "strength_training": "strength", "yoga": "yoga", "multi_sport": "multi",
    "meditation": None, "breathwork": None, "driving_general": None,
}  # fmt: skip
BAD_DAYS: list[dict[str, Any]] = [
    {"truncate_lists": True}, {"data_status": 503}, {"data_status": 429}, {"data_html": True}, {"data_status": 403},
    {"data_html": True, "data_status": 200}, {"data_status": 500}, {"max_page": 3},
]  # fmt: skip


@dataclass
class History:
    """A random history of an account at Garmin. Each activity has a time slot of its own; two in
    one slot are the same session.
    """

    draw: Random
    linked: Linked
    slots: dict[int, datetime] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    @property
    def ids(self) -> list[int]:
        return [each for each in self.slots if self.row(each).get("parentId") is None]

    def row(self, activity_id: int) -> dict[str, Any]:
        return self.linked.athlete.activity(activity_id)

    def slot(self, days: int) -> datetime:
        """Return three hours of these last days that have no activity yet."""
        today = self.linked.town.clock().replace(hour=0, minute=0, second=0)
        free = (
            today - timedelta(days=self.draw.randint(1, days), hours=-3 * self.draw.randint(0, 7)) for _ in iter(int, 1)
        )
        return next(each for each in free if each not in self.slots.values())

    def upload(self, days: int = 6, **more: Any) -> int:
        slot = more.pop("slot", None) or self.slot(days)
        facts = {
            "type_key": self.draw.choice(list(SPORTS)),
            "start": slot + timedelta(seconds=self.draw.randint(0, 240)),
            "seconds": self.draw.uniform(1500, 7000),
            "metres": self.draw.uniform(1000, 20_000),
            "manualActivity": self.draw.random() < 0.1,
        }
        made = self.linked.athlete.upload(**facts | more)
        self.slots[made] = slot
        return made

    def late(self) -> None:
        """Upload an old activity, as a watch that was not synchronised for long."""
        self.upload(self.draw.choice([30, 300]))

    def many(self) -> None:
        for _ in range(self.draw.randint(5, 40)):
            self.upload(self.draw.choice([6, 30, 300]))

    def edit(self) -> None:
        changes = {
            "duration": self.draw.uniform(1500, 7000),
            "distance": self.draw.choice([None, self.draw.uniform(500, 9000)]),
            "activityName": "Evening",
            "averageHR": 141.0,
        }
        names = self.draw.sample(sorted(changes), 2)
        self.linked.athlete.edit(self.draw.choice(self.ids), **{name: changes[name] for name in names})

    def retype(self) -> None:
        self.linked.athlete.edit(self.draw.choice(self.ids), activityType=type_row(self.draw.choice(list(SPORTS))))

    def move(self) -> None:
        """Move an activity that was logged by hand to another day."""
        one, slot = self.draw.choice(self.ids), self.slot(30)
        offset = instant(self.row(one)["startTimeLocal"]) - instant(self.row(one)["startTimeGMT"])
        written = {"startTimeGMT": clock(slot), "startTimeLocal": clock(slot + offset)}
        self.linked.athlete.edit(one, **written)
        self.slots[one] = slot

    def delete(self) -> None:
        self.linked.athlete.delete(one := self.draw.choice(self.ids))
        del self.slots[one]

    def clear_out(self) -> None:
        """Delete more activities than a sync believes at once."""
        for one in self.draw.sample(self.ids, len(self.ids) * 2 // 3):
            self.linked.athlete.delete(one)
            del self.slots[one]

    def second_device(self) -> None:
        one = self.draw.choice(self.ids)
        self.upload(slot=self.slots[one], type_key=self.row(one)["activityType"]["typeKey"])

    def triathlon(self) -> None:
        """Upload a triathlon and its three legs, which count only through it."""
        slot = self.slot(6)
        parent = self.upload(slot=slot, type_key="multi_sport", parent=True)
        for leg in ("lap_swimming", "cycling", "running"):
            self.upload(slot=slot, type_key=leg, parentId=parent)

    def become_leg(self) -> None:
        """Make an activity a leg of another one later: it is no longer listed, but can still be requested."""
        month = (self.linked.town.clock() - timedelta(days=30)).date().isoformat()
        lately = [each for each in self.ids if self.row(each)["startTimeLocal"] > month]
        if lately:
            self.linked.athlete.edit(self.draw.choice(lately), parentId=1)

    def truth(self, first: date, last: date) -> dict[int, tuple[object, ...]]:
        """Return what counts at Garmin between two days, without using the product's code."""
        sessions: dict[tuple[datetime, str], list[dict[str, Any]]] = {}
        for one in self.ids:
            row = self.row(one)
            sport = SPORTS[row["activityType"]["typeKey"]]
            if sport is not None and first < date.fromisoformat(row["startTimeLocal"][:10]) < last:
                sessions.setdefault((self.slots[one], sport), []).append(row)
        best = [min(each, key=lambda row: (row["manualActivity"], -row["duration"])) for each in sessions.values()]
        return {row["activityId"]: seen(row) for row in best}


CHANGES: tuple[Callable[[History], object], ...] = (
    History.upload, History.upload, History.late, History.edit, History.edit, History.retype, History.retype,
    History.move, History.delete, History.delete, History.second_device, History.second_device, History.triathlon,
    History.clear_out,
)  # fmt: skip


def seen(row: dict[str, Any]) -> tuple[object, ...]:
    """Return the figures that must be the same on both sides."""
    key, began = row["activityType"]["typeKey"], instant(row["startTimeGMT"])
    local = instant(row["startTimeLocal"])
    facts = (row["duration"], row.get("distance"), row.get("averageHR"), began, local.date(), local - began)
    return key, SPORTS[key], bool(row["manualActivity"]), *facts


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def clock(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def ours(linked: Linked, first: date, last: date) -> dict[int, tuple[object, ...]]:
    return {
        row.external_id: (
            row.type, row.sport, row.manual, row.duration, row.distance, row.average_hr, row.start_utc, row.local_date,
            timedelta(seconds=row.utc_offset),
        )
        for row in linked.counting()
        if first < row.local_date < last
    }  # fmt: skip


def agree(history: History, days: int, why: str) -> None:
    """Synchronise the account, and compare all activities inside the window."""
    linked = history.linked
    linked.sync()
    now = linked.town.clock()
    inside = ((now - timedelta(days=days)).date(), (now + timedelta(days=1)).date())
    assert ours(linked, *inside) == history.truth(*inside), why


def live(town: Town, seed: int) -> None:
    """Run one history from its beginning to its end."""
    draw = Random(seed)
    way = draw.choice(list(GarminMethod))
    history = History(draw, link(town, seed + 1, way, zone=draw.choice(ZONES)))
    history.many()
    agree(history, 365, f"{seed}: at first")
    for _ in range(3):
        for change in draw.sample(CHANGES, draw.randint(1, 5)):
            if history.ids:
                change(history)
                history.told.append(change.__name__)
        history.upload()
        if draw.random() < 0.4:
            stay(history, draw.choice(BAD_DAYS), f"{seed}: on a bad day")
        town.clock.travel(hours=draw.randint(1, 40))
        agree(history, 35, f"{seed}: after {history.told}")
    history.become_leg()
    town.clock.travel(hours=6)
    agree(history, 35, f"{seed}: with one leg more, after {history.told}")
    town.clock.travel(days=draw.randint(8, 50))
    agree(history, 365, f"{seed}: in the end, after {history.told}")
    history.linked.forget()


def stay(history: History, fault: dict[str, Any], why: str) -> None:
    """Synchronise with a fault at Garmin, and assert that none of our rows was lost or deleted."""
    before = [(row.id, row.deleted_at) for row in history.linked.counting()]
    for name, value in fault.items():
        setattr(history.linked.town.garmin.faults, name, value)
    history.linked.sync()
    history.linked.town.garmin.faults.clear()
    assert history.linked.row.last_error is not None, f"{why}: {fault} did no harm"
    kept = {row.id for row in history.linked.counting()}
    assert {each for each, _ in before} <= kept, why
    assert history.linked.row.status is GarminStatus.LINKED, why


@pytest.mark.parametrize("first", range(0, HISTORIES, IN_ONE_TOWN))
def test_after_any_history_our_rows_are_garmins(town: Town, first: int) -> None:
    for seed in range(first, min(first + IN_ONE_TOWN, HISTORIES)):
        live(town, seed)


def a_year(linked: Linked, count: int = 300) -> None:
    for number in range(count):
        linked.athlete.upload(start=START - timedelta(days=number, hours=2), seconds=1800, metres=5000)


@pytest.mark.parametrize(("way", "most"), [(GarminMethod.PASSWORD, 2), (GarminMethod.KEY, 8)])
def test_what_reading_costs(town: Town, way: GarminMethod, most: int) -> None:
    linked = link(town, 1, way)
    a_year(linked)
    linked.sync()
    assert len(linked.counting()) == 300
    assert len(asked(town, "data")) <= most
    assert len(asked(town, "key")) == (1 if way is GarminMethod.KEY else 0)
    town.garmin.journal.clear()
    town.clock.travel(hours=6)
    linked.sync()
    pages = [each for each in town.garmin.requests() if "limit" in each.query]
    assert len(pages) == len(asked(town)) == 1, "nothing new"
    town.garmin.journal.clear()
    town.clock.travel(days=6)
    linked.sync()
    wellness = len(asked(town, "data")) - lists(town)
    assert 1 <= wellness <= 3, "a week of wellness"
    assert len({day.day for day in every(town, Day)}) > 26 + 6


def test_of_many_renewals_at_once_no_token_is_lost_or_spent_twice(town: Town) -> None:
    """The tokens always expire soon, every account is always due, and eight workers run at the same time."""
    town.garmin.token_lifetime = 60
    crowd = [link(town, number) for number in range(1, 5)]
    for each in crowd:
        each.change(steps_at=town.clock(), whole_year_at=town.clock())
    gate, until = Barrier(8), time.monotonic() + 600

    def work(_number: int) -> None:
        gate.wait(AT_MOST)
        while len(asked(town, "token")) < REFRESHES and time.monotonic() < until:
            for each in crowd:
                each.change(next_sync_at=town.clock())
            sync_next(town.world)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert len(asked(town, "token")) >= REFRESHES
    assert set(asked(town)) == {200}, "a token that is used twice is answered with 400"
    for each in crowd:
        assert each.row.status is GarminStatus.LINKED
        assert (each.row.last_error, each.row.refused_at) == (None, None)
        assert town.garmin.keys.owner(each.tokens["di_refresh_token"]) == each.athlete.email
    assert len(town.garmin.keys._refresh) == len(crowd), "Garmin holds one good token for each, and we hold the same"
    journal = len(town.garmin.journal)
    for each in crowd:
        each.sync()
    assert asked(town)[journal:] == [200] * (len(town.garmin.journal) - journal)


def test_a_token_renewed_half_way_is_kept_when_the_rest_fails(town: Town) -> None:
    linked = link(town)
    linked.athlete.upload(start=START - timedelta(days=1), seconds=600)
    # Garmin refuses a valid token: the tokens are refreshed, and then comes an answer that cannot be read
    town.garmin.keys._access.clear()
    town.garmin.faults.truncate_lists = True
    linked.sync()
    assert asked(town) == [401, 200, 200]
    assert linked.row.last_error == "SourceUnavailable"
    town.garmin.faults.clear()
    town.garmin.keys._access.clear()
    linked.sync()
    assert linked.row.status is GarminStatus.LINKED
    assert len(linked.counting()) == 1


def test_a_worker_that_comes_late_does_not_bring_old_tokens_back(town: Town) -> None:
    linked = link(town)
    linked.change(next_sync_at=START, steps_at=START)
    linked.athlete.upload(start=START - timedelta(days=1), seconds=600)
    late = slow_reader(town, linked)
    assert sync_next(late)
    assert town.garmin.keys.owner(linked.tokens["di_refresh_token"]) == linked.athlete.email


def slow_reader(town: Town, linked: Linked) -> Any:
    """Return a world in which another worker takes over the account and renews its tokens
    while a page is being read.
    """

    class Slow:
        def open(self, tokens: str) -> Any:
            account = town.world.garmin.open(tokens)
            read = account.activities

            def overtaken(start: date, end: date) -> Any:
                pages = list(read(start, end))
                linked.change(leased_until=datetime(2020, 1, 1, tzinfo=UTC), next_sync_at=START)
                town.garmin.keys._access.clear()
                assert sync_next(town.world)
                return pages

            account.activities = overtaken
            return account

    return replace(town.world, garmin=Slow())
