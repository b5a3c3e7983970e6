"""What is reported to Sentry: each error of the log, without texts of members, their numbers, or our secrets."""

import json
from collections.abc import Iterator

import pytest
import sentry_sdk
import structlog
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

import logs
import reporting
from tests.town import Person, Town

DSN = "https://key@sentry.example.org/1"
NUMBER, BODY, TOKEN = "+32470999888", "a secret word of mine", "tok_abcdefghijklmnop"


class Letterbox(Transport):
    """A transport that stores events instead of sending them."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        event = envelope.get_event()
        if event is not None:
            self.events.append(event)


@pytest.fixture
def letterbox() -> Iterator[Letterbox]:
    box = Letterbox()
    logs.configure("json")
    reporting.begin(DSN, "worker", "1.2.3", "test", transport=box)
    yield box
    logs.report_to(None)
    sentry_sdk.init()


def break_over(number: str, words: str) -> None:
    heard = {"From": number, "Body": words}  # local variables that an event must not contain
    raise ValueError(f"cannot read {heard['Body']} of {number}")


def test_an_error_is_reported_with_its_lines_of_code(letterbox: Letterbox) -> None:
    try:
        break_over(NUMBER, BODY)
    except ValueError:
        structlog.get_logger().exception("turn broke", turn="3fa2b1c0")
    [event] = letterbox.events
    assert (event["level"], event["message"], event["release"]) == ("error", "turn broke", "gruppetto@1.2.3")
    assert event["extra"] == {"turn": "3fa2b1c0"}
    [told] = event["exception"]["values"]
    assert told["type"] == "ValueError"
    assert [each["function"] for each in told["stacktrace"]["frames"]][-1] == "break_over"
    assert all("vars" not in each and "context_line" not in each for each in told["stacktrace"]["frames"])


def test_nothing_that_people_said_is_reported(letterbox: Letterbox) -> None:
    log = structlog.get_logger()
    try:
        break_over(NUMBER, BODY)
    except ValueError as error:
        log.error("uncaught exception", exc_info=(type(error), error, error.__traceback__))
        log.error("job broke", exc_info=error)
    log.error("careless", to=f"whatsapp:{NUMBER}", page=f"https://bot.example.org/link/{TOKEN}", by="zoe@example.org")
    sentry_sdk.capture_message(f"{NUMBER} asked for /m/{TOKEN}")
    assert len(letterbox.events) == 4
    everything = json.dumps(letterbox.events, default=str)
    for secret in (NUMBER, NUMBER.lstrip("+"), BODY, TOKEN, "zoe@example.org"):
        assert secret not in everything
    for event in letterbox.events:
        assert not {"request", "user", "breadcrumbs"} & event.keys()


def test_what_is_no_error_is_not_reported(letterbox: Letterbox) -> None:
    log = structlog.get_logger()
    log.info("turn", member=1)
    log.warning("slower", rate=1)
    assert letterbox.events == []


def test_a_reporter_that_breaks_does_not_break_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("json")
    logs.report_to(lambda _facts, _error: 1 / 0)
    structlog.get_logger().error("job broke")
    logs.report_to(None)
    assert json.loads(capsys.readouterr().out)["event"] == "job broke"


def test_a_degraded_check_is_reported_with_its_name(letterbox: Letterbox, town: Town, zoe: Person) -> None:
    zoe.says("hi")
    structlog.get_logger().error("degraded", check="worker", says="No worker process has been heard of lately")
    event = next(each for each in letterbox.events if each["message"] == "degraded")
    assert event["tags"] == {"process": "worker", "check": "worker"}
