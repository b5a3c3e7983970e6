"""Groups, their members, invites, and what a group sees of a member."""

from marshmallow import Schema, fields, validate

from api.declaring.envelopes import PageQuery, Strict
from api.schemas.parts import Flag, Switch, Text, Whole, one_of, sort
from fitness.metrics import FIELDS
from models import Answer, Role
from services.ground.group_settings import MOST_CHEER_BELOW
from services.group.groups import MOST_DESCRIPTION
from services.group.invites import DAYS, MOST_DAYS, MOST_USES, USES

ROLES = [each.value for each in Role]
WEEK_STARTS = {"monday": 0, "saturday": 5, "sunday": 6}


class SettingsSchema(Strict):
    """A group's settings; docs/guide.md explains them."""

    ranking = Switch()
    cheer_below = Whole(1, MOST_CHEER_BELOW)
    manual_percent = Whole(0, 100)
    week_start = one_of(list(WEEK_STARTS))
    approval = Switch()
    members_invite = Switch()
    members_challenge = Switch()


class GroupSchema(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True, allow_none=True)
    whatsapp_group_id = fields.String(required=True, allow_none=True)
    timezone = fields.String(required=True)
    role = fields.Enum(Role, by_value=True, required=True, metadata={"description": "One's own."})
    members = fields.Integer(required=True)
    digest_schedule = fields.String(required=True, allow_none=True, metadata={"description": "Five cron fields."})
    next_digest_at = fields.AwareDateTime(required=True, allow_none=True)
    settings = fields.Nested(SettingsSchema, required=True)
    is_active = fields.Boolean(required=True)
    created_at = fields.AwareDateTime(required=True)
    updated_at = fields.AwareDateTime(required=True)


class NewGroupBody(Strict):
    name = Text(40, required=True)


class GroupBody(Strict):
    name = Text(40)
    description = Text(MOST_DESCRIPTION, allow_none=True)
    settings = fields.Nested(SettingsSchema)


class MemberSchema(Schema):
    """A member of a group; `id` is the id of the membership."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    role = fields.Enum(Role, by_value=True, required=True)
    joined_at = fields.AwareDateTime(required=True)
    is_me = fields.Boolean(required=True)


class RoleBody(Strict):
    role = one_of(ROLES, required=True)


class RemoveQuery(Strict):
    ban = Flag(load_default=False, metadata={"description": "Let no code let them in again, either."})


class InviteSchema(Schema):
    """A valid invite; its code is not stored."""

    id = fields.Integer(required=True)
    uses = fields.Integer(required=True)
    most_uses = fields.Integer(required=True)
    expires_at = fields.AwareDateTime(required=True)


class NewInviteBody(Strict):
    days = Whole(1, MOST_DAYS, load_default=DAYS)
    uses = Whole(1, MOST_USES, load_default=USES)


class NewInviteSchema(Schema):
    code = fields.String(required=True, metadata={"description": "Shown only now."})
    link = fields.Url(required=True, metadata={"description": "Opens WhatsApp with the line that joins."})
    uses = fields.Integer(required=True)
    expires_at = fields.AwareDateTime(required=True)


class JoinBody(Strict):
    code = Text(12, required=True)
    agreed = Switch(
        required=True,
        validate=validate.Equal(True),
        metadata={"enum": [True], "description": "That the others see what GET /me/consent says."},
    )
    hidden = Switch(load_default=False, metadata={"description": "Be seen by nobody until one has chosen what."})


class JoinedSchema(Schema):
    """`waits` is true if an admin must admit the member first."""

    group_id = fields.Integer(required=True)
    group = fields.String(required=True)
    waits = fields.Boolean(required=True)


class ConsentSchema(Schema):
    version = fields.String(required=True)
    text = fields.String(required=True)


class RequestSchema(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    asked_at = fields.AwareDateTime(required=True)


class AnswerBody(Strict):
    answer = one_of([Answer.APPROVED.value, Answer.DECLINED.value], required=True)


class SharingSchema(Schema):
    """What a group sees of the member."""

    fields_shared = fields.List(fields.String(validate=validate.OneOf(FIELDS)), data_key="fields", required=True)
    hidden = fields.Boolean(required=True)
    anonymous = fields.Boolean(required=True)
    muted_until = fields.AwareDateTime(required=True, allow_none=True)


class SharingBody(Strict):
    fields_shared = fields.List(
        fields.String(validate=validate.OneOf(FIELDS)), data_key="fields", validate=validate.Length(0, len(FIELDS))
    )
    hidden = Switch()
    anonymous = Switch()
    muted_weeks = Whole(0, 52, metadata={"description": "Get no digest for so many weeks; 0 gets it again."})


class MembersQuery(PageQuery):
    sort = sort(["joined_at"], "joined_at")


class ActSchema(Schema):
    at = fields.AwareDateTime(required=True)
    action = fields.String(required=True)
    text = fields.String(required=True)
