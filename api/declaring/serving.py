"""What happens for every request: transaction, credential, Idempotency-Key, If-Match, handler, and
refusals as problems.
"""

import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import structlog
from flask import Response, request
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from api.declaring import idempotency, problems
from api.declaring.call import Call, credential_of, require_scope
from api.declaring.endpoints import Endpoint
from api.declaring.problems import Problem, refuse
from jobs.outages import is_outage
from jobs.queue import GOT_IN_THE_WAY
from jobs.work import transaction
from models.outages import name_of
from services.ground import audit, limits
from services.ground.refusals import Refusal
from services.people import kept_answers
from world import World

log = structlog.get_logger()

TRIES = 3
READS = {"GET", "HEAD"}
# The first key of the advisory lock for requests with If-Match; the second is made from the address
CONDITIONAL = 0x6966

Inner = Callable[..., Response]


def serve(world: World, endpoint: Endpoint, inner: Inner, show: Inner | None, path: dict[str, Any]) -> Response:
    """Answer a request. It is repeated if it conflicted with another one. `show` returns what
    If-Match is compared with.
    """
    for again in reversed(range(TRIES)):
        try:
            return _once(world, endpoint, inner, show, path)
        except SQLAlchemyError as error:
            is_in_the_way = getattr(getattr(error, "orig", None), "pgcode", None) in GOT_IN_THE_WAY
            if again and (is_in_the_way or isinstance(error, IntegrityError)):
                continue
            if not (is_in_the_way or is_outage(world, error)):
                raise
            log.warning("request put off", error=name_of(error))
            break
    return problems.own(Problem("busy"))


def _once(world: World, endpoint: Endpoint, inner: Inner, show: Inner | None, path: dict[str, Any]) -> Response:
    try:
        with transaction(world) as session:
            audit.name_way(session, audit.API)
            now = world.now()
            who = None
            if endpoint.scope is not None:
                who = credential_of(world, session, now)
                require_scope(who, endpoint.scope)
            if endpoint.body is not None and request.content_length and not request.is_json:
                refuse("not-json")
            call = Call(world, session, now, who)
            if show is not None and "If-Match" in request.headers:
                call.precondition = partial(_require_match, call, show, path)
            answer = _with_key(call, lambda: _heard(call, inner, path))
    except Problem as problem:
        return problems.own(problem)
    return _tagged(answer) if request.method in READS else answer


def _with_key(call: Call, work: Callable[[], Response]) -> Response:
    """Call `work` once for each Idempotency-Key. After a 429 the same key may be used again."""
    wanted = idempotency.asked(call)
    if wanted is None:
        return work()
    row = kept_answers.take(call.session, wanted, call.now)
    if row is None:
        return idempotency.repeated(call, wanted)
    answer = work()
    if answer.status_code == 429:
        kept_answers.give_back(call.session, row)
    else:
        kept_answers.keep(call.session, row, idempotency.packed(answer))
    return answer


def _require_match(call: Call, show: Inner, path: dict[str, Any]) -> None:
    """Raise changed-meanwhile unless If-Match names the current state. Such requests for one address wait for each
    other until the end of the transaction.
    """
    place = int.from_bytes(hashlib.sha256(request.path.encode()).digest()[:4], signed=True)
    call.session.execute(select(func.pg_advisory_xact_lock(CONDITIONAL, place)))
    call.session.expire_all()
    if not request.if_match.contains(tag_of(show(call, **path))):
        refuse("changed-meanwhile")


def _heard(call: Call, inner: Inner, path: dict[str, Any]) -> Response:
    """Call the handler. A refusal becomes a problem, and its changes are rolled back. Wrong guesses
    count as in the chat.
    """
    try:
        with nullcontext() if request.method in READS else call.session.begin_nested():
            return inner(call, **path)
    except Refusal as refusal:
        if call.who is not None:
            kind = limits.LINE + refusal.template()
            limits.count(call.session, limits.hash_member_addresses(call.session, call.member), kind, call.now)
        return problems.refused(refusal, call.reader)


def _tagged(answer: Response) -> Response:
    """Add an ETag, or turn the answer into 304 if the client has it already."""
    if answer.status_code == 200:
        answer.set_etag(tag_of(answer))
        answer.headers["Cache-Control"] = "private, no-cache"
        answer.make_conditional(request.environ)
    return answer


def tag_of(answer: Response) -> str:
    """Return the ETag: a hash of the answer."""
    return hashlib.sha256(answer.get_data()).hexdigest()[:32]
