"""Errors in the form of RFC 9457: application/problem+json."""

import re
from http import HTTPStatus
from typing import Any, NoReturn

from flask import Response, g, json, request
from werkzeug.exceptions import HTTPException

from messages.render import Reader, words
from services.ground import refusals
from services.ground.refusals import Refusal

DOCS = "/api/v1/docs"
TYPE = "application/problem+json"
PREFIX = "/api/"
GUESSED = "guessed"  # set for a request with a token that is not ours: see web/guesses.py

# The API's own problems: the name in a problem's `type`, its status, its title, and its meaning.
OWN = {
    "not-signed-in": (401, "Sign in first", "There is no token, or it is not good, or not good any more."),
    "token-over": (401, "The token is over", "The access token is older than ten minutes: renew it."),
    "code-wrong": (
        401,
        "That code does not sign you in",
        "It is wrong, used, older than ten minutes, or was tried five times.",
    ),
    "refresh-not-good": (
        401,
        "That refresh token is not good",
        "It is unknown, or its session is over. One that is used a second time ends its session.",
    ),
    "sign-in-again": (403, "Sign in again first", "This needs a sign-in with a code within the last 15 minutes."),
    "scope-missing": (403, "The token may not do this", "`scope` names what it would need."),
    "number-in-doubt": (
        403,
        "It is in doubt whose number this is",
        "Write to the bot in WhatsApp: it asks what it needs to know.",
    ),
    "webhooks-off": (403, "There are no webhooks here", "The operator of this bot does not allow them."),
    "webhook-off": (409, "The webhook is off", "Switch it on first: `is_on`."),
    "not-found": (404, "Not found", "There is nothing here, or it is not yours to see."),
    "changed-meanwhile": (412, "It has changed meanwhile", "If-Match does not name its present state: read it again."),
    "key-used": (422, "The key was used for something else", "An Idempotency-Key belongs to one request."),
    "key-not-usable": (400, "The key is not usable", "An Idempotency-Key has 1 to 255 visible characters."),
    "cursor-not-usable": (400, "The cursor is not usable", "Take it as it came, with the same filters and sorting."),
    "not-json": (415, "The body is not JSON", "Send it with Content-Type: application/json."),
    "not-valid": (422, "The request is not valid", "`errors` says which fields are wrong, and how."),
    "too-many-requests": (429, "Too many requests", "`Retry-After` says in how many seconds to try again."),
    "busy": (503, "Try again soon", "What this needs is away, or busy, just now. Nothing was done."),
}
FORBIDDEN = {"OnlyAdmins", "OnlyOwner", "NotOverThem", "NotOverYourself", "MayNotVouch", "Banned", "KeptPrivate"}
FORBIDDEN |= {"WrongEraseCode"}
OFTEN = {"TooManyGuesses", "AskedOften", "SyncedJustNow", "TooManyNewGroups", "TooManyEraseCodes", "TooManyLinkCodes"}
OFTEN |= {"EnoughFiles", "EnoughCopies", "EnoughKudos", "EnoughFeedback", "EnoughSignInCodes", "DeclinedLately"}
OFTEN |= {"EnoughWebhookRequests"}
NOT_VALID = {"SoundsOfficial", "CodeNotActive", "PeriodNotStarted", "ZoneNotKnown", "LanguageNotKnown"}
HIDDEN = ("NoSuch", "NotIn", "NoGoal", "NoChallenge", "NotLinked", "NothingToDigest", "GroupHasEnded")


class Problem(Exception):
    """Raised while answering a request; all changes of the request are rolled back. `more` is added to the answer."""

    def __init__(self, name: str, **more: Any) -> None:
        super().__init__(name)
        self.name, self.more = name, more


def refuse(name: str, **more: Any) -> NoReturn:
    """Raise one of the API's own problems."""
    raise Problem(name, **more)


def own(problem: Problem) -> Response:
    """Return the answer for one of the API's own problems."""
    status, title, detail = OWN[problem.name]
    answer = written(status, problem.name, title, detail, **problem.more)
    if status == HTTPStatus.UNAUTHORIZED:
        given = "Authorization" in request.headers
        answer.headers["WWW-Authenticate"] = 'Bearer realm="gruppetto"' + (', error="invalid_token"' if given else "")
        if problem.name == "refresh-not-good" or (problem.name == "not-signed-in" and given):
            setattr(g, GUESSED, True)
    if problem.name == "busy":
        answer.headers["Retry-After"] = "5"
    return answer


def refused(refusal: Refusal, reader: Reader) -> Response:
    """Return the answer for a service's refusal, with the text of the chat. Its `minutes` or
    `hours` become Retry-After.
    """
    name = type(refusal).__name__
    text = words(refusal.template(), reader, **refusal.facts)
    answer = written(status_of(type(refusal)), slug_of(name), title_of(type(refusal)), text)
    minutes, hours = refusal.facts.get("minutes"), refusal.facts.get("hours")
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        answer.headers["Retry-After"] = str(60 * minutes if minutes else 3600 * (hours or 24))
    return answer


def of_http(error: HTTPException) -> Response:
    """Return the answer for an error of Flask: an unknown address, a wrong method, or a body that cannot be read."""
    status = HTTPStatus(error.code or 500)
    data = getattr(error, "data", None) or {}
    if "messages" in data:
        answer = own(Problem("not-valid", errors=_errors(data["messages"])))
    elif status is HTTPStatus.NOT_FOUND:
        answer = own(Problem("not-found"))
    elif status is HTTPStatus.TOO_MANY_REQUESTS:
        answer = own(Problem("too-many-requests"))
    else:
        answer = written(status, status.phrase.lower().replace(" ", "-"), status.phrase, error.description or "")
    answer.headers.update({name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}})
    return answer


def is_for_programs() -> bool:
    """Return whether the request is for the API, so that its errors must be problems and not pages."""
    return request.path.startswith(PREFIX)


def broke() -> Response:
    """Return the answer for an error of our own."""
    return written(500, "broke", "Something broke on our side", "It is in the log. Nothing was done.")


def written(status: int, slug: str, title: str, detail: str, **more: Any) -> Response:
    """Return a problem as an answer."""
    body = {"type": f"{DOCS}#{slug}", "title": title, "status": int(status), "detail": detail, **more}
    return Response(json.dumps(body), int(status), content_type=TYPE)


def status_of(kind: type[Refusal]) -> int:
    """Return the HTTP status of a refusal."""
    name = kind.__name__
    if name in FORBIDDEN:
        return 403
    if name in OFTEN:
        return 429
    if name in NOT_VALID or name.endswith("NotUsable"):
        return 422
    return 404 if name.startswith(HIDDEN) else 409


def all_refusals() -> dict[str, tuple[int, str, str]]:
    """Return all refusals of the services by the name in a problem's `type`, with their status, title and meaning."""
    kinds = [each for each in vars(refusals).values() if isinstance(each, type) and issubclass(each, Refusal)]
    found = {each.__name__: each for each in kinds if each is not Refusal}
    return {
        slug_of(name): (status_of(kind), title_of(kind), (kind.__doc__ or "").split("Facts:")[0].strip())
        for name, kind in found.items()
    }


def slug_of(name: str) -> str:
    """Return the name of a problem's `type`: not-in-a-group for `NotInAGroup`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def title_of(kind: type[Refusal]) -> str:
    """Return the name of a refusal as words."""
    return slug_of(kind.__name__).replace("-", " ").capitalize()


def _errors(messages: Any) -> list[dict[str, str]]:
    """Return the invalid fields, each with a JSON pointer to it."""
    found: list[dict[str, str]] = []
    for place, fields in messages.items() if isinstance(messages, dict) else ():
        _collect(found, f"{place}:", fields)
    return found


def _collect(found: list[dict[str, str]], pointer: str, inside: Any) -> None:
    if isinstance(inside, dict):
        for name, each in inside.items():
            _collect(found, f"{pointer}/{name}", each)
    else:
        texts = inside if isinstance(inside, list) else [inside]
        found.extend({"pointer": pointer, "detail": str(text)} for text in texts)
