"""Idempotency-Key: whoever repeats a POST with the same key gets the answer of the first time."""

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
    """The key that came with this request; None where none came, or the method needs none."""
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST":
        return None
    if not KEY.fullmatch(key):
        refuse("key-not-usable")
    what = hashlib.sha256(request.get_data()).hexdigest()
    said = f"{request.method} {request.full_path} {what}"
    # Nobody is signed in where codes and refresh tokens are exchanged: there the secret itself says whose the key is.
    owner = call.who.name if call.who else f"open:{what}"
    return Asked(call.who.member.id if call.who else None, owner, key, said)


def repeated(call: Call, wanted: Asked) -> Response:
    """The answer of the first time. Refuses where the key was used for something else."""
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
    """An answer as it is kept."""
    headers = [[name, value] for name, value in answer.headers if name in KEPT_HEADERS]
    return json.dumps([answer.status_code, headers, answer.get_data(as_text=True)]).encode()
