"""The whole web process as it is deployed: with slow clients, and before its first line."""

import json
from collections.abc import Callable
from pathlib import Path

import requests
from twilio.request_validator import RequestValidator

from bench.slow_clients import SlowClients, post_steadily
from tests.patience import AT_MOST, until
from tests.town import TOKEN, Town
from tests.web.gunicorns import gunicorn
from tests.web.test_webhook import INBOUND, at_once, said

TWO_PROCESSES = {"WEB_CONCURRENCY": "2", "WEB_THREADS": "4"}
# Slow clients stay connected for longer than the 60 s after which a genuine webhook gives up
STAYING = {"REQUEST_SECONDS": "120"}


def environment(town: Town) -> dict[str, str]:
    """Return the environment of this town's web process; `gunicorn` adds its own address."""
    names = ("database_url", "redis_url", "twilio_account_sid", "twilio_whatsapp_from", "twilio_api_base_url")
    secret = ("secret_key", "data_keys", "twilio_auth_token")
    settings = town.world.settings
    plain = {name.upper(): str(getattr(settings, name)) for name in names}
    return plain | {name.upper(): getattr(settings, name).get_secret_value() for name in secret} | TWO_PROCESSES


def test_a_hundred_slow_clients_keep_no_genuine_webhook_waiting(town: Town, tmp_path: Path) -> None:
    """docs/decisions/0013-slow-clients.md has the time that a webhook takes in this situation on a quiet machine."""
    with gunicorn("wsgi:app", tmp_path, environment(town) | STAYING) as web:
        post_steadily(web.url, TOKEN, rate=1, seconds=1)  # from here on, the sender is a known member
        with SlowClients(web.url, 100) as slow:
            until(lambda: slow.opened >= 100)
            found = post_steadily(web.url, TOKEN, rate=5, seconds=5)
    assert found.statuses == {200: 25}


def test_what_the_first_sentence_needs_is_built_once_and_before_the_fork(town: Town, tmp_path: Path) -> None:
    """The first lines come at once in both processes and all threads; and no connection is shared by two processes."""
    given = environment(town) | {"WRITE_DOWN_IN": str(tmp_path)}
    with gunicorn("wsgi:app", tmp_path, given, config="tests/web/counting.conf.py") as web:
        lines = [f"could you tell me who won on {number} May?" for number in range(1, 17)]
        answers = at_once([_asks(web.url, line) for line in lines])
        web.process.terminate()
        assert web.process.wait(AT_MOST) == 0
    assert [answer.status_code for answer in answers] == [200] * len(lines)
    master = json.loads((tmp_path / "master.json").read_text())
    assert (master["threads"], master["far"]) == (1, [])
    assert master["built"]["bot.reading.likeness._examples"] == 1
    workers = [json.loads(path.read_text())["built"] for path in tmp_path.glob("worker-*.json")]
    assert workers == [master["built"]] * 2


def _asks(url: str, line: str) -> Callable[[], requests.Response]:
    """Return a function that posts a line of a new member, signed for this address."""
    digits = f"3247{abs(hash(line)) % 10_000_000:07}"
    form = said(line, From=f"whatsapp:+{digits}", WaId=digits)
    return lambda: _post(url, form)


def _post(url: str, form: dict[str, str]) -> requests.Response:
    signature = RequestValidator(TOKEN).compute_signature(url + INBOUND, form)
    return requests.post(url + INBOUND, data=form, headers={"X-Twilio-Signature": signature}, timeout=AT_MOST)
