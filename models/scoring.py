"""The versions of the points formula, and when each was applied."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Timestamps


class FormulaRun(Base, Timestamps):
    """One formula's run over the activities that an earlier formula had scored. `done_at` is when none was left."""

    __tablename__ = "formula_runs"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    began_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    activities: Mapped[int] = mapped_column(default=0)
