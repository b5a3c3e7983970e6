"""Who may see the operator's page: browsers that are signed in, one-time links, and codes that were used.

No row belongs to a member. No secret is stored: of cookies and links only a keyed hash, whose key is OPERATOR_TOKEN. So
a new token ends every session and every link.
"""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class OperatorSession(Base):
    """A browser that is signed in as the operator. `way` says how: by a code ("code") or by a link ("link")."""

    __tablename__ = "operator_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    browser_hash: Mapped[str] = mapped_column(String(64), unique=True)
    way: Mapped[str] = mapped_column(String(10))
    began_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]


class OperatorLink(Base):
    """A one-time link that was sent to the operator's WhatsApp number."""

    __tablename__ = "operator_links"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class OperatorCode(Base):
    """The newest time step whose code was used, for each secret of the authenticator app.

    A code is good for one sign-in: neither it nor the code of an earlier step is accepted again. `secret_hash` is a
    keyed hash (`models.hashes`).
    """

    __tablename__ = "operator_codes"

    secret_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_step: Mapped[int]
