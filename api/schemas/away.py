"""Being away."""

from marshmallow import Schema, fields

from api.declaring.envelopes import Strict
from api.schemas.parts import Switch


class AbsenceSchema(Schema):
    """Days in which the member is away; `until` is null until they say that they are back. Why is not stored."""

    since = fields.Date(required=True)
    until = fields.Date(required=True, allow_none=True)
    shown = fields.Boolean(required=True, metadata={"description": "Whether the groups may see it."})


class AbsenceBody(Strict):
    since = fields.Date(load_default=None, allow_none=True, metadata={"description": "Today if left out."})
    until = fields.Date(load_default=None, allow_none=True, metadata={"description": "The last day, if it is known."})
    shown = Switch(load_default=False)
