"""Addresses for calendar apps and feed readers."""

from marshmallow import Schema, fields

from api.declaring.envelopes import Strict
from api.schemas.parts import Whole, one_of
from models import FeedKind

KINDS = [each.value for each in FeedKind]
LARGEST_ID = 2**53 - 1


class FeedSchema(Schema):
    """An address that has not ended. The address itself is not stored."""

    id = fields.UUID(required=True)
    kind = fields.Enum(FeedKind, by_value=True, required=True)
    group_id = fields.Integer(required=True, allow_none=True)
    made_at = fields.AwareDateTime(required=True)
    last_read_at = fields.AwareDateTime(required=True, allow_none=True)


class NewFeedBody(Strict):
    kind = one_of(KINDS, required=True)
    group_id = Whole(
        1,
        LARGEST_ID,
        load_default=None,
        allow_none=True,
        metadata={"description": "The group whose digests are shown; a calendar shows all groups."},
    )


class NewFeedSchema(FeedSchema):
    url = fields.Url(required=True, require_tld=False, metadata={"description": "Shown only now."})
