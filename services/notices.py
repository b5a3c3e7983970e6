"""What the bot says without being spoken to."""

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


def relink(member: Member) -> Message:
    """Garmin no longer accepts the member's tokens."""
    return render("garmin/relink", reader_of(member), member=member, buttons=[Button("Connect again", "link garmin")])


def key_ends(member: Member, days: int) -> Message:
    """The member's Garmin key is about to end."""
    return render("garmin/key_ends", reader_of(member), days=days, buttons=[Button("Renew", "link garmin")])
