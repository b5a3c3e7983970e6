"""Renewing tokens, listing and ending sessions, and personal tokens for scripts."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from api.declaring import paging, problems
from api.declaring.call import Call, credential_of_token
from api.declaring.endpoints import endpoint
from api.declaring.problems import Problem, refuse
from api.resources.tokens import told
from api.schemas.access import (
    EndedSchema,
    ListQuery,
    NewTokenBody,
    NewTokenSchema,
    PersonalTokenSchema,
    RefreshBody,
    SessionSchema,
    TokenBody,
    TokensSchema,
    VerifiedSchema,
)
from models import ApiSession, PersonalToken, Scope
from services.people import personal_tokens, sessions

FRESH = timedelta(minutes=15)  # the member must have signed in this recently to make a personal token


@endpoint("POST", "/auth/tokens/refresh", scope=None, body=RefreshBody, gives=TokensSchema)
def refresh(call: Call, body: dict[str, Any]) -> Any:
    """Exchange a refresh token for new tokens. Each can be used once; using it a second time ends its session."""
    renewed = sessions.renew(call.session, body["refresh_token"], call.now)
    if renewed is None:
        return problems.own(Problem("refresh-not-good"))  # not raised, because the end of the session must be committed
    return told(call, renewed)


@endpoint("POST", "/auth/tokens/verify", scope=None, body=TokenBody, gives=VerifiedSchema)
def verify(call: Call, body: dict[str, Any]) -> Any:
    """Return whether an access token or personal token is valid, and its permissions."""
    try:
        found = credential_of_token(call.world, call.session, body["token"], call.now)
    except Problem:
        return {"active": False}
    return {"active": True, "scopes": sorted(found.scopes), "expires_at": found.expires_at}


@endpoint("GET", "/auth/sessions", scope=Scope.ACCOUNT, query=ListQuery, gives=SessionSchema, many=True)
def list_sessions(call: Call, query: dict[str, Any]) -> Any:
    """List the programs and browsers that are signed in as you, the last used first. A browser has no scopes."""
    found = [
        {**_columns(each), "is_this_one": each.id == call.my_session.id}
        for each in sessions.list_open_sessions(call.session, call.member, call.now)
    ]
    return paging.of_list(call, found, query)


@endpoint("DELETE", "/auth/sessions", scope=Scope.ACCOUNT, gives=EndedSchema)
def end_all_sessions(call: Call) -> Any:
    """End all sessions, including this one. Personal tokens, and addresses for calendars and feed readers, stay."""
    return {"ended": sessions.end_all(call.session, call.member, call.now)}


@endpoint("DELETE", "/auth/sessions/<uuid:session_id>", scope=Scope.ACCOUNT, status=204)
def end_session(call: Call, session_id: UUID) -> None:
    """Sign one program or browser out."""
    row = call.session.get(ApiSession, session_id)
    if row is None or row.member_id != call.member.id or row.ended_at is not None:
        refuse("not-found")
    sessions.end(call.session, row, call.now)


@endpoint("GET", "/auth/personal-tokens", scope=Scope.ACCOUNT, query=ListQuery, gives=PersonalTokenSchema, many=True)
def list_personal_tokens(call: Call, query: dict[str, Any]) -> Any:
    """List your valid personal tokens, newest first. The tokens themselves are not stored."""
    return paging.of_list(call, personal_tokens.list_tokens(call.session, call.member, call.now), query)


@endpoint("POST", "/auth/personal-tokens", scope=Scope.ACCOUNT, body=NewTokenBody, gives=NewTokenSchema, status=201)
def make_personal_token(call: Call, body: dict[str, Any]) -> Any:
    """Make a personal token for a script, with only the permissions that it needs. You must have signed
    in within the last 15 minutes.
    """
    if call.now - call.my_session.signed_in_at > FRESH:
        refuse("sign-in-again")
    scopes = [Scope(each) for each in body["scopes"]]
    if missing := {each.value for each in scopes} - call.scopes:
        refuse("scope-missing", scope=min(missing))
    row, token = personal_tokens.make(call.session, call.member, body["name"], scopes, body["days"], call.now)
    return {**{name: getattr(row, name) for name in PersonalTokenSchema().fields}, "token": token}


@endpoint("DELETE", "/auth/personal-tokens/<uuid:token_id>", scope=Scope.ACCOUNT, status=204)
def end_personal_token(call: Call, token_id: UUID) -> None:
    """End a personal token."""
    row = call.session.get(PersonalToken, token_id)
    if row is None or row.member_id != call.member.id or row.ended_at is not None:
        refuse("not-found")
    personal_tokens.end(call.session, row, call.now)


def _columns(row: ApiSession) -> dict[str, Any]:
    return {
        name: getattr(row, name) for name in ("id", "device", "scopes", "signed_in_at", "last_used_at", "expires_at")
    }
