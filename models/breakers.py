"""Vendors that no worker calls for a while."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Timestamps


class Breaker(Base, Timestamps):
    """A vendor that refuses our requests. No worker calls it before `shut_until`."""

    __tablename__ = "breakers"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    shut_until: Mapped[datetime]
    why: Mapped[str] = mapped_column(String(120))
    trips: Mapped[int] = mapped_column(default=1)
