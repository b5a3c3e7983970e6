"""Digests, their schedule, and pages that show them."""

from marshmallow import Schema, fields

from api.declaring.envelopes import Strict
from api.schemas.parts import Text, one_of, zone
from models import RunStatus
from services.digest.stories.text import DigestForm

FORMS = [each.value for each in DigestForm]


class DigestSchema(Schema):
    """One digest of a group; `since` and `until` are its days."""

    id = fields.Integer(required=True)
    since = fields.Date(attribute="period_start", required=True)
    until = fields.Date(attribute="period_end", required=True)
    status = fields.Enum(RunStatus, by_value=True, required=True)
    due_at = fields.AwareDateTime(required=True)
    generated_at = fields.AwareDateTime(required=True, allow_none=True)
    sent_at = fields.AwareDateTime(required=True, allow_none=True)


class DigestTextSchema(Schema):
    """A digest as the member reads it."""

    since = fields.Date(required=True)
    until = fields.Date(required=True)
    text = fields.String(required=True)


class ReadQuery(Strict):
    form = one_of(FORMS, load_default=None, allow_none=False)


class ScheduleSchema(Schema):
    cron = fields.String(required=True, allow_none=True, metadata={"description": "Five fields; null: no digest."})
    timezone = fields.String(required=True)
    form = fields.String(required=True)
    next_digest_at = fields.AwareDateTime(required=True, allow_none=True)


class ScheduleBody(Strict):
    cron = Text(40, required=True, allow_none=True)
    timezone = zone()
    form = one_of(FORMS)


class SharePageSchema(Schema):
    url = fields.Url(required=True, require_tld=False, metadata={"description": "Shown only now."})
    expires_at = fields.AwareDateTime(required=True)


class ShareBody(Strict):
    digest = fields.Integer(required=True, strict=True, metadata={"description": "The id of a digest that was sent."})


class ClosedSchema(Schema):
    closed = fields.Integer(required=True)
