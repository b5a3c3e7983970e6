"""One-time links to the page on which an account is connected: it belongs to one member, and to the first browser that
opens it. `services.people.links` holds what they share with other links.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, exists, select, update
from sqlalchemy.orm import Session

from models import AttemptStep, LinkAttempt, LinkPurpose, Member, OneTimeLink
from services.ground import audit
from services.people import links
from services.people.sessions import hash_of
from services.training.attempts import OVER, SIGNED_IN, give_up

LINK_LASTS = timedelta(hours=1)  # from when it was made, whatever was tried through it


def make_link(session: Session, member: Member, purpose: LinkPurpose, now: datetime) -> str:
    """Return the token of a new one-time link for this member. Earlier links for the same purpose end now.

    An earlier link through which the member has signed in stays valid until the new one is opened: its page shows the
    code that is still to be sent, and some members send "link garmin" again before the code.
    """
    old = (OneTimeLink.member_id == member.id, OneTimeLink.purpose == purpose, OneTimeLink.used_at.is_(None))
    is_signed_in = exists().where(LinkAttempt.link_id == OneTimeLink.id, LinkAttempt.step.in_(SIGNED_IN))
    query = update(OneTimeLink).where(*old, OneTimeLink.expires_at > now, ~is_signed_in).values(expires_at=now)
    session.execute(query, execution_options={"synchronize_session": "fetch"})
    return links.add_link(session, member, purpose, now)


def was_made_for(session: Session, token: str) -> bool:
    """Return whether a link was ever made with this token, even if it has ended."""
    return links.was_made(session, token, LinkPurpose.GARMIN)


def open_link(session: Session, token: str, browser: str | None, now: datetime) -> str | None:
    """Tie the link to the browser that opens it first, and return the secret of that browser; None
    if it may not be opened.

    `browser` is the secret that the browser already holds, if any: the same browser may open the link
    again, another one may not. From then on this is the member's only link: all others end, and so do
    sign-ins whose code was not sent yet.
    """
    link = links.lock_link(session, token, LinkPurpose.GARMIN, now)
    if link is None:
        return None
    if link.session_hash is not None:
        return browser if browser and link.session_hash == hash_of(browser) else None
    _end_others(session, link, now)
    browser = secrets.token_urlsafe(32)
    link.session_hash = hash_of(browser)
    audit.note(session, "link.opened", now, member_id=link.member_id)
    return browser


def _end_others(session: Session, link: OneTimeLink, now: datetime) -> None:
    """End the member's other links of this purpose and the sign-ins through them, also those of
    links that have expired.

    A sign-in whose code was received in the chat goes on, and a used link still shows in its browser that it was used.
    """
    mine = (OneTimeLink.member_id == link.member_id, OneTimeLink.purpose == link.purpose)
    others = (*mine, OneTimeLink.id != link.id, OneTimeLink.used_at.is_(None))
    ends = LinkAttempt.step.not_in((AttemptStep.DONE, AttemptStep.FAILED, AttemptStep.CONFIRMED))
    query = select(LinkAttempt).where(LinkAttempt.link.has(and_(*others)), ends)
    for attempt in session.scalars(query.with_for_update()):
        give_up(attempt, OVER)
    session.flush()
    ended = update(OneTimeLink).where(*others, OneTimeLink.expires_at > now).values(expires_at=now)
    session.execute(ended, execution_options={"synchronize_session": "fetch"})


def prolong_link(link: OneTimeLink, until: datetime) -> None:
    """Prolong the link until this time, but to no more than an hour after it was made."""
    link.expires_at = max(link.expires_at, min(until, link.created_at + LINK_LASTS))


def find_link(session: Session, browser: str, now: datetime) -> OneTimeLink | None:
    """Return the valid link that belongs to this browser, its row locked; None if there is none."""
    mine = (OneTimeLink.session_hash == hash_of(browser), OneTimeLink.expires_at > now)
    query = select(OneTimeLink).where(*mine, OneTimeLink.purpose == LinkPurpose.GARMIN)
    return session.scalar(query.with_for_update())


def forget_old(session: Session, now: datetime) -> None:
    """Delete links and their sign-ins a day after they ended."""
    session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at < now - timedelta(days=1)))
