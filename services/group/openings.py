"""What a member has opened for a group: codes that let others in, and pages that show its digests.

Codes and pages work for whoever has them, so they end when their maker may make them no longer: when the maker leaves,
is removed or erased, or is an admin no more, and when the group no longer wants its members to invite. Otherwise
somebody who was sent away could let people in, or read on.
"""

from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from models import Group, Invite, Membership, Role, Share
from services.ground.settings import settings_of
from services.group.roster import organisers


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


def end_codes_of_members(session: Session, group: Group, now: datetime) -> None:
    """End the codes of everybody who does not run the group; call it when its members may not invite any longer."""
    others = or_(Invite.made_by_id.is_(None), Invite.made_by_id.not_in(organisers(group)))
    theirs = (Invite.group_id == group.id, Invite.revoked_at.is_(None), others)
    query = update(Invite).where(*theirs).values(revoked_at=now)
    session.execute(query, execution_options={"synchronize_session": "fetch"})
