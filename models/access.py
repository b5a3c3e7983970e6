"""Access for programs and browsers: codes to sign in with, sessions and their refresh tokens, codes that confirm an
act, personal tokens, and kept answers.

No secret is stored: of codes only a keyed hash (`models.hashes`), and of tokens, which cannot be
guessed, a plain SHA-256.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, EnumColumn, Key, Timestamps
from models.people import Member
from models.sealed import key_index


class Scope(StrEnum):
    """A permission of a session or token. ACCOUNT is only for sessions: managing sessions and
    tokens, a copy of all data, erasing.
    """

    PROFILE_READ = "profile:read"
    PROFILE_WRITE = "profile:write"
    ACTIVITIES_READ = "activities:read"
    ACTIVITIES_WRITE = "activities:write"
    GROUPS_READ = "groups:read"
    GROUPS_WRITE = "groups:write"
    ACCOUNT = "account"


class Ended(StrEnum):
    """Why a session ended early."""

    SIGNED_OUT = "signed_out"
    REUSED = "reused"


class SignInCode(Base, Timestamps):
    """A code that was sent into a member's chat. `tries` counts all tries, right or wrong."""

    __tablename__ = "sign_in_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship()


class ApiSession(Base, Timestamps):
    """A device that is signed in as a member: a program, or a browser that shows the dashboard.

    A program signed in with a code. It has a family of refresh tokens, each of which can be used once; if one is used a
    second time, the session ends. `device` is the program's own name for itself.

    A browser signed in with a link from the chat. It has a cookie, of which `browser_hash` is the hash, no scopes and
    no tokens: it can use the dashboard and not the API. `device` is made of what the browser says about itself.
    """

    __tablename__ = "api_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    device: Mapped[str] = mapped_column(String(60))
    scopes: Mapped[list[str]]
    signed_in_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    ended_why: Mapped[Ended | None] = mapped_column(EnumColumn(Ended))
    browser_hash: Mapped[str | None] = mapped_column(String(64), unique=True)

    member: Mapped[Member] = relationship()


class Confirmation(Base, Timestamps):
    """A code that was sent into a member's chat, to confirm one act that they asked for on the dashboard.

    `act` says what is done once the code is typed: its name, ids and choices. `session_id` is the browser in which it
    was asked for; only that browser can confirm it. `tries` counts all tries, right or wrong.
    """

    __tablename__ = "confirmations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[UUID] = mapped_column(ForeignKey("api_sessions.id", ondelete="CASCADE"), index=True)
    act: Mapped[dict[str, Any]]
    code_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    tries: Mapped[int] = mapped_column(default=0)
    used_at: Mapped[datetime | None]


class RefreshToken(Base):
    """A refresh token of a session. `used_at` is when it was exchanged for the next one."""

    __tablename__ = "refresh_tokens"

    id: Mapped[Key]
    session_id: Mapped[UUID] = mapped_column(ForeignKey("api_sessions.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    session: Mapped[ApiSession] = relationship()


class PersonalToken(Base, Timestamps):
    """A token that a member made for a script, with its permissions."""

    __tablename__ = "personal_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    last_used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    member: Mapped[Member] = relationship()


class KeptAnswer(Base):
    """The answer to a POST with an Idempotency-Key. If the request is repeated within a day, it gets this answer again.

    `owner_hash` tells the keys of different callers apart, `request_hash` identifies the request. `answer` is sealed,
    because it may contain tokens.
    """

    __tablename__ = "kept_answers"
    __table_args__ = (UniqueConstraint("owner_hash", "key_hash"), key_index("kept_answers_answer_key_idx", "answer"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    owner_hash: Mapped[str] = mapped_column(String(64))
    key_hash: Mapped[str] = mapped_column(String(64))
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id", ondelete="CASCADE"), index=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(index=True)
