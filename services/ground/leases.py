"""Leases: which worker has a row, and until when.

A lease is compared by whichever machine looks at it next, and machines' clocks differ. So a lease is the one thing that
is given and ended by the database's clock, not by the world's `now`, which each machine reads for itself.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session


def lasting(session: Session, span: timedelta) -> datetime:
    """The end of a lease that begins now and lasts so long, by the database's clock."""
    end: datetime = session.scalars(select(func.clock_timestamp() + span)).one()
    return end


def is_over(leased_until: InstrumentedAttribute[datetime | None]) -> ColumnElement[bool]:
    """Whether a row was leased and the lease has ended, by the database's clock."""
    return leased_until < func.clock_timestamp()


def is_free(leased_until: InstrumentedAttribute[datetime | None]) -> ColumnElement[bool]:
    """Whether nobody has leased a row, or the lease has ended."""
    return or_(leased_until.is_(None), is_over(leased_until))
