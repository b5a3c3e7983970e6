"""Boards, goals, challenges."""

from marshmallow import Schema, fields

from api.declaring.envelopes import PageQuery, Strict
from api.schemas.parts import DIMENSIONS, METRICS, SPORTS, Size, Text, one_of
from fitness.challenges import Contest
from fitness.routes import Route
from services.play.challenges import MOST_NAME
from services.play.goals import AIMS

MOST_SIZE = 1e12
CONTESTS = [each.value for each in Contest]
ROUTES = [each.value for each in Route]


class BoardQuery(PageQuery):
    metric = one_of(METRICS, load_default="points")
    sport = one_of(SPORTS)
    since = fields.Date(metadata={"description": "The first day; the Monday of this week if left out."})
    until = fields.Date(metadata={"description": "The last day; the end of that week if left out."})


class BoardRowSchema(Schema):
    """A line of a board. A nameless row has no `member_id`; `place` is null if the group shows no ranking."""

    place = fields.Integer(required=True, allow_none=True)
    member_id = fields.Integer(required=True, allow_none=True)
    name = fields.String(required=True)
    value = fields.Float(required=True, metadata={"description": DIMENSIONS})
    moved = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Places up (or down) since the days before."}
    )
    is_me = fields.Boolean(required=True)


class GoalBody(Strict):
    metric = one_of(list(AIMS), required=True)
    target = Size(MOST_SIZE, required=True, metadata={"description": DIMENSIONS})
    sport = one_of(SPORTS, load_default=None, allow_none=True)
    since = fields.Date(required=True)
    until = fields.Date(required=True)


class GoalSchema(Schema):
    """A goal and its progress. `on` is the day by which it will be reached at the recent pace."""

    metric = fields.String(required=True)
    sport = fields.String(required=True, allow_none=True)
    since = fields.Date(required=True)
    until = fields.Date(required=True)
    target = fields.Float(required=True)
    done = fields.Float(required=True)
    percent = fields.Integer(required=True)
    by_end = fields.Float(required=True)
    on = fields.Date(required=True, allow_none=True)
    days_left = fields.Integer(required=True)


class ChallengeSchema(Schema):
    number = fields.Integer(required=True)
    name = fields.String(required=True, allow_none=True)
    contest = fields.String(required=True)
    metric = fields.String(required=True)
    sport = fields.String(required=True, allow_none=True)
    route = fields.String(required=True, allow_none=True)
    target = fields.Float(required=True, allow_none=True)
    since = fields.Date(attribute="starts", required=True)
    until = fields.Date(attribute="ends", required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class LineSchema(Schema):
    place = fields.Integer(required=True, allow_none=True)
    member_id = fields.Integer(required=True)
    name = fields.String(required=True)
    value = fields.Float(required=True)


class StandingSchema(ChallengeSchema):
    """The standing of a challenge, computed from what its participants share."""

    takes_part = fields.Boolean(required=True, metadata={"description": "Oneself."})
    days_left = fields.Integer(required=True)
    done = fields.Float(required=True, metadata={"description": "By all together, where it is a common undertaking."})
    lines = fields.List(fields.Nested(LineSchema), required=True)


class NewChallengeBody(Strict):
    contest = one_of(CONTESTS, required=True)
    metric = one_of(list(AIMS), load_default="points")
    since = fields.Date(required=True)
    until = fields.Date(required=True)
    sport = one_of(SPORTS, load_default=None, allow_none=True)
    route = one_of(ROUTES, load_default=None, allow_none=True)
    target = Size(MOST_SIZE, load_default=None, allow_none=True, metadata={"description": DIMENSIONS})
    name = Text(MOST_NAME, load_default=None, allow_none=True)
