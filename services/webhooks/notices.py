"""The notice to a member whose webhook was switched off."""

from datetime import datetime

from sqlalchemy.orm import Session

from messages.render import Offer
from models import MessageKind, WebhookEndpoint, WhyOff
from services.delivery import mailbox
from services.delivery.notices import write_notice


def tell_switched_off(session: Session, row: WebhookEndpoint, now: datetime) -> None:
    """Tell the member that a webhook does not work and was switched off, unless they have said stop."""
    if row.member.opted_out_at is not None:
        return
    message = write_notice(
        "access/webhook_off",
        row.member,
        about=None,
        says="signed in",
        short="access/webhook_off_short",
        buttons=[Offer("who_is_signed_in", "signed in")],
        webhook=row,
        gone=row.off_why is WhyOff.GONE,
    )
    key = f"webhook-off:{row.id}:{now.timestamp()}"
    mailbox.post(session, row.member_id, message, now, kind=MessageKind.NOTICE, key=key)
