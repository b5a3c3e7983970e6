"""Digests on their way into the WhatsApp group itself, where the operator may post: each one once, or not at all."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Exists, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from fitness.dates import Dates
from models import DigestRun, GroupPost, PostState
from services.digest.shares import Page, page_of
from services.ground import leases
from services.ground.bells import Bell, ring

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
    """The condition that a post may leave now, or that its worker died with it."""
    return exists().where(*_waits(now))


def claim(session: Session, now: datetime) -> GroupPost | None:
    """Take the next post; for two minutes nobody else does. One whose worker died meanwhile is not sent again."""
    query = (
        select(GroupPost)
        .where(*_waits(now))
        .order_by(GroupPost.next_attempt_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    post = session.scalar(query)
    if post is None:
        return None
    if post.state is PostState.SENDING:
        _let_go(post, PostState.UNKNOWN, "its worker died")
        return post
    post.state, post.attempts, post.leased_until = PostState.SENDING, post.attempts + 1, leases.lasting(session, LEASE)
    return post


def page(session: Session, post: GroupPost) -> Page:
    """What is to be posted: what a shared page would show now."""
    run = post.run
    return page_of(session, run.group, Dates(run.period_start, run.period_end))


def posted(session: Session, post_id: int, vendor_id: str) -> None:
    """It is in the group."""
    post = session.get_one(GroupPost, post_id)
    post.vendor_id = vendor_id[:200]
    _let_go(post, PostState.POSTED, None)


def again(session: Session, post_id: int, at: datetime, why: str) -> None:
    """It is certainly not in the group: try again, a few times."""
    post = session.get_one(GroupPost, post_id)
    post.next_attempt_at = at
    _let_go(post, PostState.FAILED if post.attempts >= MOST_ATTEMPTS else PostState.QUEUED, why)


def ended(session: Session, post_id: int, state: PostState, why: str) -> None:
    """It will not be sent again."""
    _let_go(session.get_one(GroupPost, post_id), state, why)


def _let_go(post: GroupPost, state: PostState, problem: str | None) -> None:
    """Nobody works on it any more."""
    post.state, post.leased_until, post.problem = state, None, problem[:120] if problem else None


def _waits(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Its time has come, and nobody works on it: a post that is being sent waits only once its lease is over."""
    due = GroupPost.next_attempt_at <= now, GroupPost.expires_at > now
    return GroupPost.state.in_(OPEN), *due, leases.is_free(GroupPost.leased_until)
