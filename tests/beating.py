"""Gives processes heartbeats that stay valid for an hour, so that no test depends on how long the checks take."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import update

from jobs import heartbeats
from jobs.heartbeats import Heart
from jobs.tick import tick
from models import Sign
from services.ground import signs
from world import World

AN_HOUR = timedelta(hours=1)


def beat(world: World, *kinds: str) -> None:
    """Write a heartbeat of one process of each kind, dated an hour ahead."""
    later = replace(world, now=lambda: world.now() + AN_HOUR)
    for kind in kinds:
        heart = Heart(later, kind)
        heart.instance = f"elsewhere:{kind}"
        heart.beat()
        at, facts = world.redis.hget(heartbeats.BEATS, heart.instance).decode().split(" ", 1)
        world.redis.hset(heartbeats.BEATS, heart.instance, f"{float(at) + AN_HOUR.total_seconds():.3f} {facts}")


def have_ticked(world: World) -> None:
    """Record a completed tick, dated an hour ahead."""
    tick.body(world)
    with world.sessions.begin() as session:
        session.execute(update(Sign).where(Sign.name == signs.TICK).values(at=world.now() + AN_HOUR))
