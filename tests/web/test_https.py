"""No page is shown over http: browsers are redirected to https, forms are refused, and machines are not redirected."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from werkzeug.test import TestResponse

from tests import town as towns
from tests.town import Town
from web.app import create_app

HTTPS = "https://bot.example.org"
Ask = Callable[..., TestResponse]


@pytest.fixture
def ask(town: Town) -> Ask:
    """Return a function that sends a request to https://bot.example.org behind this many proxies;
    `proto` is their X-Forwarded-Proto.
    """

    def asked(
        path: str, proto: str | None, hops: int = 1, method: str = "GET", base: str = HTTPS, **more
    ) -> TestResponse:
        now = town.world.settings
        chosen = towns.settings(now.database_url, now.redis_url, base, "http://127.0.0.1:9")
        world = replace(town.world, settings=chosen.model_copy(update={"trusted_hops": hops}))
        headers = {"X-Forwarded-For": ", ".join(["203.0.113.7"] * (hops or 1)), "Host": "evil.example"}
        headers |= {"X-Forwarded-Proto": proto} if proto is not None else {}
        with create_app(world).test_client() as client:
            return client.open(path, method=method, headers=headers, base_url="http://evil.example", **more)

    return asked


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/link/some-token", "/link/some-token"),
        ("/s/token?a=1&b=%20x", "/s/token?a=1&b=%20x"),
        ("/nothing/h%C3%A9re", "/nothing/h%C3%A9re"),
        ("/static/gruppetto.css", "/static/gruppetto.css"),
        ("/%2Fevil.example/x", "/evil.example/x"),
        ("/a%0d%0aSet-Cookie:%20x=1", "/a%0D%0ASet-Cookie%3A%20x%3D1"),
    ],
)
def test_a_browser_is_sent_to_the_same_page_at_our_own_address(ask: Ask, method: str, path: str, to: str) -> None:
    answer = ask(path, "http", method=method)
    assert answer.status_code == 308
    assert answer.headers["Location"] == f"{HTTPS}{to}"
    assert "Strict-Transport-Security" not in answer.headers, "it counts only over https"


def test_a_form_is_not_sent_on_but_refused(ask: Ask) -> None:
    for path in ("/link/garmin/sign-in", "/link/token/start", "/export/token"):
        answer = ask(path, "http", method="POST", data={"password": "secret"})
        assert answer.status_code == 403, path
        assert "Location" not in answer.headers


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/health"])
def test_probes_are_never_sent_away(ask: Ask, path: str) -> None:
    assert ask(path, "http").status_code in {200, 404}


@pytest.mark.parametrize(
    "path", ["/webhooks/twilio/inbound", "/%2Fwebhooks/twilio/inbound", "/webhooks/twilio/status", "/webhooks/other"]
)
def test_webhooks_are_judged_by_their_signature_alone(ask: Ask, path: str) -> None:
    assert ask(path, "http", method="POST").status_code == ask(path, "https", method="POST").status_code
    assert "Location" not in ask(path, "http", method="POST").headers


@pytest.mark.parametrize(
    ("hops", "proto"),
    [
        (0, "http"),  # any client may have written it
        (1, None),  # the proxy does not tell the scheme: a redirect would never end
        (1, "https"),
        (1, "http, https"),  # what the browser wrote, and what the proxy wrote
        (2, "http"),  # one of the two proxies wrote nothing
        (2, "https, http"),  # TLS ended at the first of two proxies
        (1, ""),
        (1, "gopher"),
    ],
)
def test_where_nobody_we_believe_says_http_nobody_is_sent_away(ask: Ask, hops: int, proto: str | None) -> None:
    answer = ask("/link/some-token", proto, hops=hops)
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"


def test_where_our_own_address_is_http_nobody_is_sent_away(ask: Ask) -> None:
    answer = ask("/link/some-token", "http", base="http://127.0.0.1:8000")
    assert answer.status_code == 200
    assert "Strict-Transport-Security" not in answer.headers


def test_two_proxies_that_both_say_http_mean_http(ask: Ask) -> None:
    assert ask("/link/some-token", "http, http", hops=2).status_code == 308
