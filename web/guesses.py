"""Whoever tries addresses that nobody gave them is slowed, by where they come from.

No token can be guessed; this keeps the trying from being a load. Only what finds nothing counts, and so much of it is
free that forty people of a club who share one address may all press an old link twice.
"""

from ipaddress import ip_address, ip_network

import structlog
from flask import Flask, Response, make_response, render_template, request
from redis import RedisError

from world import World

log = structlog.get_logger()

MOST_MISSES = 100
WITHIN = 900  # seconds
FINDS_NOTHING = {"link": {410}, "export": {410}, "share": {404}}  # a page that is over is no guess


def slow(app: Flask, world: World) -> None:
    """Refuse pages with a token to an address that has missed too often."""

    @app.before_request
    def refuse() -> Response | None:
        if not _has_token() or _misses(world) < MOST_MISSES:
            return None
        answer = make_response(render_template("slow_down.html", minutes=WITHIN // 60), 429)
        answer.headers["Retry-After"] = str(WITHIN)
        return answer

    @app.after_request
    def count(answer: Response) -> Response:
        if _has_token() and answer.status_code in FINDS_NOTHING[request.blueprint or ""]:
            _count(world)
        return answer


def _has_token() -> bool:
    return request.blueprint in FINDS_NOTHING and "token" in (request.view_args or {})


def _misses(world: World) -> int:
    try:
        return sum(int(found or 0) for found in world.redis.mget(_keys(world)))
    except RedisError:
        return 0  # the doorbell is away: better to be guessed at than to turn members away


def _count(world: World) -> None:
    try:
        key = _keys(world)[0]
        with world.redis.pipeline() as both:
            both.set(key, 0, ex=WITHIN, nx=True)
            both.incr(key)
            _, missed = both.execute()
    except RedisError:
        return
    if missed == MOST_MISSES:
        log.warning("addresses are being tried", most=MOST_MISSES, seconds=WITHIN)


def _keys(world: World) -> list[str]:
    """Where the misses of this address are counted: of this house, for IPv6. Redis is not told which it is.

    The first is written; the other is what processes with the other SECRET_KEY have counted while it is changed.
    """
    where = ip_address((request.remote_addr or "::").partition("%")[0])
    house = str(where if where.version == 4 else ip_network((where, 64), strict=False))
    return [f"misses:{tag[:32]}" for tag in world.vault.tags("address", house)]
