"""Limits requests to secret addresses that do not exist.

No token can be guessed; this limit keeps the tries from becoming a load, and tells the operator about them. Only
requests for addresses that do not exist are counted and refused. An address that exists is always served, whoever else
is in the same network, and whatever a visitor or a proxy writes into `X-Forwarded-For`. So nobody can lock anybody out.
A visitor who claims a new network with each request reaches the limit for all networks together.
"""

from collections.abc import Callable
from functools import partial

import structlog
from flask import Flask, Response, g, make_response, request
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy.orm import Session

from api.declaring import problems
from api.declaring.networks import read_network
from logs import Seldom
from services.data import exports
from services.digest import media, shares
from services.people import dashboard_links, feeds, operator_access
from services.training import one_time_links
from web.counters import make_counters
from web.pages import ANYBODY, render_page
from world import World

log = structlog.get_logger()

MINUTES = 15
MOST_OF_A_HOUSE, MOST_OF_ALL = 100, 1000  # unsuccessful requests, of one network and of all together
OF_A_HOUSE = RateLimitItemPerMinute(MOST_OF_A_HOUSE, MINUTES, "house")
OF_ALL = RateLimitItemPerMinute(MOST_OF_ALL, MINUTES, "all")

Knows = Callable[[World, Session, str], bool]


def _is_for_operator(world: World, session: Session, token: str) -> bool:
    key = world.settings.operator_token.get_secret_value()
    return operator_access.was_made_for_operator(session, key, token)


# For each blueprint: the status that may mean "no such token", and a function that says whether the token exists. A
# request for /health or /metrics with a wrong token always counts.
FINDS_NOTHING: dict[str, tuple[int, Knows | None]] = {
    "link": (410, lambda _, session, token: one_time_links.was_made_for(session, token)),
    "dashboard": (410, lambda _, session, token: dashboard_links.was_made_for_dashboard(session, token)),
    "export": (410, lambda _, session, token: exports.was_made_for(session, token)),
    "share": (404, lambda _, session, token: shares.find(session, token) is not None),
    "feeds": (404, lambda _, session, token: feeds.was_made(session, token)),
    "media": (404, lambda _, session, token: media.find(session, token) is not None),
    "operator": (410, _is_for_operator),
    "health": (404, None),
    "metrics": (404, None),
}


def refuse_guesses(app: Flask, world: World) -> None:
    """Answer 429 instead of "not found" to a network that has tried too often. Call it after the function that adds
    headers, so that this answer gets them too.
    """
    limiter, seldom = FixedWindowRateLimiter(make_counters(world, "misses")), Seldom()

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
        return not knows(world, session, token)


def _may_miss(world: World, limiter: FixedWindowRateLimiter) -> bool:
    """Count an unsuccessful request. Returns True if it is within the limits, or if Redis cannot be used.

    A network is counted under each accepted SECRET_KEY, so that processes with the keys in another
    order share the counts.
    """
    hit = partial(limiter.hit, OF_A_HOUSE)
    try:
        within = [hit(tag[:32]) for tag in world.vault.tags("address", read_network(request.remote_addr))]
        return limiter.hit(OF_ALL) and all(within)
    except StorageError:
        return True  # Redis is away: allowing guesses is better than refusing visitors
