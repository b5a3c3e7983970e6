"""The statements that may ask the database for its time. All other times come from the world's clock, which tests move.

`conftest.py` watches every statement of every test, and fails a test that sent a statement which is not allowed here.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from sqlalchemy import Connection, Engine, event, text

# All statements that may ask, each with its reason. A pattern with ^ and $ is a whole statement, others a part of one.
MAY_ASK = {
    "a lease begins; machines that share it differ": r"^SELECT clock_timestamp\(\) \+ .* AS anon_1$",
    "a lease is over": r"\bleased_until < clock_timestamp\(\)",
    "health compares this machine's clock with it": r"^SELECT clock_timestamp\(\)( AS \w+)?$",
    "a migration counts the day before it": r"(?s)^\s*INSERT INTO spent \(at, what, group_id, count\)\s.*$",
    "migrations keep DEFAULT now() for older code": r"(?s)^\s*(CREATE|ALTER) TABLE .*$",
}
ASKS = re.compile(
    r"\b(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|age)\s*\("
    r"|\b(current_date|current_time|current_timestamp|localtime|localtimestamp)\b"
    r"|'(now|today|tomorrow|yesterday)'",
    re.IGNORECASE,
)
OWN_CLOCK = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND column_default ~* '(now|clock_timestamp)\\('"""

asked: list[str] = []  # statements that asked without being allowed to, since the list was last cleared


@lru_cache(maxsize=10_000)  # most statements are sent again and again
def asks(statement: str) -> bool:
    """Return whether a statement asks the database for its time without being allowed to."""
    for allowed in MAY_ASK.values():
        statement = re.sub(allowed, "", statement.strip())
    return ASKS.search(statement) is not None


@event.listens_for(Engine, "before_cursor_execute")
def _watch(_line: Connection, _cursor: object, statement: str, *_more: object) -> None:
    if asks(statement):
        asked.append(statement)


def take_away(engine: Engine) -> frozenset[tuple[str, str]]:
    """Drop every default that is the database's clock, so that the database refuses a row without a time.

    Returns these columns as (table, column).
    """
    with engine.begin() as connection:
        columns = frozenset((table, column) for table, column in connection.execute(text(OWN_CLOCK)))
        connection.execute(text("; ".join(_dropped(columns))))
    return columns


def _dropped(columns: Iterable[tuple[str, str]]) -> list[str]:
    return [f'ALTER TABLE "{table}" ALTER COLUMN "{column}" DROP DEFAULT' for table, column in sorted(columns)]
