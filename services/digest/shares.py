"""Share pages, from which members can put a digest into their real WhatsApp group. This module opens, closes and reads
them.
"""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote

from sqlalchemy import Exists, delete, exists, select, update
from sqlalchemy.orm import Session

from fitness.dates import Dates
from messages.render import Reader
from models import Group, Membership, Share
from providers.charts import Leaderboard
from services.digest.stories import scenes
from services.digest.stories.picture import make_picture
from services.digest.stories.text import DigestForm, Teller
from services.ground import audit
from services.ground.bells import Bell, ring

GOOD_FOR = timedelta(days=7)
KEPT_FOR = timedelta(days=30)
MOST_IN_LINK = 2_000  # characters of an encoded text; some phones cut longer links


@dataclass(frozen=True)
class SharedPage:
    """The content of a shared page: the group's digest as everybody may read it, and its picture if there is one."""

    name: str
    text: str
    chart: Leaderboard | None

    @property
    def link(self) -> str:
        """A link that opens WhatsApp with the text. If the text is too long, lines at its end are left out."""
        lines = self.text.split("\n")
        while len(lines) > 1 and len(quote("\n".join(lines))) > MOST_IN_LINK:
            lines.pop()
        return f"https://wa.me/?text={quote(chr(10).join(lines).rstrip())}"


def share(session: Session, membership: Membership, dates: Dates, now: datetime) -> tuple[str, datetime]:
    """Open a page for a week. Returns its path and the time at which it ends."""
    token = secrets.token_urlsafe(24)
    session.add(
        Share(
            token_hash=_hashed(token),
            group_id=membership.group_id,
            made_by_id=membership.member_id,
            period_start=dates.start,
            period_end=dates.end,
            expires_at=now + GOOD_FOR,
        )
    )
    audit.note(session, "digest.shared", now, member_id=membership.member_id, group_id=membership.group_id)
    ring(session, Bell.SHARES)
    return f"/s/{token}", now + GOOD_FOR


def revoke(session: Session, membership: Membership, now: datetime) -> int:
    """Close all open pages of the group. Returns how many."""
    open_ones = (Share.group_id == membership.group_id, Share.revoked_at.is_(None), Share.expires_at > now)
    closed = list(session.scalars(update(Share).where(*open_ones).values(revoked_at=now).returning(Share.id)))
    if closed:
        audit.note(session, "digest.unshared", now, member_id=membership.member_id, group_id=membership.group_id)
    return len(closed)


def find(session: Session, token: str) -> Share | None:
    """Return the page with this token, even if it is closed, or None."""
    return session.scalar(select(Share).where(Share.token_hash == _hashed(token)))


def is_open(share: Share, now: datetime) -> bool:
    """Return whether the page may be seen."""
    return share.revoked_at is None and share.expires_at > now and share.group.is_active


def make_shared_page(session: Session, share: Share) -> SharedPage:
    """Return the present content of the page."""
    return make_page_of_days(session, share.group, Dates(share.period_start, share.period_end))


def make_page_of_days(session: Session, group: Group, dates: Dates) -> SharedPage:
    """Return the page about a group's days. It contains nothing about a single reader, and of members only what the
    group may see today.
    """
    teller = Teller(scenes.make_scene(session, group, dates))
    text = teller.text_for_all(
        Reader(timezone=group.timezone), DigestForm(group.settings.get("digest_form", DigestForm.TABLE))
    )
    return SharedPage(group.name, text, make_picture(teller.scene) if teller.scene.rows else None)


def find_charts(page: SharedPage) -> list[Leaderboard]:
    """Return the page's picture in a light and a dark form; an empty list if it has none."""
    return [replace(page.chart, dark=dark) for dark in (False, True)] if page.chart else []


def ask_for_picture(session: Session, share: Share) -> None:
    """Let the page's picture be drawn again, because its content has changed."""
    share.wants_picture = True
    ring(session, Bell.SHARES)


def find_waiting_pages(session: Session, most: int = 20) -> list[Share]:
    """Return pages whose picture must be drawn."""
    return list(session.scalars(select(Share).where(Share.wants_picture).order_by(Share.id).limit(most)))


def has_undrawn_page() -> Exists:
    """Return a condition: a page waits for its picture."""
    return exists().where(Share.wants_picture)


def forget_old(session: Session, now: datetime) -> None:
    """Delete pages a month after they ended. Before that their address answers 410, afterwards 404."""
    session.execute(delete(Share).where(Share.expires_at < now - KEPT_FOR))


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
