"""Tells the webhooks of a group's members who has joined it and who has left."""

from sqlalchemy.orm import Session

from models import Membership, WebhookEvent
from services.people import webhook_messages


def note_joined(session: Session, membership: Membership) -> None:
    """Tell that this member is in the group now."""
    _note(session, membership, WebhookEvent.MEMBER_JOINED)


def note_left(session: Session, membership: Membership) -> None:
    """Tell that this member is not in the group any more, whether they left or were removed."""
    _note(session, membership, WebhookEvent.MEMBER_LEFT)


def _note(session: Session, membership: Membership, event: WebhookEvent) -> None:
    webhook_messages.note_in_group(session, event, membership.group_id, membership.id, about_id=membership.member_id)
