"""Late data: a digest's days are frozen two days after their end, and the next digest says whose place has changed.

Stridekick allows one day for late syncs. We allow two, because a watch that was away for a weekend syncs on Monday.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fitness.dates import Dates
from fitness.ranking import rank
from models import DigestRun
from services.digest.stories.scene import Correction
from services.group.privacy import VisibleMember

FREEZE_AFTER = timedelta(hours=48)
MOST_NAMED = 3


def find_freezing_time(dates: Dates, zone: str) -> datetime:
    """Return when these days are frozen: 48 hours after the end of the last day, in the group's time zone."""
    return datetime.combine(dates.end + timedelta(1), time(0), ZoneInfo(zone)) + FREEZE_AFTER


def keep_final_places(values: Mapping[int, float], visible: Collection[int]) -> dict[str, Any]:
    """Return what a run stores when it is frozen: the values, and the members whom the group could see."""
    return {"values": {str(key): value for key, value in values.items()}, "visible": sorted(visible)}


def find_corrections(run: DigestRun, visible: Mapping[int, VisibleMember]) -> Correction | None:
    """Return the places that late data have changed between a digest and its freezing, the best few; None if none.

    Only members whom the group could see at both times and can see now are compared: joining, leaving or hiding changes
    places too, but is no correction.
    """
    content = run.content or {}
    if not content.get("ranked") or "final" not in content:
        return None
    people = visible.keys() & set(content["visible"]) & set(content["final"]["visible"])
    told, now = (_places(each["values"], people) for each in (content, content["final"]))
    changed = sorted((place, visible[key].name, key) for key, place in now.items() if told.get(key) != place)
    if not changed:
        return None
    places = [(visible[key], place) for place, _, key in changed[:MOST_NAMED]]
    return Correction(Dates(run.period_start, run.period_end), places)


def _places(values: Mapping[str, float], people: Collection[int]) -> dict[int, int]:
    return {each.key: each.place for each in rank({int(key): v for key, v in values.items() if int(key) in people})}
