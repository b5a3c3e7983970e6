"""What is shut for a while, for all workers at once."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Timestamps


class Breaker(Base, Timestamps):
    """Something outside that refuses us: left alone until `shut_until`."""

    __tablename__ = "breakers"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    shut_until: Mapped[datetime]
    why: Mapped[str] = mapped_column(String(120))
    trips: Mapped[int] = mapped_column(default=1)
