"""How the operator signs in and out: with OPERATOR_TOKEN and a code, or with it and a link that comes by WhatsApp.

One answer is given for whatever was wrong, so that nobody learns whether a token was right. While Redis is away, tries
cannot be counted, and nobody can sign in.
"""

import hmac

import structlog
from flask import Blueprint, Response, make_response, redirect, request, url_for
from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter

from api.declaring.networks import read_network
from jobs import alarms
from jobs.work import transaction
from logs import Seldom
from services.ground import audit
from services.people import operator_access
from web.common.forms import require_same_origin
from web.operator_page.visit import (
    OperatorVisit,
    make_operator_doer,
    name_operator_cookie,
    require_page,
    show_operator_page,
)
from world import World

log = structlog.get_logger()

MINUTES = 15
TOKENS_OF_A_NETWORK = RateLimitItemPerMinute(10, MINUTES, "tokens")
TOKENS_OF_ALL = RateLimitItemPerMinute(100, MINUTES, "all tokens")
CODES = RateLimitItemPerMinute(5, MINUTES, "codes")  # right and wrong ones; strangers, without the token, use up none
LINKS = RateLimitItemPerMinute(3, MINUTES, "links")
LONGEST = 200  # characters of what is typed


class Tries:
    """Counts what is tried, in Redis. Raises `StorageError` if that cannot be reached."""

    def __init__(self, world: World) -> None:
        self._world, self._seldom = world, Seldom()
        storage = RedisStorage(
            "redis://", connection_pool=world.redis.connection_pool, key_prefix="operator", wrap_exceptions=True
        )
        self._limiter = FixedWindowRateLimiter(storage)

    def is_token(self, given: str, token: str) -> bool | None:
        """Whether this is OPERATOR_TOKEN. None if it is not, and too many wrong ones were tried already.

        The right one is never refused: it cannot be guessed, and so nobody can lock the operator out.
        """
        if hmac.compare_digest(given.encode(), token.encode()):
            return True
        if count := self._seldom.passes("tokens", self._world.now()):
            log.error("operator token wrong", count=count)
        network = self._world.vault.tags("address", read_network(request.remote_addr))[0][:32]
        within = [self._limiter.hit(TOKENS_OF_A_NETWORK, network), self._limiter.hit(TOKENS_OF_ALL)]
        return False if all(within) else None

    def may_try_code(self) -> bool:
        """Count one more code, and return whether it may be checked."""
        return self._limiter.hit(CODES)

    def may_send_link(self) -> bool:
        """Count one more link, and return whether it may be sent."""
        return self._limiter.hit(LINKS)


def add_operator_entry(routes: Blueprint, world: World) -> None:
    """Add signing in, the page behind a link, and signing out."""
    tries = Tries(world)

    @routes.get("/sign-in")
    def sign_in() -> Response:
        require_page(world)
        return _form(world)

    @routes.post("/sign-in")
    def let_in() -> Response:
        token = require_page(world)
        require_same_origin(world)
        given = request.form.get("token", "").strip()[:LONGEST]
        try:
            is_right = tries.is_token(given, token)
            if not is_right:
                return _form(world, "wrong" if is_right is False else "too-many")
            return _send_link(world, tries) if request.form.get("way") == "link" else _check_code(world, tries)
        except StorageError:
            return _form(world, "away")

    @routes.get("/enter/<token>")
    def enter(token: str) -> Response:
        """Show a button. Opening the link changes nothing, because previews open links too."""
        require_page(world)
        return show_operator_page("enter.html", token=token)

    @routes.post("/enter/<token>")
    def start(token: str) -> Response:
        key = require_page(world)
        require_same_origin(world)
        with transaction(world) as session:
            audit.name_way(session, audit.OPERATOR)
            browser = operator_access.open_operator_link(session, key, token, world.now())
        return show_operator_page("over.html", 410) if browser is None else _let_in(world, browser)

    def sign_out(visit: OperatorVisit) -> Response:
        """End the session of this browser, or with "all" of every browser."""
        only = None if request.form.get("which") == "all" else visit.device
        operator_access.end_operator_sessions(visit.session, visit.now, only)
        answer = _form(world, "signed-out")
        is_secure = world.settings.is_https
        answer.delete_cookie(name_operator_cookie(world), path="/", secure=is_secure, httponly=True, samesite="Strict")
        return answer

    routes.post("/sign-out", endpoint="sign_out")(make_operator_doer(world, sign_out))


def _form(world: World, says: str = "") -> Response:
    """Show the form to sign in. `says` names what the page has to tell."""
    status = {"wrong": 403, "too-many": 429, "away": 503, "not-sent": 502}.get(says, 200)
    settings = world.settings
    has_code, has_link = bool(settings.operator_totp.get_secret_value()), bool(settings.operator_whatsapp)
    answer = show_operator_page(
        "sign_in.html", status, says=says, has_code=has_code, has_link=has_link, minutes=MINUTES
    )
    if status == 429:
        answer.headers["Retry-After"] = str(MINUTES * 60)
    return answer


def _check_code(world: World, tries: Tries) -> Response:
    secret = world.settings.operator_totp.get_secret_value()
    if not tries.may_try_code():
        return _form(world, "too-many")
    code = "".join(request.form.get("code", "")[:LONGEST].split())
    with transaction(world) as session:
        audit.name_way(session, audit.OPERATOR)
        now = world.now()
        if secret and operator_access.use_code(session, secret, code, now):
            token = world.settings.operator_token.get_secret_value()
            browser = operator_access.begin_operator_session(session, token, operator_access.CODE, now)
            return _let_in(world, browser)
    log.error("operator code wrong")  # whoever sent it knows OPERATOR_TOKEN
    return _form(world, "wrong")


def _send_link(world: World, tries: Tries) -> Response:
    """Send the link at once, and not through the outbox, because the worker may be the problem."""
    settings = world.settings
    if not settings.operator_whatsapp:
        return _form(world, "wrong")
    if not tries.may_send_link():
        return _form(world, "too-many")
    with transaction(world) as session:
        audit.name_way(session, audit.OPERATOR)
        secret = operator_access.make_operator_link(session, settings.operator_token.get_secret_value(), world.now())
    minutes = int(operator_access.LINK_FOR.total_seconds() // 60)
    text = f"This link works once, within {minutes} minutes: {settings.base_url}/operator/enter/{secret}"
    alarm = alarms.WhatsAppAlarm(world, settings.operator_whatsapp)
    failed = alarms.ring([alarm], "Sign in to the operator's page", text)
    return _form(world, "not-sent" if failed else "sent")


def _let_in(world: World, browser: str) -> Response:
    answer = make_response(redirect(url_for("operator.overview"), 303))
    answer.set_cookie(
        name_operator_cookie(world),
        browser,
        max_age=int(operator_access.SESSION_FOR.total_seconds()),
        secure=world.settings.is_https,
        httponly=True,
        samesite="Strict",
        path="/",
    )
    return answer
