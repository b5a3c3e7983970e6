"""Tells the people who run a group that a digest was left out."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from fitness.periods import Dates
from models import Group, Member, Membership, MessageKind, Role
from services.delivery import mailbox, notices


def tell_missed_digest(session: Session, group: Group, dates: Dates, due: datetime, now: datetime) -> None:
    """Tell the owner and the admins that the digest of these days was not made, and how they can still read it."""
    query = (
        select(Member)
        .join(Membership, Membership.member_id == Member.id)
        .where(Membership.group_id == group.id, Membership.left_at.is_(None), Membership.role != Role.MEMBER)
    )
    says = f"digest between {dates.start:%d %b %Y} and {dates.end:%d %b %Y}"
    posts = [
        mailbox.Post(
            member.id,
            notices.write_notice("digest/skipped", member, about=group, says=says, group=group, dates=dates, due=due),
            f"skipped:{group.id}:{dates.start}:{dates.end}:{member.id}",
        )
        for member in session.scalars(query)
    ]
    mailbox.post_many(session, posts, now, kind=MessageKind.NOTICE, group_id=group.id)
