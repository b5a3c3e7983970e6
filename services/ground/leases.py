"""Leases: they say which worker works on a row, and until when.

A lease is given by one machine and checked by another, and the clocks of machines differ. So leases, unlike all other
times, are given and checked by the database's clock, not by the world's `now`, which each machine reads for itself.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session


def end_lease_in(session: Session, span: timedelta) -> datetime:
    """Return the end of a lease that begins now and lasts for `span`, by the database's clock."""
    end: datetime = session.scalars(select(func.clock_timestamp() + span)).one()
    return end


def is_over(leased_until: InstrumentedAttribute[datetime | None]) -> ColumnElement[bool]:
    """Return a condition: the row was leased, and the lease has ended by the database's clock."""
    return leased_until < func.clock_timestamp()


def is_free(leased_until: InstrumentedAttribute[datetime | None]) -> ColumnElement[bool]:
    """Return a condition: the row is not leased, or its lease has ended by the database's clock."""
    return or_(leased_until.is_(None), is_over(leased_until))


def rank_by_end(leased_until: InstrumentedAttribute[datetime | None]) -> ColumnElement[datetime | None]:
    """Return the order in which leases end, the first to end on top. No clock is asked."""
    return leased_until.asc()
