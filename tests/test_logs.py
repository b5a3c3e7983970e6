"""The log: its form, what it must never contain, and that docs/logs.md names every event."""

import ast
import io
import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
import structlog
from honcho.environ import parse_procfile
from pydantic import ValidationError
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

import logs
from config import Settings, problems_of
from models import Identity, IdentityKind, Member
from providers.errors import Refused
from tests.imports import ROOT, files
from tests.letters import Letters
from tests.patience import AT_MOST
from tests.town import Person, Town
from world import World

PAGE = (ROOT / "docs" / "logs.md").read_text()
ROOMS = {"api", "bot", "jobs", "services", "providers", "web"}
LINES = parse_procfile((ROOT / "Procfile").read_text()).processes | {"flask": "flask --app wsgi templates push"}
LEVELS = {"info": "info", "warning": "warning", "error": "error", "exception": "error"}
NUMBER, BODY, TOKEN = "+32470999888", "a secret word of mine", "tok_abcdefghijklmnop"


def ours() -> Iterator[ast.AST]:
    """Yield every syntax node of the code that runs in production."""
    for path in files(ROOT):
        inside = path.relative_to(ROOT)
        if inside.parts[0] in ROOMS or len(inside.parts) == 1:
            yield from ast.walk(ast.parse(path.read_text()))


def events() -> set[tuple[str, str]]:
    """Return every event that is logged, with its level."""
    found = set()
    for node in ours():
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr in LEVELS:
            found |= {(LEVELS[called.attr], text) for text in _texts(node.args[:1])}
        elif isinstance(called, ast.Attribute) and called.attr == "tell":
            found |= {("warning", text) for text in _texts(node.args[:1])}  # a doorbell that failed
        elif isinstance(called, ast.Name) and called.id == "tell" and len(told := _texts(node.args[1:3])) == 2:
            found.add((told[0], told[1]))
    return found


def _texts(words: list[ast.expr]) -> list[str]:
    """Return the strings that stand there; none unless all of them are strings."""
    texts = [each.value for each in words if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return texts if len(texts) == len(words) else []


def steps() -> set[str]:
    """Return every step of a message that is logged; their levels depend on further facts."""
    tree = ast.walk(ast.parse((ROOT / "services" / "ground" / "telling.py").read_text()))
    found = {each.value for each in tree if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    return {each for each in found if re.fullmatch(r"message [a-z0-9 ]+", each)}


def test_the_page_names_every_event_with_its_level() -> None:
    told = dict(re.findall(r"^\| `([^`]+)` \| (\w+) \|", PAGE, re.MULTILINE))
    story = PAGE.split("## The story")[1]
    story_told = set(re.findall(r"`([^`]+)`", story.replace("\n", " ")))
    for level, event in events():
        assert event in story_told if level == "info" else told.get(event) == level, (level, event)
    assert len(events()) > 60
    assert steps() <= told.keys() | story_told
    assert len(steps()) > 10
    assert told.keys() <= {event for _, event in events()} | steps(), "nothing is told that is not logged"


def test_every_error_says_what_to_do() -> None:
    rows = re.findall(r"^\| `[^`]+` \| error \|(.*)\|$", PAGE, re.MULTILINE)
    assert len(rows) > 30
    assert all(len([each for each in row.split("|") if each.strip()]) == 2 for row in rows)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Yield the log as written in production; afterwards the former configuration is restored."""
    kept, before = io.StringIO(), (sys.excepthook, threading.excepthook, structlog.get_config())
    with structlog.contextvars.bound_contextvars():
        logs.begin("test", "json", to=kept)
        yield kept
    structlog.contextvars.unbind_contextvars("process")
    logging.captureWarnings(capture=False)
    sys.excepthook, threading.excepthook = before[:2]
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if each.get_name() != "ours"]
    structlog.configure(**before[2])


def lines(kept: io.StringIO) -> list[dict]:
    """Return every line, read as JSON."""
    return [json.loads(line) for line in kept.getvalue().splitlines()]


BREAKS = f"""
import logging, threading, warnings
import structlog
import logs

logs.begin("test", "json")
logging.getLogger("somebodys.library").warning("retrying %s", "once")
warnings.warn("old", UserWarning)
thread = threading.Thread(target=lambda: 1 / 0)
thread.start()
thread.join()
raise RuntimeError({BODY!r})
"""


def test_libraries_warnings_and_what_nobody_catches_take_our_form(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", BREAKS], cwd=ROOT, capture_output=True, text=True, check=False)
    library, warning, thread_broke, process_broke = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, done.stderr) == (1, "")
    assert (library["event"], library["level"], library["logger"]) == ("retrying once", "warning", "somebodys.library")
    assert (warning["logger"], "UserWarning: old" in warning["event"]) == ("py.warnings", True)
    assert thread_broke["event"] == process_broke["event"] == "uncaught exception"
    assert "builtins.ZeroDivisionError: division by zero" in thread_broke["exception"]
    assert process_broke["exception"] == "builtins.RuntimeError\n  <string>:12 <module>"
    assert library["process"] == warning["process"] == process_broke["process"] == "test"


def test_nothing_secret_is_written_whoever_writes_it(written: io.StringIO) -> None:
    log = structlog.get_logger()
    for words in (
        f"to whatsapp:{NUMBER} and {NUMBER}",
        f"GET https://bot.example.org/link/{TOKEN}?a=1",
        f"/s/{TOKEN}/card.png and /m/{TOKEN}.png and /export/{TOKEN} and /dashboard/enter/{TOKEN}",
        f"GET /feeds/{TOKEN}/calendar.ics and /feeds/{TOKEN}/digests.xml",
        f"postgresql://somebody:{TOKEN}@db.example.org/name",
        f"/webhooks/twilio/status?m=1&k={TOKEN}",
        "ann@example.org",
    ):
        log.warning("library", words=words)
        logging.getLogger("urllib3").warning(words)
    for error in (
        ValueError(f"invalid literal: '{BODY}'"),
        KeyError(BODY),
        OSError(2, "No such file or directory", f"/link/{TOKEN}"),
    ):
        try:
            raise error
        except (ValueError, KeyError, OSError):
            log.exception("broke")
            logging.getLogger("gunicorn.error").exception("broke")
    text_of_all = written.getvalue()
    for secret in (NUMBER, NUMBER[1:], BODY, TOKEN, "ann@example", "somebody:"):
        assert secret not in text_of_all, secret
    assert "No such file or directory" in text_of_all
    assert len(lines(written)) == 20


def test_an_exception_is_told_with_its_causes_and_no_more_than_a_pipe_takes_at_once(written: io.StringIO) -> None:
    def deep(depth: int) -> None:
        if depth:
            deep(depth - 1)
        try:
            int(BODY)
        except ValueError as error:
            raise Refused(21655) from error

    try:
        deep(200)
    except Refused:
        structlog.get_logger().exception("broke")
    [line] = lines(written)
    told = line["exception"]
    assert told.index("builtins.ValueError") < told.index("providers.errors.Refused: refused with 21655: our fault")
    assert "tests/test_logs.py" in told
    assert len(written.getvalue()) < 4096


def test_what_postgres_refuses_is_told_without_the_row(town: Town, written: io.StringIO) -> None:
    with town.world.sessions.begin() as session:
        member = Member(name="Ann", address=f"whatsapp:{NUMBER}")
        member.identities = [Identity(kind=IdentityKind.PHONE, value=NUMBER)]
        session.add(member)
    said_twice = insert(Identity).values(member_id=member.id, kind=IdentityKind.PHONE, value=NUMBER)
    no_number = select(text("CAST(:body AS integer)")).params(body=BODY)
    for statement in (said_twice, no_number):
        try:
            with town.world.sessions.begin() as session:
                session.execute(statement)
        except DBAPIError as error:
            told = str(error)
            structlog.get_logger().exception("broke")
        assert "parameters hidden" in told
    twice, nonsense = lines(written)
    assert "23505" in twice["exception"]
    assert "identities" in twice["exception"]
    assert "22P02" in nonsense["exception"]
    assert NUMBER[1:] not in written.getvalue()
    assert BODY not in written.getvalue()


def test_one_of_a_kind_passes_each_minute_and_the_others_are_counted() -> None:
    seldom, now = logs.Seldom(), datetime(2026, 11, 18, tzinfo=UTC)
    assert [seldom.passes("a", now + timedelta(seconds=second)) for second in (0, 1, 59, 60, 61, 121)] == [
        1, 0, 0, 3, 0, 2,
    ]  # fmt: skip
    assert seldom.passes("b", now) == 1


def of(kept: io.StringIO, **facts: str) -> list[dict]:
    """Return the lines with these values."""
    return [line for line in lines(kept) if facts.items() <= line.items()]


def test_one_id_leads_from_a_webhook_to_the_last_receipt(town: Town, zoe: Person, written: io.StringIO) -> None:
    sid = zoe.phone.says("help")
    town.rest()
    [turn] = of(written, event="turn")
    story = of(written, inbound=sid)
    assert {line["turn"] for line in story} == {turn["turn"]}
    told = [line["event"] for line in story]
    assert told == ["turn", *(f"message {step}" for step in ("claimed", "handed over", "sent", "delivered", "read"))]
    [message] = {line["message"] for line in story[1:]}
    assert of(written, message=message) == story[1:], "whatever is said about the message names the line"
    assert story[1]["job"] == "jobs.delivery.drain"
    assert story[1]["run"] != turn["turn"]
    assert {line["sid"] for line in story[2:]} == {zoe.phone.heard[-1].sid}


def test_what_goes_wrong_with_a_message_names_the_line_and_is_told_as_an_error(
    town: Town, zoe: Person, written: io.StringIO
) -> None:
    faults = town.twilio.faults
    for what, event in (("400:21656", "message refused"), (63036, "message not delivered")):
        (faults.next if isinstance(what, str) else faults.undelivered_next).append(what)
        sid = zoe.phone.says("help")
        town.rest()
        [line] = of(written, inbound=sid, event=event)
        assert (line["level"], line["state"], line["code"]) == ("error", "failed", int(str(what)[-5:]))
        assert line["turn"] == of(written, inbound=sid, event="turn")[0]["turn"]
    [refusal] = of(written, event="twilio refused")
    assert refusal["message"] == of(written, event="message refused")[0]["message"]
    faults.undelivered_next.append(63014)  # the member has blocked the bot, which is no fault
    sid = zoe.phone.says("help")
    town.rest()
    assert of(written, inbound=sid, event="message not delivered")[0]["level"] == "info"


def test_a_doubtful_message_names_the_line_when_it_is_looked_for(town: Town, zoe: Person, written: io.StringIO) -> None:
    town.twilio.faults.callbacks = "off"
    town.twilio.faults.next.append("500_after_accept")
    sid = zoe.phone.says("help")
    town.work()
    for _ in range(3):
        town.travel(minutes=2)
    steps = [(line["event"], line["level"]) for line in of(written, inbound=sid) if "message" in line]
    assert steps[:3] == [
        ("message claimed", "info"), ("twilio refused", "warning"), ("message in doubt", "warning"),
    ]  # fmt: skip
    assert ("message handed over", "info") in steps
    assert len({line["turn"] for line in of(written, inbound=sid)}) == 1


def test_a_message_that_waited_too_long_is_told_as_an_error(town: Town, zoe: Person, written: io.StringIO) -> None:
    sid = zoe.phone.says("help")
    town.twilio.settle()
    town.travel(minutes=11)
    [line] = of(written, event="message too late")
    assert (line["level"], line["inbound"]) == ("error", sid)


def test_a_message_that_nobody_asked_for_names_the_run_that_wrote_it(town: Town, written: io.StringIO) -> None:
    letters = Letters(town)
    group = letters.group(letters.with_phone(1), digest_schedule="0 17 * * 0", next_digest_at=town.clock())
    town.tick()
    [made] = of(written, event="digest made", group=group.id)
    message = of(written, event="message delivered", kind="digest")[0]
    assert message["turn"] == made["run"]
    assert "inbound" not in message


def test_forged_webhooks_are_told_once_a_minute_and_counted(town: Town, written: io.StringIO) -> None:
    url = f"{town.world.settings.base_url}/webhooks/twilio/inbound"
    for _ in range(5):
        assert requests.post(url, data={"Body": BODY}, timeout=AT_MOST).status_code == 403
    town.clock.travel(minutes=1)
    requests.post(url, data={"Body": BODY}, headers={"X-Twilio-Signature": "wrong"}, timeout=AT_MOST)
    told = of(written, event="forged webhook")
    assert [(line["level"], line["count"], line["address"]) for line in told] == [("error", 1, url), ("error", 5, url)]
    assert BODY not in written.getvalue()


WHOLE = {
    "DATABASE_URL": "postgresql://canary-user:canary-password@127.0.0.1:9/none",
    "REDIS_URL": "redis://:canary-redis@127.0.0.1:9/0",
    "PUBLIC_BASE_URL": "https://bot.example.org",
    "SECRET_KEY": "canary-secret-key-0123456789-0123456789",
    "DATA_KEYS": "t1:" + "dGVzdC1rZXktZm9yLXRoZS10ZXN0cy1vbmx5LTAxMjM=",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "canary-token",
    "TWILIO_WHATSAPP_FROM": "whatsapp:+14155238886",
}


WRONG = {
    "DATABASE_URL": "postgres+canary://canary:canary@127.0.0.1/none",
    "REDIS_URL": "canary-host:6379",
    "DATA_KEYS": "canary-keys",
    "SEND_RATE": "canary-rate",
    "WEB_CONCURRENCY": "0",
    "WEB_THREADS": "canary",
    "WORKERS": "canary-three",
    "PORT": "canary",
    "META_GRAPH_URL": "canary.example.org/v23.0",
}


def run(line: str, env_file: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command line with an environment that has only the name of a settings file."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    given = {"PATH": path, "ENV_FILE": str(env_file), "FLASK_SKIP_DOTENV": "1", **environment}
    command = ["/bin/sh", "-c", f"exec {line}"]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize("process", LINES)
def test_settings_that_are_missing_or_wrong_are_named_in_one_line(process: str, tmp_path: Path) -> None:
    """Each process reads the file: otherwise more settings than these would be missing."""
    file = tmp_path / "settings.env"
    wrong = WHOLE | WRONG
    del wrong["TWILIO_AUTH_TOKEN"]
    file.write_text("".join(f"{name}={value}\n" for name, value in wrong.items()))
    done = run(LINES[process], file, GROUP_TRANSPORT="roster")
    assert done.returncode != 0
    out, other = (done.stderr, done.stdout) if process == "flask" else (done.stdout, done.stderr)
    first, *rest = out.splitlines()
    line = json.loads(first)
    assert (line["event"], line["level"], line["process"]) == ("settings missing or wrong", "error", process)
    assert line["settings"].keys() == {"TWILIO_AUTH_TOKEN", *WRONG}
    assert "canary" not in done.stdout + done.stderr
    if process != "flask":  # flask's own command line reports what is missing
        assert (rest, other) == ([], "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "localhost:5432/canary"),
        ("DATABASE_URL", "mysql://canary:canary@127.0.0.1/none"),
        ("DATABASE_URL", "postgresql+asyncpg://canary:canary@127.0.0.1/none"),
        ("DATABASE_URL", "postgres://canary:canary@127.0.0.1:canary/none"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "https://canary:canary@127.0.0.1"),
        ("REDIS_URL", "redis://:canary@127.0.0.1:canary/0"),
        ("REDIS_URL", "redis://:canary/canary@127.0.0.1:6379/0"),
        ("DATA_KEYS", "sch\u00fcssel:" + "dGVzdC1rZXktZm9yLXRoZS10ZXN0cy1vbmx5LTAxMjM="),
        ("WORKERS", "0"),
        ("TWILIO_API_BASE_URL", "canary.example.org"),
        ("GARMIN_BASE_URL", "https://"),
    ],
)
def test_what_would_end_a_process_later_is_named_as_a_setting(name: str, value: str) -> None:
    """Later, an exception would report it, and the messages of exceptions are not logged."""
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({each.lower(): text_ for each, text_ in (WHOLE | {name: value}).items()})
    told = problems_of(caught.value)
    assert told.keys() == {name}
    assert "canary" not in str(told)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgres://user:pass%2Fword@db.example.org:5432/name?sslmode=verify-full"),
        ("DATABASE_URL", "postgresql+psycopg2://user@/name?host=/var/run/postgresql"),
        ("REDIS_URL", "rediss://:pass%40word@redis.example.org:6380"),
        ("REDIS_URL", "unix:///run/valkey.sock?db=1"),
    ],
)
def test_addresses_of_servers_may_take_any_form_that_is_understood(name: str, value: str) -> None:
    settings = Settings.model_validate({each.lower(): text_ for each, text_ in (WHOLE | {name: value}).items()})
    world = World.from_settings(settings)
    assert getattr(settings, name.lower()) == value
    world.redis.close()
    world.sessions.kw["bind"].dispose()


def test_what_several_settings_lack_together_is_named_too(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in WHOLE.items()))
    done = run(LINES["clock"], file, GROUP_TRANSPORT="meta")
    assert json.loads(done.stdout)["settings"].keys() == {
        "GROUP_TRANSPORT", "META_PHONE_NUMBER_ID", "META_ACCESS_TOKEN",
    }  # fmt: skip


def test_the_environment_wins_over_the_file_and_an_empty_name_means_none(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in (WHOLE | {"SEND_RATE": "7"}).items()))
    ask = f'{sys.executable} -c "import config; print(config.Settings.from_env().send_rate)"'
    assert run(ask, file).stdout == "7\n"
    assert run(ask, file, SEND_RATE="9").stdout == "9\n"
    assert "ValidationError" in run(ask, Path(), ENV_FILE="").stderr


def test_a_database_that_is_away_is_told_by_a_release_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in WHOLE.items()))
    done = run(LINES["release"], file)
    [line] = map(json.loads, done.stdout.splitlines())
    assert (line["event"], line["level"]) == ("uncaught exception", "error")
    assert "Connection refused" in line["exception"]
    assert (done.returncode != 0, done.stderr) == (True, "")
    assert "canary" not in done.stdout
