"""The days that a request is about."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from api.declaring.problems import refuse
from fitness.dates import Dates, find_week

MOST = timedelta(days=3_660)
FIRST, LAST = date(1990, 1, 1), date(2200, 1, 1)


def of_query(query: Mapping[str, Any], today: date) -> Dates:
    """Return the days from `since` to `until`: a week if one of them is missing, this week if both
    are. Raises not-valid.
    """
    week = find_week(today)
    since, until = query.get("since"), query.get("until")
    if since is None:
        since = max(until, FIRST) - timedelta(6) if until else week.start
    if until is None:
        until = min(since, LAST) + timedelta(6)
    if not FIRST <= since <= until <= LAST or until - since > MOST:
        errors = [{"pointer": "query:/until", "detail": "Ten years at most, the first day first, 1990 to 2200."}]
        refuse("not-valid", errors=errors)
    return Dates(since, until)
