"""Rivalries, seasons and kudos."""

from marshmallow import Schema, fields

from api.declaring.envelopes import Strict
from api.schemas.parts import Text
from services.group.kudos import MOST_WORDS


class RivalrySchema(Schema):
    """Two members compared week by week, over the weeks in which both have points; points of this week.

    `gap` is the median difference as a fraction of the winner's points.
    """

    member_id = fields.Integer(required=True, metadata={"description": "The other member."})
    name = fields.String(required=True)
    won = fields.Integer(required=True)
    lost = fields.Integer(required=True)
    weeks = fields.Integer(required=True)
    since = fields.Date(required=True)
    gap = fields.Float(required=True)
    is_close = fields.Boolean(required=True, metadata={"description": "Whether it counts as a rivalry."})
    my_points = fields.Float(required=True)
    their_points = fields.Float(required=True)


class TallySchema(Schema):
    place = fields.Integer(required=True)
    member_id = fields.Integer(required=True)
    name = fields.String(required=True)
    value = fields.Float(required=True, metadata={"description": "3, 2 and 1 for each week's first three, added up."})


class SeasonSchema(Schema):
    """A season of twelve weeks. The tallies are empty if the group shows no ranking."""

    number = fields.Integer(required=True)
    since = fields.Date(required=True)
    until = fields.Date(required=True)
    weeks_over = fields.Integer(required=True)
    tally = fields.List(fields.Nested(TallySchema), required=True)
    all_time = fields.List(fields.Nested(TallySchema), required=True)


class KudosBody(Strict):
    words = Text(MOST_WORDS, least=0, load_default="", metadata={"description": "What to say; it may be empty."})


class KudosSchema(Schema):
    """Praise for a member. It is shown in the chat, below the next message to them."""

    name = fields.String(
        required=True, metadata={"description": "Who gives it, or in a list of one's own, who gave it."}
    )
    group_id = fields.Integer(required=True)
    words = fields.String(required=True)
    given_at = fields.AwareDateTime(required=True)
