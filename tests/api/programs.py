"""A program that uses the API: the real app and real rows, created without the chat."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from api.declaring import tokens
from models import Identity, IdentityKind, Member, Scope
from services.people import personal_tokens, sessions
from tests.town import Town
from web.app import create_app
from world import World

V1 = "/api/v1"
_LATEST: list[tuple[World, Flask]] = []


@dataclass
class Program:
    """A program's tokens: an access token and a refresh token, or a personal token."""

    client: FlaskClient
    access: str = ""
    refresh: str = ""
    session: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Send a request; `headers` are written with underscores."""
        sent = {"Authorization": f"Bearer {self.access}"} if self.access else {}
        sent |= self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        given = {} if body is None else {"data": body} if isinstance(body, bytes) else {"json": body}
        return self.client.open(V1 + path, method=method, headers=sent, **given)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.ask("POST", path, {} if body is None else body, **headers)

    def data(self, path: str) -> Any:
        """Return the data at this path. Fails for any status but 200."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json["data"]

    def renew(self, token: str | None = None, **headers: str) -> TestResponse:
        """Exchange a refresh token, by default the program's own."""
        return self.post("/auth/tokens/refresh", {"refresh_token": token or self.refresh}, **headers)


def client_of(world: World) -> FlaskClient:
    """Return a client of an app for this world. Several clients of one world share an app, which takes a tenth of a
    second to make.
    """
    if not _LATEST or _LATEST[0][0] is not world:
        _LATEST[:] = [(world, create_app(world))]
    return _LATEST[0][1].test_client()


def nobody(world: World) -> Program:
    """Return a program that is not signed in."""
    return Program(client_of(world))


def member_of(town: Town, name: str, number: int = 1, **more: Any) -> Member:
    """Add a member who wrote an hour ago."""
    phone = f"+3247{number:07}"
    member = Member(name=name, address=f"whatsapp:{phone}", timezone="Europe/Brussels", **more)
    member.last_inbound_at = member.last_inbound_at or town.clock() - timedelta(hours=1)
    with town.world.sessions.begin() as session:
        session.add(member)
        session.flush()
        session.add(Identity(member_id=member.id, kind=IdentityKind.PHONE, value=phone))
    return member


def signed_in(world: World, member_id: int, *, scopes: list[Scope] | None = None, device: str = "tests") -> Program:
    """Return a program with a new session of this member."""
    with world.sessions.begin() as session:
        member = session.get_one(Member, member_id)
        made = sessions.begin(session, member, device, list(Scope) if scopes is None else scopes, world.now())
        access = tokens.make(world, made.session, world.now())
    return Program(client_of(world), access, made.refresh, made.session.id)


def script(world: World, member_id: int, *scopes: Scope) -> Program:
    """Return a script with a personal token that has these permissions."""
    with world.sessions.begin() as session:
        member = session.get_one(Member, member_id)
        _, token = personal_tokens.make(session, member, "a test", list(scopes), 30, world.now())
    return Program(client_of(world), token)


def slug(answer: TestResponse) -> str:
    """Return the name of the problem."""
    assert answer.content_type == "application/problem+json", answer.text
    assert answer.json["status"] == answer.status_code
    return str(answer.json["type"]).rpartition("#")[2]


def rows(world: World, model: type, **having: Any) -> list[Any]:
    with world.sessions() as session:
        return list(session.scalars(select(model).filter_by(**having)))
