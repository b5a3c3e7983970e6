"""Once a minute: open the digests that are due, and ring for whatever waits in Postgres and was not heard."""

import structlog

from jobs import delivery, digests, garmin
from jobs.queue import job, ring
from jobs.work import transaction
from services import digests as digest_service
from services import linking, media, outbox, syncing
from world import World

log = structlog.get_logger()


@job("tick", timeout=60)
def tick(world: World) -> None:
    """Any number of these may run at once, early, late or twice: what is due is claimed in Postgres."""
    now = world.now()
    with transaction(world) as session:
        while digest_service.claim_due(session, now):
            pass
        digest_service.hurry_syncs(session, now)
        linking.give_up_abandoned(session, now)
    delivery.look_up(world)
    _ring_for_what_waits(world)
    with transaction(world) as session:
        media.forget_expired(session, now)
        linking.forget_old(session, now)


def _ring_for_what_waits(world: World) -> None:
    with world.sessions() as session:
        waiting = outbox.backlog(session)
        due_sync, due_digest = syncing.is_due(session, world.now()), digest_service.pending(session)
    if waiting:
        ring(world, delivery.drain)
    if due_sync:
        ring(world, garmin.drain)
    if due_digest:
        ring(world, digests.make)
    log.info("tick", **waiting)
