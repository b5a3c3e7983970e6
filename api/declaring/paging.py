"""Lists in pages. A cursor names the last item of a page, so items that are added meanwhile do not move the others.

It is signed, together with the filters and the sorting of its list.
"""

import base64
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from flask import request
from sqlalchemy import Select, tuple_

from api.declaring.call import Call
from api.declaring.envelopes import Page
from api.declaring.problems import refuse

TAG = 16  # characters
READ: dict[str, Callable[[Any], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "float": float,
    "int": int,
    "str": str,
}


def of_query(call: Call, select: Select[Any], query: Mapping[str, Any], sorts: Mapping[str, Any], key: Any) -> Page:
    """Return a page of rows. `sorts` are the columns that it can be sorted by; `key` is a unique column."""
    by = query["sort"].removeprefix("-")
    is_falling = query["sort"].startswith("-")
    column = sorts[by]
    if (after := _read(call, query)) is not None:
        place, last = tuple_(column, key), tuple_(*(_value(each) for each in after))
        select = select.where(place < last if is_falling else place > last)
    order = (column.desc(), key.desc()) if is_falling else (column, key)
    rows = call.session.execute(select.add_columns(column).order_by(*order).limit(query["limit"] + 1)).all()
    shown = rows[: query["limit"]]
    items = [row[0] for row in shown]
    if len(rows) <= query["limit"]:
        return Page(items)
    last_row = shown[-1]
    return Page(items, _written(call, query, [last_row[-1], getattr(last_row[0], key.key)]))


def of_list(call: Call, found: Sequence[Any], query: Mapping[str, Any]) -> Page:
    """Return a page of a list that is complete in memory, such as a board or a group's members. The
    cursor is a position.
    """
    after = _read(call, query)
    start = int(_value(after[0])) if after else 0
    end = start + query["limit"]
    return Page(found[start:end], _written(call, query, [end]) if end < len(found) else None)


def _written(call: Call, query: Mapping[str, Any], values: Sequence[Any]) -> str:
    told = [[type(each).__name__, each.isoformat() if isinstance(each, date) else each] for each in values]
    text = base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
    return f"{text}.{_tags(call, query, text)[0]}"


def _read(call: Call, query: Mapping[str, Any]) -> list[list[Any]] | None:
    if query["cursor"] is None:
        return None
    text, _, tag = query["cursor"].partition(".")
    if not any(hmac.compare_digest(each, tag.encode()) for each in map(str.encode, _tags(call, query, text))):
        refuse("cursor-not-usable")
    found: list[list[Any]] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def _value(told: list[Any]) -> Any:
    return READ[told[0]](told[1])


def _tags(call: Call, query: Mapping[str, Any], text: str) -> list[str]:
    """Return the possible tags of a cursor for this list with these filters, one for each accepted SECRET_KEY."""
    chosen = {name: str(value) for name, value in sorted(query.items()) if name not in {"cursor", "limit"}}
    said = f"{request.path}|{json.dumps(chosen)}|{text}"
    return [each[:TAG] for each in call.world.vault.tags("cursor", said)]
