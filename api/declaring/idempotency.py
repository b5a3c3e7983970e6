"""Idempotency-Key: a POST that is repeated with the same key gets the answer of the first request."""

import hashlib
import json
import re

from flask import Response, request

from api.declaring.call import Call
from api.declaring.problems import refuse
from services.people import kept_answers
from services.people.kept_answers import Asked

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
KEPT_HEADERS = ("Content-Type", "Location", "ETag", "WWW-Authenticate")


def asked(call: Call) -> Asked | None:
    """Return the key of this request; None if there is none, or if the method is not POST. Raises key-not-usable."""
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST":
        return None
    if not KEY.fullmatch(key):
        refuse("key-not-usable")
    what = hashlib.sha256(request.get_data()).hexdigest()
    said = f"{request.method} {request.full_path} {what}"
    # Where codes and refresh tokens are exchanged no one is signed in. There the secret in the body shows whose key it
    # is.
    owner = call.who.name if call.who else f"open:{what}"
    return Asked(call.who.member.id if call.who else None, owner, key, said)


def repeated(call: Call, wanted: Asked) -> Response:
    """Return the answer to the first request. Raises key-used if that was another request, and busy
    if it is not done yet.
    """
    kept, is_same = kept_answers.find_kept_answer(call.session, wanted)
    if not is_same:
        refuse("key-used")
    if kept is None:
        refuse("busy")
    status, headers, body = json.loads(kept)
    answer = Response(body, status, headers)
    answer.headers[REPLAYED] = "true"
    return answer


def packed(answer: Response) -> bytes:
    """Return an answer in the form in which it is kept."""
    headers = [[name, value] for name, value in answer.headers if name in KEPT_HEADERS]
    return json.dumps([answer.status_code, headers, answer.get_data(as_text=True)]).encode()
