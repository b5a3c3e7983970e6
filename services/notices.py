"""What the bot says without being spoken to."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from messages.message import Button, Message
from messages.render import render
from models import Member
from services import members, standings
from services.digests import reader_of


def synced(session: Session, member: Member, new: int, *, is_first: bool) -> Message:
    """A sync that the member waited for is over."""
    newest = standings.newest(session, member)
    in_group = bool(members.memberships(session, member))
    buttons = [Button("My week", "me")] + ([Button("Leaderboard", "leaderboard")] if in_group else [])
    template = "garmin/connected" if is_first else "garmin/synced"
    return render(template, reader_of(member), new=new, newest=newest, in_group=in_group, buttons=buttons)


def away(member: Member, until: datetime) -> Message:
    """A sync that the member waits for could not be made."""
    return render("garmin/away", reader_of(member), until=until)


def file_read(session: Session, member: Member, ids: Collection[int], new: int, now: datetime) -> Message:
    """A file that the member sent is read: what was in it, and whether that was new."""
    sessions = standings.from_ids(session, member.id, ids)
    return render(
        "garmin/file_read",
        reader_of(member),
        sessions=sessions,
        new=new,
        twins=standings.have_twins(session, sessions),
        today=members.local_now(member, now).date(),
        buttons=[Button("My week", "me")],
    )


def file_not_read(member: Member, problem: str) -> Message:
    """A file that the member sent cannot be read: why, and what to do."""
    return render("garmin/file_not_read", reader_of(member), problem=problem)


def relink(member: Member) -> Message:
    """Garmin no longer accepts the member's tokens."""
    return render("garmin/relink", reader_of(member), member=member, buttons=[Button("Connect again", "link garmin")])


def key_ends(member: Member, days: int) -> Message:
    """The member's Garmin key is about to end."""
    return render("garmin/key_ends", reader_of(member), days=days, buttons=[Button("Renew", "link garmin")])
