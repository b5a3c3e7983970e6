"""By which formula points are counted, and since when."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Timestamps


class FormulaRun(Base, Timestamps):
    """One formula's way through the activities that another had scored. `done_at` is when none was left."""

    __tablename__ = "formula_runs"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    began_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    activities: Mapped[int] = mapped_column(default=0)
