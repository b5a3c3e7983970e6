"""Notes that processes leave for each other, for example when the last tick ended or that the vendor refuses our
account.
"""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Sign(Base):
    """A fact that stays true until it is removed. `since` and `at` are the first and the last time it was noticed,
    `count` is how often; `detail` says more, and never contains a secret, a phone number or a message's text.
    """

    __tablename__ = "signs"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    since: Mapped[datetime]
    at: Mapped[datetime]
    count: Mapped[int]
    detail: Mapped[str] = mapped_column(String(200))
