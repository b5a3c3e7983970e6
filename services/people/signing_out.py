"""Signing out everywhere: what a member does who fears that somebody else acts, or reads, in their name."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models import Member
from services.people import feeds, personal_tokens, sessions, webhooks


@dataclass(frozen=True)
class SignedOut:
    """How many sessions, personal tokens and addresses for apps ended, and how many webhooks were switched off."""

    programs: int
    scripts: int
    webhooks: int
    feeds: int


def sign_out_everywhere(session: Session, member: Member, now: datetime) -> SignedOut:
    """End all sessions, personal tokens and addresses for apps of the member, and switch all their webhooks off."""
    return SignedOut(
        sessions.end_all(session, member, now),
        personal_tokens.end_all(session, member, now),
        webhooks.switch_all_off(session, member, now),
        feeds.end_all(session, member, now),
    )
