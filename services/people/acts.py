"""Who did what with a member's data, for the member: what they did themselves, what those who run their groups did
about them, and what the operator opened or did.

Who of a group's owner and admins it was is not told: a member may be told that they were turned down, and not by whom.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from messages.render import Reader, words
from models import ApiSession, AuditEvent, Group, Member, Membership, PersonalToken
from services.ground.audit import OPERATOR

BY_OPERATOR = {"export.by_operator"}
YOU, ADMIN, THE_OPERATOR, NOBODY = "you", "admin", "operator", "nobody"


@dataclass(frozen=True)
class ToldAct:
    """One act as a line in the member's language. `action` is its name in the audit."""

    at: datetime
    action: str
    text: str


def list_acts_about(session: Session, member: Member, reader: Reader, most: int) -> list[ToldAct]:
    """Return the newest acts with this member's data, newest first, at most `most`. Up to five queries."""
    events = _find_events(session, member, most)
    groups, devices = _name_groups(session, events), _name_devices(session, member, events)
    return [
        ToldAct(
            each.at,
            each.action,
            words(
                "data/act",
                reader,
                my_act=each,
                actor=_find_actor(each, member),
                acted_in=groups.get(each.group_id or 0),
                device=devices.get(str(each.detail.get("session") or each.detail.get("token"))),
            ),
        )
        for each in events
    ]


def _find_events(session: Session, member: Member, most: int) -> list[AuditEvent]:
    newest = (AuditEvent.at.desc(), AuditEvent.id.desc())
    own = select(AuditEvent).where(AuditEvent.member_id == member.id).order_by(*newest).limit(most)
    been_in = select(Membership.group_id).where(Membership.member_id == member.id)
    is_about = AuditEvent.detail["person"].as_integer() == member.id
    theirs = select(AuditEvent).where(AuditEvent.group_id.in_(been_in), is_about).order_by(*newest).limit(most)
    found = {each.id: each for query in (own, theirs) for each in session.scalars(query)}
    return sorted(found.values(), key=lambda each: (each.at, each.id), reverse=True)[:most]


def _find_actor(event: AuditEvent, member: Member) -> str:
    if event.way == OPERATOR or event.action in BY_OPERATOR or event.detail.get("by") == OPERATOR:
        return THE_OPERATOR
    if event.detail.get("person") == member.id and event.member_id != member.id:
        return ADMIN
    return YOU if event.way else NOBODY


def _name_groups(session: Session, events: Iterable[AuditEvent]) -> Mapping[int, str]:
    ids = {each.group_id for each in events} - {None}
    found = session.execute(select(Group.id, Group.name).where(Group.id.in_(ids))) if ids else ()
    return {each.id: each.name for each in found}


def _name_devices(session: Session, member: Member, events: Iterable[AuditEvent]) -> Mapping[str, str]:
    """Return the names of the browsers, programs and tokens that are still listed, by id."""
    details = [each.detail for each in events]
    named: dict[str, str] = {}
    sessions = [UUID(each["session"]) for each in details if "session" in each]
    tokens = [UUID(each["token"]) for each in details if "token" in each]
    if sessions:
        mine = (ApiSession.member_id == member.id, ApiSession.id.in_(sessions))
        named |= {
            str(key): name for key, name in session.execute(select(ApiSession.id, ApiSession.device).where(*mine))
        }
    if tokens:
        own = (PersonalToken.member_id == member.id, PersonalToken.id.in_(tokens))
        named |= {
            str(key): name for key, name in session.execute(select(PersonalToken.id, PersonalToken.name).where(*own))
        }
    return named
