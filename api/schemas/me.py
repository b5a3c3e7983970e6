"""The member's own settings, Garmin account, and data."""

from marshmallow import Schema, fields, validate

from api.declaring.envelopes import Strict
from api.schemas.parts import Clock, Switch, Text, Whole, one_of, zone
from messages.languages import languages
from models import GarminMethod, GarminStatus, Units
from services.people.choices import LONGEST_NAME

UNITS = [each.value for each in Units]


class QuietHours(Strict):
    """The time of day in which nothing is sent unasked; there is none if both are equal."""

    start = Clock(required=True)
    end = Clock(required=True)


class GarminSchema(Schema):
    """A connected Garmin account, and the state of its syncs."""

    method = fields.Enum(by_value=True, enum=GarminMethod, required=True)
    status = fields.Enum(by_value=True, enum=GarminStatus, required=True)
    garmin_email = fields.String(required=True, allow_none=True)
    name = fields.String(attribute="display_name", required=True)
    linked_at = fields.AwareDateTime(required=True)
    last_sync_at = fields.AwareDateTime(required=True, allow_none=True)
    next_sync_at = fields.AwareDateTime(required=True)
    key_ends_at = fields.AwareDateTime(required=True, allow_none=True)
    last_error = fields.String(required=True, allow_none=True)


class MeSchema(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    full_name = fields.String(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    language = fields.String(attribute="locale", required=True)
    units = fields.Enum(by_value=True, enum=Units, required=True)
    timezone = fields.String(required=True)
    quiet_hours = fields.Nested(QuietHours, required=True)
    includes_private = fields.Boolean(required=True)
    rivalries = fields.Boolean(required=True, metadata={"description": "Whether one may be compared with others."})
    garmin = fields.Nested(GarminSchema, required=True, allow_none=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class MeBody(Strict):
    name = Text(LONGEST_NAME)
    language = one_of(list(languages()))
    units = one_of(UNITS)
    timezone = zone()
    quiet_hours = fields.Nested(QuietHours)
    rivalries = Switch(metadata={"description": "Whether one may be compared with others, week by week."})
    includes_private = Switch(metadata={"description": "Whether activities that are private at Garmin count."})


class LinkSchema(Schema):
    """A page that one browser can open, within 15 minutes."""

    url = fields.Url(required=True, require_tld=False)
    expires_at = fields.AwareDateTime(required=True)


class SyncSchema(Schema):
    """`until` is set if syncs with Garmin are paused until then; in that case none was requested."""

    is_asked = fields.Boolean(required=True)
    until = fields.AwareDateTime(required=True, allow_none=True)


class UnlinkQuery(Strict):
    activities = fields.String(
        load_default="keep",
        validate=validate.OneOf(["keep", "erase"]),
        metadata={"description": "What becomes of one's activities."},
    )


class DetailSchema(Schema):
    detail = fields.String(required=True)


class EraseBody(Strict):
    code = Whole(0, 999_999, required=True, metadata={"description": "The code from the chat."})
