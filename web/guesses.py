"""Whoever tries addresses that nobody gave them is slowed.

No token can be guessed; this keeps the trying from being a load, and tells the operator of it. Only a request that
finds nothing counts, and only such a request is refused: an address that exists is always served, whoever else shares
the network, and whatever a visitor or a proxy writes into `X-Forwarded-For`. So nobody can lock anybody out. Whoever
claims a new network with each request meets the limit for all networks together.
"""

from collections.abc import Callable
from functools import partial

import structlog
from flask import Flask, Response, g, make_response, request
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy.orm import Session

from api.declaring import problems
from api.declaring.networks import read_network
from logs import Seldom
from services.data import exports
from services.digest import media, shares
from services.training import one_time_links
from web.pages import ANYBODY, render_page
from world import World

log = structlog.get_logger()

MINUTES = 15
MOST_OF_A_HOUSE, MOST_OF_ALL = 100, 1000  # requests that find nothing, in so many minutes
OF_A_HOUSE = RateLimitItemPerMinute(MOST_OF_A_HOUSE, MINUTES, "house")
OF_ALL = RateLimitItemPerMinute(MOST_OF_ALL, MINUTES, "all")

Knows = Callable[[Session, str], bool]
# The answer of each blueprint that may mean "no such token", and who knows whether there is one: a page that is over is
# no guess. Who asks for /health or /metrics has a token that is right or wrong.
FINDS_NOTHING: dict[str, tuple[int, Knows | None]] = {
    "link": (410, one_time_links.exists_for),
    "export": (410, exports.exists_for),
    "share": (404, lambda session, token: shares.find(session, token) is not None),
    "media": (404, lambda session, token: media.find(session, token) is not None),
    "health": (404, None),
    "metrics": (404, None),
}


def slow(app: Flask, world: World) -> None:
    """Answer 429 instead of "nothing here" to a network that has tried too often. To be called after what adds headers
    to answers: they belong on this one too.
    """
    limiter, seldom = FixedWindowRateLimiter(_storage(world)), Seldom()

    @app.after_request
    def refuse(answer: Response) -> Response:
        if not _is_guess(world, answer) or _may_miss(world, limiter):
            return answer
        if count := seldom.passes("misses", world.now()):
            log.warning("addresses are being tried", count=count)
        answer = make_response(_slow_down(), 429)
        answer.headers["Retry-After"] = str(MINUTES * 60)
        return answer


def _slow_down() -> str | Response:
    if problems.is_for_programs():
        return problems.own(problems.Problem("too-many-requests"))
    return render_page("slow_down.html", ANYBODY, minutes=MINUTES)


def _storage(world: World) -> RedisStorage:
    """Counters in our Redis, over the connections that this process has anyway."""
    return RedisStorage(
        "redis://", connection_pool=world.redis.connection_pool, key_prefix="misses", wrap_exceptions=True
    )


def _is_guess(world: World, answer: Response) -> bool:
    if problems.is_for_programs():
        return bool(g.get(problems.GUESSED))
    status, knows = FINDS_NOTHING.get(request.blueprint or "", (None, None))
    if answer.status_code != status:
        return False
    if knows is None:
        return True
    token = (request.view_args or {}).get("token")
    if token is None:
        return False
    with world.sessions() as session:
        return not knows(session, token)


def _may_miss(world: World, limiter: FixedWindowRateLimiter) -> bool:
    """Count a request that found nothing. True where it is within the limits, or where Redis cannot tell.

    A house is counted under each SECRET_KEY that is accepted: processes with the other order count together with us.
    """
    hit = partial(limiter.hit, OF_A_HOUSE)
    try:
        within = [hit(tag[:32]) for tag in world.vault.tags("address", read_network(request.remote_addr))]
        return limiter.hit(OF_ALL) and all(within)
    except StorageError:
        return True  # the doorbell is away: better to be guessed at than to be in the way
