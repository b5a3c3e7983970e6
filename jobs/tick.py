"""The tick, once a minute: opens the digests that are due, and rings for all work that waits in Postgres."""

from datetime import datetime

import structlog
from redis import RedisError
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from jobs import (
    challenges,
    delivery,
    digests,
    garmin,
    group_posts,
    housekeeping,
    pictures,
    reconciling,
    records,
    scoring,
    stopping,
    webhooks,
)
from jobs.health import Doctor
from jobs.linking import tell_failed
from jobs.queue import answering, job, ring
from jobs.work import transaction
from services.data import erasure, exports
from services.delivery import ceiling, contents, outcomes
from services.digest import digests as digest_service
from services.digest import group_posts as group_post_service
from services.digest import media, shares
from services.ground import signs
from services.ground.bells import Bell
from services.health.processes import WORKER
from services.play import challenges as challenge_service
from services.training import accounts, attempts, files, one_time_links, sign_ins, syncing
from services.training import records as record_service
from services.training import scoring as scoring_service
from services.webhooks import sending
from world import World

log = structlog.get_logger()

TOLD_FOR = 6 * 3600  # seconds
SWEEP_AT = 17  # minutes past each hour: nothing else begins then


@job("tick", timeout=60)
def tick(world: World) -> None:
    """Do one tick. Several may run at once, early, late or twice, because work that is due is claimed in Postgres."""
    now = world.now()
    while not stopping.is_stop_asked() and open_digests(world):
        pass
    with transaction(world) as session:
        digest_service.hurry_syncs(session, now)
        give_up_sign_ins(session, world)
    ring_for_what_waits(world)
    with transaction(world) as session:
        media.forget_expired(session, now)
        shares.forget_old(session, now)
        one_time_links.forget_old(session, now)
        signs.leave(session, signs.TICK, world.now())
    tell_of_ceilings(world)
    Doctor(world, WORKER).examine_unless_others_do()  # so that problems are logged even if nobody asks /readyz


def give_up_sign_ins(session: Session, world: World) -> None:
    """End sign-ins that have waited too long, and tell members who wait for an answer in the chat."""
    for attempt in sign_ins.give_up_abandoned(session, world.now()):
        if attempt.problem == attempts.NOT_ASKED:
            tell_failed(session, world, attempt)


def tell_of_ceilings(world: World) -> None:
    """Log, at most once in six hours, that a ceiling is reached and no more messages may be sent."""
    with world.sessions() as session:
        full = ceiling.count_sent_today(session, world.now()).full(delivery.read_ceilings(world))
    for group in full:
        try:
            is_news = world.redis.set(f"told:ceiling:{group or 'number'}", 1, nx=True, ex=TOLD_FOR)
        except RedisError:
            is_news = True
        if is_news:
            log.error("daily ceiling of messages reached", group=group, number=group is None)


def open_digests(world: World) -> int:
    """Create the digest runs of some groups that are due. Returns how many."""
    with transaction(world) as session:
        opened = digest_service.claim_due(session, world.now())
        stopping.die_at("before_open_commit")
    return opened


def ring_for_what_waits(world: World) -> None:
    """Ring for every kind of work that waits in Postgres, because a bell or a job may have been lost."""
    now = world.now()
    with world.sessions() as session:
        waiting = outcomes.count_backlog(session)
        asked = _conditions(now)
        found = dict(zip(asked, session.execute(select(*asked.values())).one(), strict=True))
        unchecked = contents.is_check_due(session, now, world.messenger.account)
        ending = bool(accounts.take_due_reminders(session, now))
    for is_needed, work in (
        (bool(waiting), delivery.drain),
        (found["doubts"], reconciling.reconcile),
        (found["garmin"], garmin.drain),
        (found["unmade"], digests.make),
        (found["freezing"], digests.freeze),
        (found["undrawn"], pictures.draw_shares),
        (found["posts"] and world.group_transport.can_post, group_posts.post),
        (ending, garmin.remind),
        (found["over"], challenges.judge),
        (found["outdated"], scoring.score_anew),
        (found["unwritten"] and not found["outdated"], records.write_anew),  # only after all points were computed
        (found["unhoused"], housekeeping.tidy),
        (found["untold"], webhooks.send),
        (now.minute == SWEEP_AT, housekeeping.sweep),
        (unchecked, reconciling.check_templates),
        (Bell.RECEIVE in answering, answering.get(Bell.RECEIVE)),
    ):
        if is_needed and work is not None:
            ring(world, work)
    log.info("tick", **waiting)


def _conditions(now: datetime) -> dict[str, ColumnElement[bool]]:
    """Return the conditions for work that waits, by name. They are queried in one statement, to save round trips to
    Postgres.
    """
    return {
        "doubts": outcomes.has_doubtful_message(now),
        "garmin": or_(syncing.has_due_account(now), sign_ins.has_waiting_sign_in(now), files.has_waiting_file(now)),
        "unmade": digest_service.has_unmade_run(),
        "freezing": digest_service.has_days_to_freeze(now),
        "undrawn": shares.has_undrawn_page(),
        "posts": group_post_service.has_due_post(now),
        "over": challenge_service.has_due_challenge(now),
        "outdated": scoring_service.has_outdated_points(),
        "unwritten": record_service.has_unwritten_records(),
        "untold": sending.has_due_message(now),
        "unhoused": or_(exports.has_waiting_copy(), erasure.has_unfinished_erasure(now)),
    }
