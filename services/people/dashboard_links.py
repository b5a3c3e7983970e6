"""The link to the dashboard: it comes from the chat, works once, and signs the browser in that opens it."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from messages.render import words
from models import LinkPurpose, Member, OneTimeLink
from services.ground import audit
from services.ground.recipients import make_reader
from services.people import links, sessions

PURPOSE = LinkPurpose.DASHBOARD
MOST_OF_AGENT = 400  # characters of what a browser says of itself that are looked at


def make_dashboard_link(session: Session, member: Member, now: datetime) -> str:
    """Return the token of a new link for this member. Links made earlier and not opened are over from now on."""
    old = (OneTimeLink.member_id == member.id, OneTimeLink.purpose == PURPOSE, OneTimeLink.used_at.is_(None))
    session.execute(update(OneTimeLink).where(*old, OneTimeLink.expires_at > now).values(expires_at=now))
    return links.add_link(session, member, PURPOSE, now)


def open_dashboard_link(session: Session, token: str, browser: str, agent: str, now: datetime) -> str | None:
    """Use the link up, and sign this browser in. Returns the secret for its cookie; None if the link is over.

    `browser` is the secret of the cookie that the browser already has, or "". The session that it belongs to ends,
    because a browser holds one only. `agent` is what it says of itself (User-Agent): from that it gets its name in the
    list of devices. Pressing the button twice in one browser is not an error.
    """
    before = sessions.find_browser_session(session, browser, now) if browser else None
    link = links.lock_link(session, token, PURPOSE, now)
    if link is None:
        return browser if before is not None and _has_opened(session, token, browser) else None
    if link.member.doubted_at is not None:
        return None
    if before is not None:
        sessions.end(session, before, now)
    device = words("access/device", make_reader(link.member), agent=agent[:MOST_OF_AGENT].casefold())
    _, secret = sessions.begin_in_browser(session, link.member, device, now)
    link.used_at, link.session_hash = now, sessions.hash_of(secret)
    audit.note(session, "link.opened", now, member_id=link.member_id)
    return secret


def was_made_for_dashboard(session: Session, token: str) -> bool:
    """Whether a link was ever made with this token, even if it is over."""
    return links.was_made(session, token, PURPOSE)


def _has_opened(session: Session, token: str, browser: str) -> bool:
    """Whether this browser is the one that opened the link."""
    opened = (*links.match_token(token, PURPOSE), OneTimeLink.session_hash == sessions.hash_of(browser))
    return session.scalar(select(OneTimeLink.id).where(*opened)) is not None
