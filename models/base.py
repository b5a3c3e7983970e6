"""What every table shares: types, names of constraints, and how a database is opened."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from threading import Lock
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Dialect, Engine, Identity, MetaData, String, create_engine, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.types import TypeDecorator

from models.outages import is_busy
from models.vault import Vault


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, stored with its time zone and read in UTC. Raises `ValueError` for a datetime without a time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: every instant is aware")
        return value

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC)


class EnumColumn(TypeDecorator[Enum]):
    """A member of an enum, stored as plain text. Raises `ValueError` when a text is read that the enum
    does not have.
    """

    impl = String(24)
    cache_ok = True

    def __init__(self, kind: type[Enum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Enum | None, _dialect: Dialect) -> str | None:
        return None if value is None else str(self.kind(value).value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Enum | None:
        return None if value is None else self.kind(value)


Key = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]


class Base(DeclarativeBase):
    """The base class of all tables. Constraints get fixed names, so that migrations can refer to them."""

    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own spelling
        datetime: UtcDateTime(),
        dict[str, Any]: JSONB(),
        list[str]: JSONB(),
        int: BigInteger(),
    }


def stamp(context: Any) -> datetime:
    """Return the time for a new row, from the clock of the world whose session writes it. The product compares rows
    with the same clock.

    All rows of one statement get the same time; later statements of the same process get later times, so that
    their rows can be ordered. The tables also have `DEFAULT now()`, the database's clock; only versions from before
    this function still need it.

    Raises `LookupError`, which SQLAlchemy wraps into a `StatementError`, for a statement that does not come from a
    session of `make_sessions`.
    """
    if not hasattr(context, "stamped_at"):
        context.stamped_at = _clock_of(context)()
    instant: datetime = context.stamped_at
    return instant


def _clock_of(context: Any) -> Callable[[], datetime]:
    try:
        clock: Callable[[], datetime] = context.execution_options[CLOCK]
    except KeyError:
        raise LookupError("no clock to stamp a row with: write it in a session of `make_sessions`") from None
    return clock


class Timestamps:
    """The times at which a row was created and last changed, by the world's clock (see `stamp`)."""

    created_at: Mapped[datetime] = mapped_column(default=stamp)
    updated_at: Mapped[datetime] = mapped_column(default=stamp, onupdate=stamp)


class OneAfterAnother:
    """A clock that returns a later time at each call: if `now` has not moved on, one microsecond later.

    If `now` was set back, it follows `now`.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self._asked = self._told = datetime.min.replace(tzinfo=UTC)
        self._lock = Lock()

    def __call__(self) -> datetime:
        with self._lock:
            asked = self.now()
            is_set_back = asked < self._asked
            self._told = asked if is_set_back or asked > self._told else self._told + timedelta(microseconds=1)
            self._asked = asked
            return self._told


CLOCK = "clock"  # the execution option by which an engine hands a world's clock to `stamp`

# If a worker's machine fails, its rows must not stay locked for hours.
NOTICES_WHO_IS_GONE = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
PATIENCE = f"-c statement_timeout=30000 -c idle_in_transaction_session_timeout=30000 {NOTICES_WHO_IS_GONE}"


# Seconds that a thread waits for one of its process's connections. Twilio waits 15 s for the answer to a webhook.
POOL_WAIT = 5.0
TOO_MANY_PAUSES = (0.1, 0.2, 0.4, 0.8)  # seconds between the tries; the last error is raised


def open_engine(url: str, patience: str = PATIENCE, *, pool: int = 3) -> Engine:
    """Return an engine with a pool of at most `pool` connections, each set to UTC. It connects only when it is first
    used, so a process may fork before that. A thread that finds no free connection waits for `POOL_WAIT` seconds; then
    `PoolTimeout` is raised. If the server accepts no more clients, connecting is tried for a second and a half.
    """
    url = url.replace("postgres://", "postgresql+psycopg2://", 1).replace("postgresql://", "postgresql+psycopg2://", 1)
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=POOL_WAIT,
        hide_parameters=True,  # exceptions must not contain messages or phone numbers
        executemany_mode="values_plus_batch",  # many rows in one round trip, also with ON CONFLICT
        connect_args={
            "options": f"-c timezone=UTC -c lock_timeout=5000 {patience}",
            "connect_timeout": 3,
            # A server that stops without closing its connections is noticed in seconds, not in a quarter of an hour.
            "tcp_user_timeout": 10_000,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    )
    event.listen(engine, "do_connect", _connect)
    return engine


def _connect(dialect: Dialect, _record: object, arguments: list[Any], options: dict[str, Any]) -> Any:
    """Return a new connection. If the server accepts no more clients, try again after each pause."""
    for pause in TOO_MANY_PAUSES:
        try:
            return dialect.connect(*arguments, **options)
        except dialect.loaded_dbapi.OperationalError as error:
            if not is_busy(error):
                raise
            time.sleep(pause)
    return dialect.connect(*arguments, **options)


def make_sessions(engine: Engine, vault: Vault, now: Callable[[], datetime]) -> sessionmaker[Session]:
    """Return a factory for sessions. They carry the vault in `session.info`, so that services can encrypt and decrypt.

    Every row that they write gets its time from `now`, the world's clock, which returns a time with its time zone.
    """
    clocked = engine.execution_options(**{CLOCK: OneAfterAnother(now)})
    return sessionmaker(clocked, expire_on_commit=False, info={"vault": vault})
