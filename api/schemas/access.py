"""Signing in, sessions, and tokens."""

from typing import Any

from marshmallow import Schema, fields, validate

from api.declaring.envelopes import PageQuery, Strict
from api.schemas.parts import Text, Whole
from models import Scope
from services.people.personal_tokens import DAYS, MAY_HAVE, MOST_DAYS, MOST_NAME
from services.people.sessions import MOST_DEVICE

ALL = [each.value for each in Scope]
FOR_TOKENS = [each.value for each in MAY_HAVE]


def _scopes(known: list[str], **more: Any) -> Any:
    each = fields.String(validate=validate.OneOf(known))
    return fields.List(each, validate=validate.Length(1, len(known)), **more)


class CodeWanted(Strict):
    number = Text(30, required=True, least=5, metadata={"description": "The member's number: +32470123456."})


class CodeAskedSchema(Schema):
    request = fields.UUID(required=True)
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds."})
    detail = fields.String(required=True)


class SignInBody(Strict):
    request = fields.UUID(required=True)
    code = Text(12, required=True)
    device = Text(MOST_DEVICE, load_default="", least=0, metadata={"description": "What the program calls itself."})
    scopes = _scopes(ALL, load_default=ALL)


class RefreshBody(Strict):
    refresh_token = Text(200, required=True)


class TokenBody(Strict):
    token = Text(2_000, required=True)


class TokensSchema(Schema):
    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True, metadata={"description": "Seconds."})
    refresh_token = fields.String(required=True)
    refresh_expires_in = fields.Integer(required=True, metadata={"description": "Seconds."})
    session = fields.UUID(required=True)
    scopes = fields.List(fields.String(), required=True)


class VerifiedSchema(Schema):
    """Whether a token is valid. Of an invalid token nothing else is told (as in RFC 7662)."""

    active = fields.Boolean(required=True)
    scopes = fields.List(fields.String())
    expires_at = fields.AwareDateTime()


class SessionSchema(Schema):
    id = fields.UUID(required=True)
    device = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    signed_in_at = fields.AwareDateTime(required=True)
    last_used_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    is_this_one = fields.Boolean(required=True)


class EndedSchema(Schema):
    ended = fields.Integer(required=True)


class NewTokenBody(Strict):
    name = Text(MOST_NAME, required=True)
    scopes = _scopes(FOR_TOKENS, required=True)
    days = Whole(1, MOST_DAYS, load_default=DAYS)


class PersonalTokenSchema(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    made_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)
    last_used_at = fields.AwareDateTime(required=True, allow_none=True)


class NewTokenSchema(PersonalTokenSchema):
    token = fields.String(required=True, metadata={"description": "Shown only now."})


class ListQuery(PageQuery):
    """A list that can be sorted in one way only."""
