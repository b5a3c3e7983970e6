"""A process that can be killed a thousand times: like RQ's worker, it has loaded everything and forks for each job.

It reads lines `point job time` and answers each with the exit code of the child that did the job: 9 if it died at that
point, 0 if it never reached it.
"""

import logging
import os
import sys
from collections.abc import Callable
from datetime import datetime

import structlog

import world as worlds
from bot import receiving
from jobs import delivery, digests, reconciling, tick
from jobs.work import transaction
from messages.message import Message
from models import Member, MessageKind
from services.delivery import mailbox
from tests.letters import READY
from tests.town import settings
from world import World


def post(world: World) -> None:
    """Write a message to every member, as a command or a job does, and ring."""
    with transaction(world) as session:
        for member in session.query(Member):
            words = Message(f"Good news, no. {member.id}", approved=READY)
            mailbox.post(session, member.id, words, world.now(), kind=MessageKind.NOTICE, key=f"news:{member.id}")


JOBS: dict[str, Callable[[World], object]] = {
    "post": post,
    "deliver": delivery.drain.body,
    "reconcile": reconciling.reconcile.body,
    "tick": tick.tick.body,
    "make": digests.make.body,
    "ingest": receiving.ingest.body,
}


def run(servers: list[str], point: str, job: str, instant: datetime) -> None:
    """Do the job in a world of this process's own, whose clock stands still."""
    os.environ["CRASH_AT"] = point
    world = World.from_settings(settings(*servers), clock=lambda: instant)
    worlds.use(world)
    JOBS[job](world)


def main(servers: list[str]) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for line in sys.stdin:
        point, job, instant = line.split()
        child = os.fork()
        if child == 0:
            run(servers, point, job, datetime.fromisoformat(instant))
            os._exit(0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
