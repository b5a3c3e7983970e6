"""Choosing what a group sees of oneself, for ways in which several choices come at once: the API and the dashboard.

Each choice can be undone in the chat for ten minutes, like one that was made there.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from fitness.metrics import FIELDS
from models import Membership
from services.ground import undoable
from services.group import privacy


def choose_shares(session: Session, membership: Membership, wanted: Collection[str], now: datetime) -> bool:
    """Let the group see these fields of the member and no others. Returns whether that changed anything."""
    changed = [field for field in FIELDS if (field in wanted) != (field in membership.shares)]
    if changed:
        before = list(membership.shares)
        undoable.remember(session, membership.member, "share", now, membership, shares=before)
    for field in changed:
        privacy.share(session, membership, field, now, on=field in wanted)
    return bool(changed)


def choose_hidden(session: Session, membership: Membership, now: datetime, *, on: bool) -> bool:
    """Hide the member in this group, or show them again. Returns whether that changed anything."""
    if membership.hidden == on:
        return False
    kind = "hide" if on else "unhide"
    undoable.remember(session, membership.member, kind, now, membership, hidden=membership.hidden)
    return privacy.hide(session, membership, now, on=on)


def choose_anonymous(session: Session, membership: Membership, now: datetime, *, on: bool) -> bool:
    """Show the member on the group's boards without a name, or with it. Returns whether that changed anything."""
    if membership.anonymous == on:
        return False
    undoable.remember(session, membership.member, "anonymous", now, membership, anonymous=membership.anonymous)
    return privacy.be_anonymous(session, membership, now, on=on)
