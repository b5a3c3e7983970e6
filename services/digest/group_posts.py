"""Digests on their way into the WhatsApp group itself, where the operator may post: each one once, or not at all."""

from datetime import datetime, timedelta

from sqlalchemy import Exists, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from fitness.dates import Dates
from models import DigestRun, GroupPost, PostState
from services.delivery.bells import Bell, ring
from services.digest.shares import Page, page_of

GOOD_FOR = timedelta(hours=12)
LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 5
OPEN = (PostState.QUEUED, PostState.SENDING)


def open_for(session: Session, run: DigestRun, now: datetime) -> None:
    """Have a digest put into its WhatsApp group, if the group has one. Once for each run."""
    if run.group.whatsapp_group_id is None:
        return
    row = {"run_id": run.id, "state": PostState.QUEUED, "attempts": 0}
    row |= {"next_attempt_at": now, "expires_at": now + GOOD_FOR}
    session.execute(insert(GroupPost).values(row).on_conflict_do_nothing())
    ring(session, Bell.GROUP_POSTS)


def due(now: datetime) -> Exists:
    """The condition that a post may leave now."""
    return exists().where(GroupPost.state.in_(OPEN), GroupPost.next_attempt_at <= now, GroupPost.expires_at > now)


def claim(session: Session, now: datetime) -> GroupPost | None:
    """Take the next post; for two minutes nobody else does. One whose worker died meanwhile is not sent again."""
    query = (
        select(GroupPost)
        .where(GroupPost.state.in_(OPEN), GroupPost.next_attempt_at <= now, GroupPost.expires_at > now)
        .order_by(GroupPost.next_attempt_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    post = session.scalar(query)
    if post is None:
        return None
    if post.state is PostState.SENDING:
        post.state, post.problem = PostState.UNKNOWN, "its worker died"
        return post
    post.state, post.attempts, post.next_attempt_at = PostState.SENDING, post.attempts + 1, now + LEASE
    return post


def page(session: Session, post: GroupPost) -> Page:
    """What is to be posted: what a shared page would show now."""
    run = post.run
    return page_of(session, run.group, Dates(run.period_start, run.period_end))


def posted(session: Session, post_id: int, vendor_id: str) -> None:
    """It is in the group."""
    post = session.get_one(GroupPost, post_id)
    post.state, post.vendor_id, post.problem = PostState.POSTED, vendor_id[:200], None


def again(session: Session, post_id: int, at: datetime, why: str) -> None:
    """It is certainly not in the group: try again, a few times."""
    post = session.get_one(GroupPost, post_id)
    over = post.attempts >= MOST_ATTEMPTS
    post.state, post.next_attempt_at, post.problem = PostState.FAILED if over else PostState.QUEUED, at, why[:120]


def ended(session: Session, post_id: int, state: PostState, why: str) -> None:
    """It will not be sent again."""
    post = session.get_one(GroupPost, post_id)
    post.state, post.problem = state, why[:120]
