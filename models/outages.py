"""Decides whether a database error is an outage of Postgres or a mistake of ours."""

from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# Raised while Postgres cannot be used: it is gone, was closed on the way, is read-only (a standby, a full disk), or no
# connection became free in time. `is_away` knows one case more.
AWAY = (OperationalError, InterfaceError, InternalError, PoolTimeout)
# Postgres's words for one client too many (its errors 53300 and 53400; psycopg2 gives no code when it cannot connect).
TOO_MANY = ("too many clients", "too many connections", "remaining connection slots")
# https://www.postgresql.org/docs/current/errcodes-appendix.html
NOT_AS_EXPECTED = {
    "42P01",  # no such table, and the next two: no such column, no such function
    "42703",
    "42883",
    "3F000",  # no such schema
    "42501",  # not allowed
}


def is_away(error: BaseException) -> bool:
    """Return whether Postgres cannot be used now. The same statement may succeed later, so no work may be dropped."""
    # A connection that breaks in the middle of an answer is a plain DatabaseError without a code.
    return isinstance(error, AWAY) or (type(error) is DatabaseError and code_of(error) is None)


def is_busy(error: Exception) -> bool:
    """Return whether the error is a lack of connections, which usually ends within seconds."""
    return isinstance(error, PoolTimeout) or any(words in str(error) for words in TOO_MANY)


def is_not_as_expected(error: BaseException) -> bool:
    """Return whether Postgres lacks something that this code uses: its schema is older than the code, or the host has
    withdrawn the right to write because the database is too large for its plan, or the code has a mistake.
    """
    return isinstance(error, DBAPIError) and code_of(error) in NOT_AS_EXPECTED


def code_of(error: BaseException) -> str | None:
    """Return Postgres's five-character error code, or None if it gave none."""
    code = getattr(getattr(error, "orig", None), "pgcode", None)
    return str(code) if code else None


def name_of(error: BaseException) -> str:
    """Return the driver's name of the error and Postgres's code, for the log: never the statement or its values."""
    cause = getattr(error, "orig", None) or error
    return " ".join(filter(None, (type(cause).__name__, code_of(error))))
