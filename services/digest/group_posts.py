"""Posts of digests into WhatsApp groups, if the operator may post there. Each is posted once, or not at all."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Exists, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from fitness.dates import Dates
from models import DigestRun, GroupPost, PostState
from services.digest.shares import SharedPage, make_page_of_days
from services.ground import leases
from services.ground.bells import Bell, ring

GOOD_FOR = timedelta(hours=12)
LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 5
OPEN = (PostState.QUEUED, PostState.SENDING)


def open_for(session: Session, run: DigestRun, now: datetime) -> None:
    """Let a digest be posted into its WhatsApp group, if the group has one. This happens once for each run."""
    if run.group.whatsapp_group_id is None:
        return
    row = {"run_id": run.id, "state": PostState.QUEUED, "attempts": 0}
    row |= {"next_attempt_at": now, "expires_at": now + GOOD_FOR}
    session.execute(insert(GroupPost).values(row).on_conflict_do_nothing())
    ring(session, Bell.GROUP_POSTS)


def has_due_post(now: datetime) -> Exists:
    """Return a condition: a post may be sent now, or the worker that was sending it has died."""
    return exists().where(*_waits(now))


def claim(session: Session, now: datetime) -> GroupPost | None:
    """Lease the next post for two minutes, and return it, or None. A post whose worker died is not sent again."""
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
    post.state, post.attempts, post.leased_until = (
        PostState.SENDING,
        post.attempts + 1,
        leases.end_lease_in(session, LEASE),
    )
    return post


def make_page(session: Session, post: GroupPost) -> SharedPage:
    """Return what to post: the same as a shared page would show now."""
    run = post.run
    return make_page_of_days(session, run.group, Dates(run.period_start, run.period_end))


def note_posted(session: Session, post_id: int, vendor_id: str) -> None:
    """Store that the post is in the group. `vendor_id` is the vendor's id of the message."""
    post = session.get_one(GroupPost, post_id)
    post.vendor_id = vendor_id[:200]
    _let_go(post, PostState.POSTED, None)


def try_again(session: Session, post_id: int, at: datetime, why: str) -> None:
    """Store that the post is certainly not in the group. It is tried again at `at`, a few times."""
    post = session.get_one(GroupPost, post_id)
    post.next_attempt_at = at
    _let_go(post, PostState.FAILED if post.attempts >= MOST_ATTEMPTS else PostState.QUEUED, why)


def note_ended(session: Session, post_id: int, state: PostState, why: str) -> None:
    """Store that the post will not be sent again, with its final state and the reason."""
    _let_go(session.get_one(GroupPost, post_id), state, why)


def _let_go(post: GroupPost, state: PostState, problem: str | None) -> None:
    """End the lease of the post, and set its state and problem."""
    post.state, post.leased_until, post.problem = state, None, problem[:120] if problem else None


def _waits(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return conditions: the post is due, and no worker is sending it (or its lease has ended)."""
    due = GroupPost.next_attempt_at <= now, GroupPost.expires_at > now
    return GroupPost.state.in_(OPEN), *due, leases.is_free(GroupPost.leased_until)
