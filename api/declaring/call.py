"""Who asks, and what everything that answers a request is handed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request
from sqlalchemy.orm import Session

from api.declaring import tokens
from api.declaring.problems import Problem, refuse
from messages.render import Reader
from models import ApiSession, Group, Member, Membership, Scope
from services.ground.recipients import make_reader
from services.people import personal_tokens, sessions
from services.people.members import find_membership_in
from world import World


@dataclass(frozen=True)
class Credential:
    """What a request was signed in with: a session, or a personal token, and what it may do."""

    member: Member
    scopes: frozenset[str]
    expires_at: datetime
    session: ApiSession | None = None
    token_id: UUID | None = None

    @property
    def name(self) -> str:
        """By which its owner's keys and requests are told from others'."""
        return f"session:{self.session.id}" if self.session else f"token:{self.token_id}"


@dataclass
class Call:
    """One request, inside one transaction. `who` is None where no token is needed.

    `precondition` refuses where If-Match does not hold; it is asked once the request itself is known to be valid.
    """

    world: World
    session: Session
    now: datetime
    who: Credential | None
    precondition: Callable[[], None] | None = None

    def require_precondition(self) -> None:
        """Ask whether If-Match holds, once."""
        asked, self.precondition = self.precondition, None
        if asked is not None:
            asked()

    @property
    def member(self) -> Member:
        """Whoever asks."""
        if self.who is None:
            raise Problem("not-signed-in")
        return self.who.member

    @property
    def my_session(self) -> ApiSession:
        """The session of whoever asks; no personal token gets here."""
        if self.who is None or self.who.session is None:
            refuse("scope-missing", scope=Scope.ACCOUNT.value)
        return self.who.session

    @property
    def scopes(self) -> frozenset[str]:
        """What whoever asks may do with it."""
        return self.who.scopes if self.who else frozenset()

    @cached_property
    def reader(self) -> Reader:
        """How whoever asks reads."""
        return make_reader(self.member) if self.who else Reader()

    def place(self, group_id: int) -> Membership:
        """The place of whoever asks in this group. A group that they are not in is not found."""
        found = find_membership_in(self.session, self.member, group_id)
        if found is None:
            refuse("not-found")
        return found

    def today(self, of: Member | Group | None = None) -> date:
        """The date where the member or the group is; without one, where whoever asks is."""
        return self.now.astimezone(ZoneInfo((of or self.member).timezone)).date()


def credential_of(world: World, session: Session, now: datetime) -> Credential:
    """Find out who asks. Raises the problem that says what is wrong."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if kind.casefold() != "bearer" or not token:
        refuse("not-signed-in")
    return credential_of_token(world, session, token, now)


def credential_of_token(world: World, session: Session, token: str, now: datetime) -> Credential:
    """Find out whose token this is. Raises the problem that says what is wrong."""
    if token.startswith(personal_tokens.PREFIX):
        found = _by_personal_token(session, token, now)
    else:
        found = _by_session(world, session, token, now)
    if found.member.doubted_at is not None:
        refuse("number-in-doubt")
    return found


def _by_personal_token(session: Session, token: str, now: datetime) -> Credential:
    row = personal_tokens.find_token(session, token, now)
    if row is None:
        refuse("not-signed-in")
    return Credential(row.member, frozenset(row.scopes), row.expires_at, token_id=row.id)


def _by_session(world: World, session: Session, token: str, now: datetime) -> Credential:
    try:
        claims = tokens.read(world, token, now)
    except tokens.Over:
        refuse("token-over")
    except tokens.NotGood:
        refuse("not-signed-in")
    row = sessions.find_open_session(session, claims.session_id, now)
    if row is None or row.member_id != claims.member_id:
        refuse("not-signed-in")
    return Credential(row.member, frozenset(row.scopes), claims.expires_at, session=row)


def require_scope(who: Credential, scope: Scope, more: dict[str, Any] | None = None) -> None:
    """Refuse to a token that may not do this."""
    if scope.value not in who.scopes:
        refuse("scope-missing", scope=scope.value, **(more or {}))
