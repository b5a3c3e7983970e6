"""What a member has opened for a group: codes that let others in, and pages that show its digests.

Codes and pages work for whoever has them, so they end when their maker may make them no longer: when the maker leaves,
is removed or erased, or is an admin no more. Otherwise somebody who was sent away could let people in, or read on.
"""

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from models import Invite, Membership, Role, Share
from services.group.settings import settings_of


def end(session: Session, membership: Membership, now: datetime) -> None:
    """End what this member may not have open any longer; call it when their part in the group has changed.

    Whoever has left has nothing open. A member who is no admin keeps codes where every member may invite, and no page.
    """
    is_here = membership.left_at is None
    runs_it = is_here and membership.role is not Role.MEMBER
    may_invite = runs_it or (is_here and settings_of(membership.group).members_invite)
    for table, may in ((Invite, may_invite), (Share, runs_it)):
        if not may:
            mine = (table.group_id == membership.group_id, table.made_by_id == membership.member_id)
            session.execute(update(table).where(*mine, table.revoked_at.is_(None)).values(revoked_at=now))
