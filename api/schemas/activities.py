"""The member's own activities, records and totals."""

from marshmallow import Schema, fields, validate

from api.declaring.envelopes import PageQuery, Strict
from api.schemas.parts import SPORTS, Flag, Size, Switch, one_of, sort
from fitness.records import RecordKind
from models import DoubtAnswer
from services.training.entries import FARTHEST, LONGEST


class ActivitySchema(Schema):
    """Seconds, metres, kilocalories, beats per minute, points. `date` is the day on the watch."""

    id = fields.Integer(required=True)
    source = fields.String(
        required=True,
        metadata={"description": "`garmin` or another place of accounts, `file`, or `chat`: logged by hand."},
    )
    external_id = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "The number by which the source knows it. Null for a file and for what was logged."},
    )
    sport = fields.String(required=True)
    type = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)
    start = fields.AwareDateTime(attribute="start_utc", required=True)
    date = fields.Date(attribute="local_date", required=True)
    duration = fields.Float(required=True)
    moving_duration = fields.Float(required=True, allow_none=True)
    distance = fields.Float(required=True, allow_none=True)
    elevation_gain = fields.Float(required=True, allow_none=True)
    calories = fields.Float(required=True, allow_none=True)
    average_hr = fields.Float(required=True, allow_none=True)
    points = fields.Float(required=True)
    metrics = fields.Dict(attribute="processed_metrics", required=True)
    is_private = fields.Boolean(attribute="private", required=True)
    is_excluded = fields.Boolean(required=True)
    is_twin = fields.Boolean(
        required=True, metadata={"description": "Another device recorded it too, and that record counts."}
    )
    doubt = fields.String(required=True, allow_none=True)
    doubt_answer = fields.Enum(DoubtAnswer, by_value=True, required=True, allow_none=True)
    updated_at = fields.AwareDateTime(required=True)


class ActivitiesQuery(PageQuery):
    sort = sort(["start", "duration", "distance", "points"], "-start")
    since = fields.Date(metadata={"description": "The first day."})
    until = fields.Date(metadata={"description": "The last day."})
    sport = one_of(SPORTS)
    excluded = Flag(metadata={"description": "Only those that were left out, or only the others."})


class NewActivityBody(Strict):
    sport = one_of(SPORTS, required=True)
    date = fields.Date(required=True, metadata={"description": "Within the last 30 days."})
    duration = Size(LONGEST, least=60, required=True, metadata={"description": "Seconds."})
    distance = Size(FARTHEST, load_default=None, allow_none=True, metadata={"description": "Metres."})


class ActivityBody(Strict):
    is_excluded = Switch(metadata={"description": "Leave it out of everything, or let it count again."})
    sport = one_of(SPORTS)
    date = fields.Date()
    duration = Size(LONGEST, least=60)
    distance = Size(FARTHEST, allow_none=True)


class FileQuery(Strict):
    format = fields.String(required=True, validate=validate.OneOf(["fit", "gpx", "tcx"]))


class FileSchema(Schema):
    """A file that was sent. `problem` says why it could not be read."""

    id = fields.Integer(required=True)
    state = one_of(["waiting", "read", "not_read"], required=True)
    problem = fields.String(required=True, allow_none=True)
    received_at = fields.AwareDateTime(required=True)


class RecordsQuery(PageQuery):
    sport = one_of(SPORTS)


class RecordSchema(Schema):
    """A record in seconds, metres, or metres climbed; `metres` is the distance of a split."""

    sport = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([each.value for each in RecordKind]))
    metres = fields.Integer(required=True)
    value = fields.Float(required=True)
    before = fields.Float(required=True, allow_none=True)
    date = fields.Date(attribute="day", required=True)
    activity_id = fields.Integer(required=True)


class DaysQuery(Strict):
    since = fields.Date(metadata={"description": "The first day; the Monday of this week if left out."})
    until = fields.Date(metadata={"description": "The last day; the end of that week if left out."})
    sport = one_of(SPORTS)


class TotalsSchema(Schema):
    """Activities, seconds, metres, metres climbed and points in total; and the seconds of each sport."""

    since = fields.Date(required=True)
    until = fields.Date(required=True)
    count = fields.Integer(required=True)
    time = fields.Float(required=True)
    distance = fields.Float(required=True)
    elevation = fields.Float(required=True)
    points = fields.Float(required=True)
    sports = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)
