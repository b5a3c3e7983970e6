"""The members of a group, invites, requests to join, and removing members."""

from typing import Any
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from api.declaring import paging
from api.declaring.call import Call
from api.declaring.endpoints import endpoint
from api.declaring.envelopes import Page, PageQuery
from api.declaring.problems import refuse
from api.schemas.groups import (
    ActSchema,
    AnswerBody,
    ConsentSchema,
    InviteSchema,
    JoinBody,
    JoinedSchema,
    MemberSchema,
    MembersQuery,
    NewInviteBody,
    NewInviteSchema,
    RemoveQuery,
    RequestSchema,
    RoleBody,
)
from messages.render import words
from models import Answer, JoinRequest, Membership, Role, Scope
from services.ground.refusals import RoleAlready
from services.group import audit_lines, group_notices, groups, invites, joining, roles
from services.training import accounts

MOST_ACTS = 200


@endpoint(
    "GET", "/groups/<id:group_id>/members", scope=Scope.GROUPS_READ, query=MembersQuery, gives=MemberSchema, many=True
)
def list_members(call: Call, query: dict[str, Any], group_id: int) -> Any:
    """List the members of a group with their roles, as *members* shows them in the chat."""
    group = call.place(group_id).group
    found = select(Membership).where(Membership.group_id == group.id, Membership.left_at.is_(None))
    found = found.options(joinedload(Membership.member))
    page = paging.of_query(call, found, query, {"joined_at": Membership.joined_at}, Membership.id)
    return Page([_told(call, each) for each in page.items], page.next_cursor)


@endpoint("GET", "/groups/<id:group_id>/members/<id:place_id>", scope=Scope.GROUPS_READ, gives=MemberSchema)
def get_member(call: Call, group_id: int, place_id: int) -> Any:
    """Return one member of a group."""
    return _told(call, call.find_theirs(group_id, place_id))


@endpoint(
    "PATCH",
    "/groups/<id:group_id>/members/<id:place_id>",
    scope=Scope.GROUPS_WRITE,
    body=RoleBody,
    gives=MemberSchema,
    guarded_by=get_member,
)
def change_role(call: Call, body: dict[str, Any], group_id: int, place_id: int) -> Any:
    """Make a member an admin, or an admin a member, or hand the group over. Only the owner may."""
    mine, theirs, role = call.place(group_id), call.find_theirs(group_id, place_id), Role(body["role"])
    if role is Role.OWNER:
        roles.transfer(call.session, mine, theirs, call.now)
        group_notices.tell_role_changed(call.session, theirs, call.now)
    else:
        groups.require_owner(call.session, mine, "promote" if role is Role.ADMIN else "demote")
        if theirs.role is role:
            raise RoleAlready(person=theirs.member, role=role)
        change = roles.promote if role is Role.ADMIN else roles.demote
        change(call.session, mine, theirs, call.now)
        group_notices.tell_role_changed(call.session, theirs, call.now)
    call.session.flush()
    return _told(call, theirs)


@endpoint(
    "DELETE",
    "/groups/<id:group_id>/members/<id:place_id>",
    scope=Scope.GROUPS_WRITE,
    query=RemoveQuery,
    status=204,
    guarded_by=get_member,
)
def remove_member(call: Call, query: dict[str, Any], group_id: int, place_id: int) -> None:
    """Remove a member from a group; with `ban`, they cannot join it again. Only admins may."""
    mine, theirs = call.place(group_id), call.find_theirs(group_id, place_id)
    remove = roles.ban if query["ban"] else roles.kick
    remove(call.session, mine, theirs, call.now)
    group_notices.tell_removed(call.session, theirs, call.now, for_good=query["ban"])


@endpoint(
    "GET", "/groups/<id:group_id>/invites", scope=Scope.GROUPS_READ, query=PageQuery, gives=InviteSchema, many=True
)
def list_invites(call: Call, query: dict[str, Any], group_id: int) -> Any:
    """List the invites that are still valid. Only admins may. The codes are not stored."""
    mine = call.place(group_id)
    groups.require_admin(call.session, mine, "invites")
    return paging.of_list(call, invites.list_active(call.session, mine.group, call.now), query)


@endpoint(
    "POST",
    "/groups/<id:group_id>/invites",
    scope=Scope.GROUPS_WRITE,
    body=NewInviteBody,
    gives=NewInviteSchema,
    status=201,
)
def invite(call: Call, body: dict[str, Any], group_id: int) -> Any:
    """Make a code for joining the group. Only admins may, unless the group lets all members."""
    made = invites.make_invite(call.session, call.place(group_id), call.now, days=body["days"], uses=body["uses"])
    link = f"https://wa.me/{call.world.settings.bot_phone}?text={quote(f'join {made.code}')}"
    return {"code": made.code, "link": link, "uses": made.uses, "expires_at": made.expires_at}


@endpoint("DELETE", "/groups/<id:group_id>/invites", scope=Scope.GROUPS_WRITE, status=204)
def revoke_invites(call: Call, group_id: int) -> None:
    """Revoke all codes of the group. Only admins may."""
    invites.revoke(call.session, call.place(group_id), call.now)


@endpoint("GET", "/me/consent", scope=Scope.GROUPS_READ, gives=ConsentSchema)
def read_consent(call: Call) -> Any:
    """Return what the others in a group will see of you when you join it. You agree to it with `agreed`."""
    return {"version": groups.CONSENT_VERSION, "text": words("groups/consent_sees", call.reader)}


@endpoint("POST", "/groups/join", scope=Scope.GROUPS_WRITE, body=JoinBody, gives=JoinedSchema, status=201)
def join_group(call: Call, body: dict[str, Any]) -> Any:
    """Join a group with a code, or ask its admins if they admit members one by one."""
    got = joining.join(call.session, call.member, body["code"].strip(), call.now, hidden=body["hidden"])
    if isinstance(got, JoinRequest):
        group_notices.join_asked(call.session, got, joining.list_admins(call.session, got.group), call.now)
    return {"group_id": got.group_id, "group": got.group.name, "waits": isinstance(got, JoinRequest)}


@endpoint(
    "GET", "/groups/<id:group_id>/requests", scope=Scope.GROUPS_READ, query=PageQuery, gives=RequestSchema, many=True
)
def list_requests(call: Call, query: dict[str, Any], group_id: int) -> Any:
    """List the people who wait to be admitted, the longest waiting first. Only admins may."""
    mine = call.place(group_id)
    groups.require_admin(call.session, mine, "waiting")
    found = select(JoinRequest).where(JoinRequest.group_id == mine.group_id, JoinRequest.answer.is_(None))
    waiting = call.session.scalars(
        found.options(joinedload(JoinRequest.member)).order_by(JoinRequest.asked_at, JoinRequest.id)
    )
    told = [{"id": each.id, "name": each.member.name, "asked_at": each.asked_at} for each in waiting]
    return paging.of_list(call, told, query)


@endpoint(
    "POST", "/groups/<id:group_id>/requests/<id:request_id>", scope=Scope.GROUPS_WRITE, body=AnswerBody, status=204
)
def answer_request(call: Call, body: dict[str, Any], group_id: int, request_id: int) -> None:
    """Admit a person who waits, or decline. Only admins may."""
    mine = call.place(group_id)
    request = call.session.get(JoinRequest, request_id)
    if request is None or request.group_id != mine.group_id:
        refuse("not-found")
    if body["answer"] == Answer.DECLINED.value:
        joining.decline(call.session, mine, request, call.now)
        group_notices.tell_turned_down(call.session, request, call.now)
        return
    before = request.member.name
    joined = joining.approve(call.session, mine, request, call.now)
    linked = bool(accounts.list_accounts(call.session, joined.member))
    called = joined.member.name if joined.member.name != before else None
    group_notices.let_in(call.session, joined, call.now, linked=linked, called=called)


@endpoint("GET", "/groups/<id:group_id>/audit", scope=Scope.GROUPS_READ, query=PageQuery, gives=ActSchema, many=True)
def list_acts(call: Call, query: dict[str, Any], group_id: int) -> Any:
    """List what the group's owner and admins did, newest first. Only admins may."""
    mine = call.place(group_id)
    groups.require_admin(call.session, mine, "audit")
    events = audit_lines.list_latest(call.session, mine.group, MOST_ACTS)
    lines = audit_lines.write_acts(call.session, mine.group, events, call.reader)
    told = [{"at": event.at, "action": event.action, "text": line} for event, line in zip(events, lines, strict=True)]
    return paging.of_list(call, told, query)


def _told(call: Call, each: Membership) -> dict[str, Any]:
    return {
        "id": each.id,
        "name": each.member.name,
        "role": each.role,
        "joined_at": each.joined_at,
        "is_me": each.member_id == call.member.id,
    }
