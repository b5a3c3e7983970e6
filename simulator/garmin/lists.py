"""How Garmin picks the rows of an activity list."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from simulator.garmin.types import belongs

PAGE = 20  # without a limit Garmin sends this many


class BadQuery(ValueError):
    """A query that Garmin refuses with 400."""


def page_size(query: Mapping[str, str]) -> int:
    return _number(query, "limit", PAGE)


def chosen(rows: list[dict[str, Any]], query: Mapping[str, str]) -> list[dict[str, Any]]:
    """The page that this query asks for; `rows` are newest first."""
    first, last = day(query, "startDate"), day(query, "endDate")
    wanted = query.get("activityType")
    found = [
        row
        for row in rows
        if (wanted is None or belongs(row, wanted))
        and _inside(row["startTimeLocal"][:10], first, last)
        and (query.get("excludeChildren") == "false" or row.get("parentId") is None)
    ]
    if query.get("sortOrder") == "asc":
        found.reverse()
    start = _number(query, "start", 0)
    return found[start : start + page_size(query)]


def day(query: Mapping[str, str], key: str) -> date | None:
    """Read a date of the query. Raises BadQuery when it is none."""
    if key not in query:
        return None
    try:
        return date.fromisoformat(query[key])
    except ValueError as error:
        raise BadQuery(f"{key}={query[key]}") from error


def _inside(local: str, first: date | None, last: date | None) -> bool:
    started = date.fromisoformat(local)
    return (first is None or started >= first) and (last is None or started <= last)


def _number(query: Mapping[str, str], key: str, otherwise: int) -> int:
    text = query.get(key, str(otherwise))
    if not text.isdecimal():
        raise BadQuery(f"{key}={text}")
    return int(text)
