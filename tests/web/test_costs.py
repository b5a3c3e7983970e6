"""One request of a stranger costs at most half a second of CPU, whatever is in its form, address and headers.

The CPU time of the answering thread is measured, so that other processes on the machine matter little.
"""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from tests.town import TOKEN, Town
from tests.web.test_webhook import INBOUND, STATUS, said
from web.app import create_app

MOST_SECONDS = 0.5
MOST_BYTES = 128 * 1024  # of a form; the webhook refuses larger ones
TINY = {f"{n:x}": "" for n in range(18_000)}
BODIES = {
    "tiny fields": TINY,
    "one field": {"Body": "a" * 120_000},
    "many media": said(NumMedia="10") | {f"MediaUrl{n}": "x" for n in range(6_000)},
    "percent signs": {"Body": "%" * 40_000},
    "long name": said(ProfileName="\u0301" * 9_000),
    "long words": said("compare " + "a " * 50_000),
    "joined emoji": said("👩‍👩‍👧" * 2_000),
}
ADDRESSES = [
    "/link/" + "a" * 60_000,
    "/s/" + "%2e%2e/" * 8_000,
    "/" + "/" * 60_000,
    "/m/" + "a" * 60_000 + ".png",
    "/link/x?" + "&".join(f"a{n}=" for n in range(8_000)),
    "/livez?" + "a=%zz&" * 9_000,
    "/static/" + "../" * 20_000,
]
HEADERS = [
    {"Cookie": "; ".join(f"a{n}=b" for n in range(5_000))},
    {"Cookie": "a=" + '"' * 30_000},
    {"Cookie": "session=" + "A" * 60_000},
    {"Accept-Language": ",".join("en;q=0.1" for _ in range(5_000))},
    {"X-Forwarded-For": ",".join("1.1.1.1" for _ in range(5_000))},
    {"Content-Type": "multipart/form-data; boundary=" + "a" * 20_000},
    {"If-None-Match": ",".join('"a"' for _ in range(10_000))},
    {"Range": "bytes=" + ",".join("0-1" for _ in range(10_000))},
]


@pytest.fixture
def client(town: Town) -> Any:
    """A client whose requests are answered in the test's own thread; the first request builds what the others use."""
    made = create_app(town.world).test_client()
    made.get("/livez")
    return made


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds of the faster of two attempts, and the answer."""
    taken = []
    for _ in range(2):
        began = time.thread_time()
        answer = work()
        taken.append(time.thread_time() - began)
    return min(taken), answer


@pytest.mark.parametrize("path", [INBOUND, STATUS])
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("form", BODIES.values(), ids=BODIES)
def test_no_form_costs_more(town: Town, client: Any, path: str, signed: bool, form: dict[str, str]) -> None:
    url = town.world.settings.base_url + path
    signature = RequestValidator(TOKEN).compute_signature(url, form) if signed else "x" * 28
    body = urlencode(form)[:MOST_BYTES]
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    taken, answer = seconds(
        lambda: client.post(path, data=body, headers=headers, base_url=town.world.settings.base_url)
    )
    assert taken < MOST_SECONDS
    assert answer.status_code < 500


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda each: each[:20])
def test_no_address_costs_more(client: Any, address: str) -> None:
    taken, answer = seconds(lambda: client.get(address))
    assert taken < MOST_SECONDS
    assert answer.status_code < 500


@pytest.mark.parametrize("headers", HEADERS, ids=lambda each: next(iter(each)))
@pytest.mark.parametrize("path", ["/link/abc", "/s/abc", "/livez", INBOUND])
def test_no_header_costs_more(client: Any, headers: dict[str, str], path: str) -> None:
    taken, answer = seconds(lambda: client.open(path, method="POST" if path == INBOUND else "GET", headers=headers))
    assert taken < MOST_SECONDS
    assert answer.status_code < 500
