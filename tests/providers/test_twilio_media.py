"""Files that members sent are fetched only from Twilio, within a time limit, and our
credentials are sent only there.
"""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import sleep

import pytest
import responses
from flask import Flask, Response, request

from providers.errors import MessengerBroken, MessengerError, NotKept, NotSent, TooLarge
from providers.twilio.twilio import Twilio
from simulator.twilio.phones import Phones
from simulator.twilio.server import PretendTwilio
from tests.patience import AT_MOST, RUNS_OUT
from tests.town import ACCOUNT, SENDER, TOKEN, Served

NOW = datetime(2026, 11, 18, 19, 0, tzinfo=UTC)
PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/MM{'1' * 32}/Media/ME{'2' * 32}"
URL = f"https://api.twilio.com{PATH}"
CDN = "https://mms.twiliocdn.com/a-file?Signature=x"
DATA = bytes(range(256)) * 40
MOST = 64 * 1024


class Store:
    """A server that gives the answers that it is told to give, and records the requests."""

    def __init__(self) -> None:
        self.served = Served(Flask("store"))
        self.asked: list[tuple[str, str | None]] = []
        self.answers: dict[str, Response] = {}
        self.served.app.add_url_rule("/<path:path>", view_func=self._answer)

    def _answer(self, path: str) -> Response:
        self.asked.append((f"/{path}", request.headers.get("Authorization")))
        return self.answers[f"/{path}"]


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    yield made
    made.served.server.shutdown()
    made.served.server.server_close()


@pytest.fixture
def vendor() -> Iterator[responses.RequestsMock]:
    """The real hosts. A request that was not expected here fails."""
    with responses.RequestsMock() as hosts:
        yield hosts


def twilio(base_url: str | None = None, *, token: str = TOKEN, timeout: float = AT_MOST) -> Twilio:
    return Twilio(
        account_sid=ACCOUNT,
        auth_token=token,
        sender=SENDER,
        callback_url="http://127.0.0.1:9/status",
        secrets=["a secret of ours"],
        base_url=base_url,
        timeout=timeout,
    )


def failure(messenger: Twilio, url: str = URL, most: int = MOST) -> MessengerError:
    with pytest.raises(MessengerError) as raised:
        messenger.download(url, most)
    assert url not in str(raised.value), "addresses are not for the log"
    return raised.value


def test_a_file_that_a_phone_sent_is_fetched_from_the_pretend_twilio() -> None:
    served, pretend = Served(), PretendTwilio(lambda: NOW, account_sid=ACCOUNT, auth_token=TOKEN, sender=SENDER)
    served.app.register_blueprint(pretend.blueprint(), url_prefix="/twilio")
    hook = Flask("hook")
    hook.add_url_rule("/", view_func=lambda: "<Response/>", methods=["POST"])
    pretend.webhook_url = f"{Served(hook).url}/"
    ana = Phones(pretend).add("Ana", "+15005550006")
    url = ana._forms[ana.sends_file(DATA, "application/octet-stream", "run.fit")]["MediaUrl0"]
    assert twilio(f"{served.url}/twilio").download(url, MOST) == DATA
    assert type(failure(twilio(f"{served.url}/twilio", token="another"), url)) is MessengerBroken
    pretend.close()


def test_the_store_that_twilio_sends_us_on_to_is_not_told_our_credentials(vendor: responses.RequestsMock) -> None:
    vendor.get(URL, status=307, headers={"Location": CDN})
    vendor.get(CDN, body=DATA)
    assert twilio().download(URL, MOST) == DATA
    at_twilio, at_store = (call.request.headers for call in vendor.calls)
    assert at_twilio["Authorization"].startswith("Basic ")
    assert "Authorization" not in at_store


def test_not_even_the_credentials_that_lie_about(
    vendor: responses.RequestsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine mms.twiliocdn.com login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    vendor.get(URL, status=307, headers={"Location": CDN})
    vendor.get(CDN, body=DATA)
    assert twilio().download(URL, MOST) == DATA
    assert "Authorization" not in vendor.calls[1].request.headers


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/etc/passwd",
        "file:///etc/passwd",
        "http://169.254.169.254/latest/meta-data/",
        URL.replace("https", "http"),
        URL.replace("api.twilio.com", "api.twilio.com.example.org"),
        URL.replace("api.twilio.com", "api.twilio.com:8443"),
        URL.replace("api.twilio.com", "api.twilio.com@example.org"),
        URL.replace("api.twilio.com", "me:secret@api.twilio.com"),
        URL.replace("api.twilio.com", "mms.twiliocdn.com"),
        URL.replace("https://api.twilio.com", "https://example.org\\@api.twilio.com"),
        URL.replace(ACCOUNT, "AC" + "9" * 32),
        URL.replace("/Media/", "/../Media/"),
        f"{URL}/../../../Messages.json",
        f"{URL}?PageSize=1",
        f"{URL}.json",
        f"{URL}\n",
        f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
    ],
)
def test_an_address_that_is_not_as_twilio_writes_it_is_not_asked(vendor: responses.RequestsMock, url: str) -> None:
    with pytest.raises(NotKept, match="not the address"):
        twilio().download(url, MOST)
    assert len(vendor.calls) == 0


@pytest.mark.parametrize("elsewhere", ["http://127.0.0.1:1", "https://example.org", "http://localhost"])
def test_another_base_does_not_open_other_doors(store: Store, elsewhere: str) -> None:
    messenger = twilio(store.served.url)
    assert type(failure(messenger, f"{elsewhere}{PATH}")) is NotKept
    assert type(failure(messenger, f"{store.served.url}.example.org{PATH}")) is NotKept
    assert store.asked == []


@pytest.mark.parametrize(
    "location",
    [
        "http://mms.twiliocdn.com/a-file",
        "https://mms.twiliocdn.com:8443/a-file",
        "https://me:secret@mms.twiliocdn.com/a-file",
        "https://example.org/a-file",
        "https://eviltwilio.com/a-file",
        "https://twiliocdn.com.example.org/a-file",
        "https://example.org\\.twiliocdn.com/a-file",
        "https://ec2-10-0-0-1.compute-1.amazonaws.com/a-file",
        "https://amazonaws.com/a-file",
        "https://s3.amazonaws.com/media.twiliocdn.com/a-file",
        "https://s3-external-1.amazonaws.com/a-file",
        "https://s3-external-1.amazonaws.com/anybody/media.twiliocdn.com/a-file",
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com.evil/a-file",
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com/../anybody/a-file",
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com/%2E%2e/anybody/a-file",
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com/..\\anybody",
        "https://media.twiliocdn.com.s3-external-1.amazonaws.com/a-file",
        "https://anybody.s3.us-east-1.amazonaws.com/a-file",
        "https://media.twilio.com/a-file",
        "https://demo.twilio.com/a-file",
        "https://anybody.twil.io/a-file",
        "https://sub.mms.twiliocdn.com/a-file",
        "https://mms.twiliocdn.com./a-file",
        "https://mms-twiliocdn.com/a-file",
        "https://mms.twiliocdn.com@example.org/a-file",
        "https://mms.twiliocdn.com:443@example.org/a-file",
        "https://mms.twiliocdn.com%2eexample.org/a-file",
        "https://mms.twiliocdn.com\t.example.org/a-file",
        "https://ｍms.twiliocdn.com/a-file",
        "https://mms.twilіocdn.com/a-file",
        "https://mms.twiliocdn.com:80/a-file",
        "https://mms.twiliocdn.com:/a-file",
        "https://2130706433/a-file",
        "https://0x7f.1/a-file",
        "https://[::ffff:169.254.169.254]/a-file",
        "https://10.0.0.1/a-file",
        "https://localhost/a-file",
        "ftp://mms.twiliocdn.com/a-file",
        "https://s3.amazonaws.com.example.org/a-file",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/a-file",
        "https://[::1/a-file",
        "https://mms.twiliocdn.com:port/a-file",
        "http://127.0.0.1:5432/",
        "//example.org/a-file",
        "file:///etc/passwd",
    ],
)
def test_we_are_not_sent_on_to_where_twilio_keeps_no_files(vendor: responses.RequestsMock, location: str) -> None:
    vendor.get(URL, status=307, headers={"Location": location})
    assert type(failure(twilio())) is NotKept
    assert len(vendor.calls) == 1


@pytest.mark.parametrize(
    "location",
    [
        "https://mms.twiliocdn.com/a-file",
        "https://MMS.TwilioCDN.com:443/a-file",
        "https://media.twiliocdn.com/a-file",
        "https://s3-external-1.amazonaws.com/media.twiliocdn.com/a-file",
    ],
)
def test_where_twilio_keeps_files_we_go(vendor: responses.RequestsMock, location: str) -> None:
    vendor.get(URL, status=302, headers={"Location": location})
    vendor.get(location, body=DATA)
    assert twilio().download(URL, MOST) == DATA


def test_we_are_not_sent_about_for_ever(vendor: responses.RequestsMock) -> None:
    vendor.get(URL, status=307, headers={"Location": CDN})
    vendor.get(CDN, status=307, headers={"Location": CDN})
    assert str(failure(twilio())) == "sent on too often"
    assert len(vendor.calls) == 4


@pytest.mark.parametrize("packed", [False, True])
def test_no_more_is_read_than_was_asked_for(vendor: responses.RequestsMock, packed: bool) -> None:
    zeroes = b"\0" * (8 * MOST)
    body, headers = (gzip.compress(zeroes), {"Content-Encoding": "gzip"}) if packed else (zeroes, {})
    vendor.get(URL, body=body, headers=headers)
    assert type(failure(twilio())) is TooLarge
    assert twilio().download(URL, len(zeroes)) == zeroes


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, MessengerBroken),
        (403, MessengerBroken),
        (404, NotKept),
        (410, NotKept),
        (429, NotSent),
        (500, NotSent),
        (503, NotSent),
        (204, NotSent),
        (307, NotSent),
    ],
)
def test_what_twilio_answers_is_told_apart(vendor: responses.RequestsMock, status: int, kind: type) -> None:
    vendor.get(URL, status=status)
    error = failure(twilio())
    assert type(error) is kind
    assert getattr(error, "throttled", False) is (status == 429)


def test_a_store_that_refuses_says_nothing_about_our_account(vendor: responses.RequestsMock) -> None:
    vendor.get(URL, status=307, headers={"Location": CDN})
    vendor.get(CDN, status=403)
    assert str(failure(twilio())) == "Twilio answered 403"


def test_nobody_there(store: Store) -> None:
    url = store.served.url
    store.served.server.server_close()
    assert type(failure(twilio(url), f"{url}{PATH}")) is NotSent


def test_a_file_that_breaks_off_is_not_half_a_file(store: Store) -> None:
    store.answers[PATH] = Response(iter([DATA]), headers={"Content-Length": str(len(DATA) + 1)})
    assert type(failure(twilio(store.served.url))) is NotSent


def test_a_file_that_drips_is_not_waited_for(store: Store) -> None:
    dripped: list[bytes] = []

    def drip() -> Iterator[bytes]:
        while len(dripped) < 2_000:
            sleep(0.05)
            dripped.append(b".")
            yield b"."

    store.answers[PATH] = Response(drip())
    assert type(failure(twilio(store.served.url, timeout=RUNS_OUT))) is NotSent
    assert len(dripped) < 2_000, "most of it had not come"


def test_a_base_of_ones_own_is_asked_by_either_address(store: Store) -> None:
    store.answers[PATH] = Response(status=307, headers={"Location": "/kept"})
    store.answers["/kept"] = Response(DATA)
    for url in (URL, f"{store.served.url}{PATH}"):
        assert twilio(store.served.url).download(url, MOST) == DATA
    assert [(path, bool(who)) for path, who in store.asked] == [(PATH, True), ("/kept", False)] * 2
