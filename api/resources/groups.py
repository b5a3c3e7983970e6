"""The member's groups: starting, changing and leaving them."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import func, select

from api.declaring import paging
from api.declaring.call import Call
from api.declaring.endpoints import endpoint
from api.declaring.envelopes import PageQuery
from api.schemas.groups import WEEK_STARTS, GroupBody, GroupSchema, NewGroupBody
from models import Membership, Role, Scope
from services.ground.group_settings import read_settings
from services.group import groups, rules
from services.people.members import list_memberships

STARTS = {number: name for name, number in WEEK_STARTS.items()}


@endpoint("GET", "/groups", scope=Scope.GROUPS_READ, query=PageQuery, gives=GroupSchema, many=True)
def list_groups(call: Call, query: dict[str, Any]) -> Any:
    """List your groups, in the order in which you joined them."""
    mine = list_memberships(call.session, call.member)
    sizes = _sizes(call, [each.group_id for each in mine])
    return paging.of_list(call, [_told(each, sizes[each.group_id]) for each in mine], query)


@endpoint("POST", "/groups", scope=Scope.GROUPS_WRITE, body=NewGroupBody, gives=GroupSchema, status=201)
def start_group(call: Call, body: dict[str, Any]) -> Any:
    """Start a group and become its owner."""
    group = groups.start(call.session, call.member, body["name"], call.now)
    call.session.flush()
    return _told(call.place(group.id), 1)


@endpoint("GET", "/groups/<id:group_id>", scope=Scope.GROUPS_READ, gives=GroupSchema)
def get_group(call: Call, group_id: int) -> Any:
    """Return one of your groups."""
    return _told(call.place(group_id), _sizes(call, [group_id])[group_id])


@endpoint(
    "PATCH",
    "/groups/<id:group_id>",
    scope=Scope.GROUPS_WRITE,
    body=GroupBody,
    gives=GroupSchema,
    guarded_by=get_group,
)
def change_group(call: Call, body: dict[str, Any], group_id: int) -> Any:
    """Change a group's name, description and settings. Only admins may."""
    mine = call.place(group_id)
    groups.require_admin(call.session, mine, "settings")
    if "name" in body:
        groups.rename(call.session, mine, body["name"], call.now)
    if "description" in body:
        groups.describe(call.session, mine, body["description"], call.now)
    for setting, value in body.get("settings", {}).items():
        wanted = WEEK_STARTS[value] if setting == "week_start" else value
        rules.choose(call.session, mine, setting, wanted, call.now)
    call.session.flush()
    return get_group(call, group_id)


@endpoint("DELETE", "/groups/<id:group_id>/membership", scope=Scope.GROUPS_WRITE, status=204)
def leave_group(call: Call, group_id: int) -> None:
    """Leave a group. An owner must hand it over first; the last member to leave ends it."""
    groups.leave(call.session, call.place(group_id), call.now)


def _told(mine: Membership, size: int) -> dict[str, Any]:
    group = mine.group
    columns = (
        "id", "name", "description", "whatsapp_group_id", "timezone", "digest_schedule", "next_digest_at", "is_active",
        "created_at", "updated_at",
    )  # fmt: skip
    chosen = asdict(read_settings(group))
    chosen["week_start"] = STARTS[chosen["week_start"]]
    told = {name: getattr(group, name) for name in columns} | {"role": mine.role, "members": size, "settings": chosen}
    # Only admins see which WhatsApp group the digests are posted into.
    return told if mine.role is not Role.MEMBER else told | {"whatsapp_group_id": None}


def _sizes(call: Call, ids: list[int]) -> dict[int, int]:
    """Return how many members each of these groups has. One query."""
    query = select(Membership.group_id, func.count()).where(Membership.group_id.in_(ids), Membership.left_at.is_(None))
    return dict(call.session.execute(query.group_by(Membership.group_id)).all())
