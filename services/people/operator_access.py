"""How the operator is let into the operator's page: by a code or by a link, and then by a cookie.

Each way needs OPERATOR_TOKEN too, which is also the key of the hashes that are stored. What is tried is counted in
`web/operator_page/entry.py`.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from pyotp import TOTP
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models import OperatorCode, OperatorLink, OperatorSession
from models.hashes import digest
from services.ground import audit

SESSION_FOR = timedelta(hours=8)  # a session ends so long after it began
UNUSED_FOR = timedelta(hours=1)  # and so long after its last use
NOTED_EVERY = timedelta(minutes=1)  # the time of the last use is stored at most this often
LINK_FOR = timedelta(minutes=10)
KEPT_FOR = timedelta(days=30)  # rows are deleted so long after their end
STEPS_AROUND = 1  # a clock may be 30 seconds ahead or behind
CODE, LINK = "code", "link"


def use_code(session: Session, totp_secret: str, code: str, now: datetime) -> bool:
    """Use up a code of the authenticator app. Returns False if it is wrong or too old, or if it or a later one was used
    before. If the same code comes twice at once, it is right once.
    """
    try:
        step = TOTP(totp_secret).verify_and_get_timecode(code, for_time=now, valid_window=STEPS_AROUND)
    except OTPVerificationError:
        return False
    used = insert(OperatorCode).values(secret_hash=digest(session, "operator", totp_secret), last_step=step)
    newer = OperatorCode.last_step < used.excluded.last_step
    stored = used.on_conflict_do_update(
        index_elements=["secret_hash"], set_={"last_step": used.excluded.last_step}, where=newer
    )
    return session.scalar(stored.returning(OperatorCode.last_step)) is not None


def make_operator_link(session: Session, token: str, now: datetime) -> str:
    """Return the secret of a new link. Links made earlier and not opened are over from now on."""
    open_ = (OperatorLink.used_at.is_(None), OperatorLink.expires_at > now)
    session.execute(update(OperatorLink).where(*open_).values(expires_at=now))
    secret = secrets.token_urlsafe(32)
    session.add(OperatorLink(token_hash=_hash(token, secret), expires_at=now + LINK_FOR))
    audit.note(session, "operator.link_made", now)
    return secret


def open_operator_link(session: Session, token: str, secret: str, now: datetime) -> str | None:
    """Use a link up, and begin a session. Returns the secret for its cookie; None if the link is over or unknown."""
    mine = (OperatorLink.token_hash == _hash(token, secret), OperatorLink.used_at.is_(None))
    used = update(OperatorLink).where(*mine, OperatorLink.expires_at > now).values(used_at=now)
    if session.scalar(used.returning(OperatorLink.id)) is None:
        return None
    return begin_operator_session(session, token, LINK, now)


def was_made_for_operator(session: Session, token: str, secret: str) -> bool:
    """Return whether a link was ever made with this secret, even if it is over."""
    return session.scalar(select(OperatorLink.id).where(OperatorLink.token_hash == _hash(token, secret))) is not None


def begin_operator_session(session: Session, token: str, way: str, now: datetime) -> str:
    """Begin a session of a browser, and return the secret for its cookie."""
    secret = secrets.token_urlsafe(32)
    row = OperatorSession(browser_hash=_hash(token, secret), way=way, began_at=now, last_used_at=now)
    row.expires_at = now + SESSION_FOR
    session.add(row)
    audit.note(session, "operator.signed_in", now, way=way)
    return secret


def find_operator_session(session: Session, token: str, secret: str, now: datetime) -> OperatorSession | None:
    """Return the session of the browser with this cookie; None if it has ended or was not used for an hour."""
    alive = (OperatorSession.ended_at.is_(None), OperatorSession.expires_at > now)
    used = OperatorSession.last_used_at > now - UNUSED_FOR
    mine = OperatorSession.browser_hash == _hash(token, secret)
    row = session.scalar(select(OperatorSession).where(mine, *alive, used))
    if row is not None and now - row.last_used_at >= NOTED_EVERY:
        row.last_used_at = now
    return row


def end_operator_sessions(session: Session, now: datetime, only: OperatorSession | None = None) -> int:
    """End this session, or all of them. Returns how many were open."""
    which = [OperatorSession.ended_at.is_(None), OperatorSession.expires_at > now]
    if only is not None:
        which.append(OperatorSession.id == only.id)
    ended = update(OperatorSession).where(*which).values(ended_at=now).returning(OperatorSession.id)
    count = len(session.scalars(ended).all())
    if count:
        audit.note(session, "operator.signed_out", now, count=count)
    return count


def forget_old(session: Session, now: datetime) -> None:
    """Delete sessions and links that ended more than 30 days ago."""
    over = or_(OperatorSession.ended_at < now - KEPT_FOR, OperatorSession.expires_at < now - KEPT_FOR)
    session.execute(delete(OperatorSession).where(over))
    session.execute(delete(OperatorLink).where(OperatorLink.expires_at < now - KEPT_FOR))


def _hash(token: str, secret: str) -> str:
    return hmac.new(token.encode(), secret.encode(), hashlib.sha256).hexdigest()
