"""The drill notices a line that is not JSON, or that contains a token or a phone number."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.logbook import judge, secrets_of
from bench.verdict import Logged

SECRETS = {"32470999888", "tok_abcdefghijklmnop"}
GOOD = '{"event": "turn", "at": "2026-11-30T07:47:15.123456+00:00", "pid": 1234567890123, "address": "/link/[token]"}'


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (GOOD, Logged(1)),
        ('127.0.0.1 - - [30/Nov/2026:07:47:15 +0000] "GET /livez HTTP/1.1" 200 6 "-" "-"', Logged(1, not_json=1)),
        ('10.0.0.1 - - "GET /link/abcdefgh1234 HTTP/1.1" 200', Logged(1, not_json=1, telling=1)),
        ('["a list"]', Logged(1, not_json=1)),
        ("", Logged(1, not_json=1)),
        (GOOD[:40], Logged(1, not_json=1)),
        (json.dumps({"event": "GET /m/abcdefgh1234.png"}), Logged(1, telling=1)),
        (json.dumps({"event": "/webhooks/twilio/status?m=7&k=abcdefgh1234"}), Logged(1, telling=1)),
        (json.dumps({"to": "+32470999777"}), Logged(1, telling=1)),
        (json.dumps({"to": "whatsapp:32470999777"}), Logged(1, telling=1)),
        (json.dumps({"WaId": "32470999888"}), Logged(1, telling=1)),
        (json.dumps({"event": "a token that is known: tok_abcdefghijklmnop"}), Logged(1, telling=1)),
    ],
)
def test_a_line_is_judged(tmp_path: Path, line: str, expected: Logged) -> None:
    log = tmp_path / "web.log"
    log.write_text(f"{line}\n")
    assert judge(log, SECRETS) == expected
    log.write_text(f"{GOOD}\n{line}\n{GOOD}\n")
    assert judge(log, SECRETS) == replace(expected, lines=3)


def test_a_line_that_is_being_written_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text(f"{GOOD}\n{GOOD[:20]}")
    assert judge(tmp_path / "web.log", SECRETS) == Logged(1)


def test_a_log_that_is_not_there_has_no_lines_and_no_secrets_find_nothing(tmp_path: Path) -> None:
    assert judge(tmp_path / "none.log", SECRETS) == Logged(0)
    (tmp_path / "web.log").write_text(f"{GOOD}\n")
    assert judge(tmp_path / "web.log", set()) == Logged(1)


def test_the_secrets_are_the_numbers_and_the_tokens_of_all_addresses() -> None:
    messages = [
        SimpleNamespace(body="Open https://bot.example.org/link/aaaaaaaa-1 now", media_url=None, callback=""),
        SimpleNamespace(
            body="Hi",
            media_url="https://bot.example.org/m/bbbbbbbb-2.png",
            callback="https://bot.example.org/webhooks/twilio/status?m=12&k=cccccccc-3",
        ),
    ]
    twilio = SimpleNamespace(messages=dict(enumerate(messages)))
    phones = [SimpleNamespace(number="+32470999888"), SimpleNamespace(number="")]
    assert secrets_of(twilio, phones) == {"32470999888", "aaaaaaaa-1", "bbbbbbbb-2", "cccccccc-3"}
