"""The audit of a group as texts: who did what."""

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from messages.render import Reader, words
from models import AuditEvent, Group, Member

SAID = (
    "group.started",
    "group.renamed",
    "group.described",
    "group.digest_sent",
    "group.rescheduled",
    "group.set",
    "group.invited",
    "group.invites_revoked",
    "group.approved",
    "group.declined",
    "group.promoted",
    "group.demoted",
    "group.transferred",
    "group.kicked",
    "group.banned",
    "group.unbanned",
    "group.vouched",
)


def list_latest(session: Session, group: Group, most: int) -> list[AuditEvent]:
    """Return the newest acts of the people who run the group, newest first."""
    query = select(AuditEvent).where(AuditEvent.group_id == group.id, AuditEvent.action.in_(SAID))
    return list(session.scalars(query.order_by(AuditEvent.at.desc(), AuditEvent.id.desc()).limit(most)))


def write_acts(session: Session, group: Group, events: list[AuditEvent], reader: Reader) -> list[str]:
    """Return each act as a line, in the reader's language and the group's time zone. Erased members have no name."""
    there = replace(reader, timezone=group.timezone)
    ids = {each.member_id for each in events} | {each.detail.get("person") for each in events}
    names = {member.id: member.name for member in session.scalars(select(Member).where(Member.id.in_(ids - {None})))}
    return [
        words(
            "settings/act",
            there,
            event=each,
            who=names.get(each.member_id) if each.member_id else None,
            whom=names.get(each.detail.get("person", 0)),
        )
        for each in events
    ]
