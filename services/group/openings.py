"""Ends what a member has opened for a group: invite codes, pages that show its digests, addresses for feed readers.

Codes and pages work for everybody who has them. So they end when their maker may no longer make them: when the maker
leaves, is removed or erased, or stops being an admin, or when the group no longer lets its members invite. Otherwise a
person who was removed could still let people in, or go on reading.
"""

from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from models import Group, Invite, Membership, Role, Share
from services.ground.group_settings import read_settings
from services.group.roster import select_organisers
from services.people import feeds


def end_openings(session: Session, membership: Membership, now: datetime) -> None:
    """End the codes and pages that this member may no longer have. Call it when their role or membership has changed.

    After leaving, all of them end, and so do the member's addresses for feed readers. A member who is no admin keeps
    their codes if every member may invite, but no pages.
    """
    is_here = membership.left_at is None
    if not is_here:
        feeds.end_of_group(session, membership, now)
    runs_it = is_here and membership.role is not Role.MEMBER
    may_invite = runs_it or (is_here and read_settings(membership.group).members_invite)
    for table, may in ((Invite, may_invite), (Share, runs_it)):
        if not may:
            mine = (table.group_id == membership.group_id, table.made_by_id == membership.member_id)
            session.execute(update(table).where(*mine, table.revoked_at.is_(None)).values(revoked_at=now))


def end_codes_of_members(session: Session, group: Group, now: datetime) -> None:
    """End the codes of all members who do not run the group. Call it when members may no longer invite."""
    others = or_(Invite.made_by_id.is_(None), Invite.made_by_id.not_in(select_organisers(group)))
    theirs = (Invite.group_id == group.id, Invite.revoked_at.is_(None), others)
    query = update(Invite).where(*theirs).values(revoked_at=now)
    session.execute(query, execution_options={"synchronize_session": "fetch"})
