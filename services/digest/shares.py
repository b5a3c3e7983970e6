"""Pages that put a digest into the real WhatsApp group, which no bot may enter: opened, revoked, and read anew."""

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
from services.digest.stories.picture import picture_of
from services.digest.stories.text import Form, Teller
from services.ground import audit
from services.ground.bells import Bell, ring

GOOD_FOR = timedelta(days=7)
KEPT_FOR = timedelta(days=30)
MOST_IN_LINK = 2_000  # characters of an encoded text: longer links are cut by some phones


@dataclass(frozen=True)
class Page:
    """What stands on a shared page: the group's digest as all may read it, and its picture if there is one."""

    name: str
    text: str
    chart: Leaderboard | None

    @property
    def link(self) -> str:
        """Opens WhatsApp with the text in hand; whole lines are left out at its end where it is too long."""
        lines = self.text.split("\n")
        while len(lines) > 1 and len(quote("\n".join(lines))) > MOST_IN_LINK:
            lines.pop()
        return f"https://wa.me/?text={quote(chr(10).join(lines).rstrip())}"


def share(session: Session, membership: Membership, dates: Dates, now: datetime) -> tuple[str, datetime]:
    """Open a page for a week. Gives its path, and until when it works."""
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
    """Close all open pages of the group. Gives how many."""
    open_ones = (Share.group_id == membership.group_id, Share.revoked_at.is_(None), Share.expires_at > now)
    closed = list(session.scalars(update(Share).where(*open_ones).values(revoked_at=now).returning(Share.id)))
    if closed:
        audit.note(session, "digest.unshared", now, member_id=membership.member_id, group_id=membership.group_id)
    return len(closed)


def find(session: Session, token: str) -> Share | None:
    """The page behind a token, even if it is closed."""
    return session.scalar(select(Share).where(Share.token_hash == _hashed(token)))


def is_open(share: Share, now: datetime) -> bool:
    """Whether the page may be seen."""
    return share.revoked_at is None and share.expires_at > now and share.group.is_active


def page(session: Session, share: Share) -> Page:
    """What is on the page now."""
    return page_of(session, share.group, Dates(share.period_start, share.period_end))


def page_of(session: Session, group: Group, dates: Dates) -> Page:
    """A group's days for whoever is in it: nothing of a reader, and of people only what the group may see today."""
    teller = Teller(scenes.scene_of(session, group, dates))
    text = teller.text_for_all(Reader(timezone=group.timezone), Form(group.settings.get("digest_form", Form.TABLE)))
    return Page(group.name, text, picture_of(teller.scene) if teller.scene.rows else None)


def charts(page: Page) -> list[Leaderboard]:
    """The page's picture in both lights."""
    return [replace(page.chart, dark=dark) for dark in (False, True)] if page.chart else []


def want_picture(session: Session, share: Share) -> None:
    """Have the page's picture drawn: what is on it has changed since it was."""
    share.wants_picture = True
    ring(session, Bell.SHARES)


def waiting(session: Session, most: int = 20) -> list[Share]:
    """Pages whose picture is waited for."""
    return list(session.scalars(select(Share).where(Share.wants_picture).order_by(Share.id).limit(most)))


def undrawn() -> Exists:
    """The condition that a page waits for its picture."""
    return exists().where(Share.wants_picture)


def forget_old(session: Session, now: datetime) -> None:
    """Delete pages that ended a month ago; until then the answer is 410, after that 404."""
    session.execute(delete(Share).where(Share.expires_at < now - KEPT_FOR))


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
