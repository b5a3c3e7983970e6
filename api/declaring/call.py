"""The credential of a request, and the object that every handler receives."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request
from sqlalchemy.orm import Session, joinedload

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
    """The session or personal token that a request was made with, its member, and its permissions."""

    member: Member
    scopes: frozenset[str]
    expires_at: datetime
    session: ApiSession | None = None
    token_id: UUID | None = None

    @property
    def name(self) -> str:
        """A name that tells the owner's keys and requests from those of others."""
        return f"session:{self.session.id}" if self.session else f"token:{self.token_id}"


@dataclass
class Call:
    """One request, inside one transaction. `who` is None if the endpoint needs no token.

    `precondition` raises a problem if If-Match does not match; it is called after the request was found valid.
    """

    world: World
    session: Session
    now: datetime
    who: Credential | None
    precondition: Callable[[], None] | None = None

    def require_precondition(self) -> None:
        """Raise the problem if If-Match does not match. A second call does nothing."""
        asked, self.precondition = self.precondition, None
        if asked is not None:
            asked()

    @property
    def member(self) -> Member:
        """The member who made the request."""
        if self.who is None:
            raise Problem("not-signed-in")
        return self.who.member

    @property
    def my_session(self) -> ApiSession:
        """The session of the request. A personal token is refused."""
        if self.who is None or self.who.session is None:
            refuse("scope-missing", scope=Scope.ACCOUNT.value)
        return self.who.session

    @property
    def scopes(self) -> frozenset[str]:
        """The permissions of the request's token."""
        return self.who.scopes if self.who else frozenset()

    @cached_property
    def reader(self) -> Reader:
        """How the member reads: language, units, time zone."""
        return make_reader(self.member) if self.who else Reader()

    def place(self, group_id: int) -> Membership:
        """Return the member's membership in this group. Raises not-found if they are not in it."""
        found = find_membership_in(self.session, self.member, group_id)
        if found is None:
            refuse("not-found")
        return found

    def find_theirs(self, group_id: int, place_id: int) -> Membership:
        """Return this membership, with its member, if it is in a group that the member of the request is in too.

        Raises not-found.
        """
        self.place(group_id)
        found = self.session.get(Membership, place_id, options=[joinedload(Membership.member)])
        if found is None or found.group_id != group_id or found.left_at is not None:
            refuse("not-found")
        return found

    def today(self, of: Member | Group | None = None) -> date:
        """Return the date where this member or group is; by default where the member of the request is."""
        return self.now.astimezone(ZoneInfo((of or self.member).timezone)).date()


def credential_of(world: World, session: Session, now: datetime) -> Credential:
    """Return the credential of the request. Raises the problem that says what is wrong."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if kind.casefold() != "bearer" or not token:
        refuse("not-signed-in")
    return credential_of_token(world, session, token, now)


def credential_of_token(world: World, session: Session, token: str, now: datetime) -> Credential:
    """Return the credential of this token. Raises the problem that says what is wrong."""
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
    """Raise scope-missing if the token does not have this permission."""
    if scope.value not in who.scopes:
        refuse("scope-missing", scope=scope.value, **(more or {}))
