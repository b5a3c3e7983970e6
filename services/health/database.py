"""Checks whether Postgres can be used: it can be reached, it can be written to, and it has the schema
that this code needs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.health.findings import Finding, report_problem

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"
# Besides leases, only this check of the clocks may ask the database for its time.
CLOCK = text("SELECT clock_timestamp()")
LOOK = text(
    """
    SELECT current_setting('transaction_read_only') = 'on', to_regclass('alembic_version') IS NOT NULL,
           to_regclass('inbound_messages') IS NULL OR has_table_privilege(to_regclass('inbound_messages'), 'INSERT')
    """
)


@dataclass(frozen=True)
class Vitals:
    """The results of one query of Postgres. `now` is its clock; `schema` is empty if no migration has run."""

    now: datetime
    is_read_only: bool
    may_insert: bool
    schema: str

    @property
    def is_behind(self) -> bool:
        """Whether migrations that this code needs have not run. Their names begin with numbers, so they
        can be compared.
        """
        return self.schema < find_expected_schema()

    @property
    def is_usable(self) -> bool:
        """Whether a line can be answered with this Postgres."""
        return not self.is_read_only and self.may_insert and not self.is_behind


@cache
def find_expected_schema() -> str:
    """Return the name of the newest migration that this code contains."""
    return max(path.stem for path in VERSIONS.glob("[0-9]*.py"))


def look(session: Session) -> Vitals:
    """Query Postgres. Raises SQLAlchemy's errors if it cannot be reached."""
    now = session.execute(CLOCK).scalar_one()
    is_read_only, has_schema, may_insert = session.execute(LOOK).one()
    versions: Sequence[str] = ()
    if has_schema:
        versions = session.scalars(text("SELECT version_num FROM alembic_version")).all()
    return Vitals(now, is_read_only, may_insert, max(versions, default=""))


def judge(vitals: Vitals | None, problem: str = "") -> list[Finding]:
    """Return the findings `database` and `schema`. If `vitals` is None, Postgres could not be reached;
    `problem` says why.
    """
    if vitals is None:
        return [report_problem("database", f"Postgres does not answer ({problem})")]
    says = None
    if vitals.is_read_only:
        says = "Postgres takes no writes: it is a standby, or set to read only"
    elif not vitals.may_insert:
        says = "Postgres lets us read, but not write: the plan's limits may be reached"
    schema = None
    if vitals.is_behind:
        schema = (
            f"The schema is {vitals.schema or 'not there'}, this code needs {find_expected_schema()}: lines are kept"
        )
    return [
        report_problem("database", says),
        report_problem("schema", schema, version=vitals.schema, expected=find_expected_schema()),
    ]
