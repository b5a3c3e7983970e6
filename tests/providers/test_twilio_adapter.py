"""The adapter for Twilio: the real SDK with the pretend Twilio, and with faulty answers and broken connections."""

import base64
import hashlib
import hmac
import json
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask
from werkzeug.datastructures import MultiDict

from providers.errors import MessengerBroken, MessengerError, NotSent, Refused, Unclear
from providers.messenger import ContentDefinition, Inbound, Parcel, Receipt, RefusalMeaning
from providers.twilio.twilio import Twilio
from simulator.twilio.phones import Phones
from simulator.twilio.server import PretendTwilio, Rules
from tests.patience import AT_MOST, RUNS_OUT, until
from tests.town import Served

ACCOUNT, TOKEN, SENDER = "AC" + "0" * 32, "a token of twilio's", "whatsapp:+14155238886"
NOW = datetime(2026, 11, 18, 19, 0, tzinfo=UTC)
ANA = "whatsapp:+15005550006"
BSUID = "whatsapp:US.13491208655302741918"
HOOK = "https://bot.example.org/webhooks/twilio/inbound"
MESSAGES = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
PARCEL = Parcel(to=ANA, reference="a-reference", text="hello")


@pytest.fixture(scope="module")
def served() -> Served:
    return Served()


@pytest.fixture
def pretend(served: Served) -> Iterator[PretendTwilio]:
    """A pretend Twilio, with Ana who has just written."""
    twilio = PretendTwilio(lambda: NOW, account_sid=ACCOUNT, auth_token=TOKEN, sender=SENDER)
    Phones(twilio).add("Ana", ANA.removeprefix("whatsapp:")).last_inbound_at = NOW
    app = Flask("twilio")
    app.register_blueprint(twilio.blueprint(), url_prefix="/twilio")
    served.app = app
    yield twilio
    twilio.settle()
    twilio.close()


@pytest.fixture
def adapter(served: Served, pretend: PretendTwilio) -> Twilio:
    return twilio(f"{served.url}/twilio")


def twilio(base_url: str | None = None, *, token: str = TOKEN, timeout: float = AT_MOST, **more: Any) -> Twilio:
    return Twilio(
        account_sid=ACCOUNT,
        auth_token=token,
        sender=SENDER,
        callback_url="http://127.0.0.1:9/status",
        **{"secrets": ["a secret of ours"], "base_url": base_url, "timeout": timeout, **more},
    )


def test_a_message_is_handed_over_once_and_its_id_comes_back(adapter: Twilio, pretend: PretendTwilio) -> None:
    sid = adapter.send(PARCEL)
    pretend.settle()
    message = pretend.messages[sid]
    assert (message.text, message.to, message.from_, message.status) == ("hello", ANA, SENDER, "read")
    assert [each.method for each in pretend.journal] == ["POST"]
    found = adapter.fetch(sid)
    assert (found.sid, found.to, found.status, found.body, found.error_code) == (sid, ANA, "read", "hello", None)
    assert found.created_at == NOW
    assert adapter.list_sent_to(ANA) == [found]


def test_a_stored_content_leaves_without_text_of_its_own(adapter: Twilio, pretend: PretendTwilio) -> None:
    body = "The digest of {{1}} is ready for you."
    content = adapter.push_content(
        ContentDefinition("ready", body, "UTILITY", [("Show it", "digest show")], {"1": "Runners"})
    )
    sid = adapter.send(Parcel(ANA, "r", "unused", "http://unused/x.png", content, {"1": "Läufer"}))
    pretend.settle()
    assert pretend.messages[sid].text == "The digest of Läufer is ready for you."
    assert pretend.messages[sid].buttons == [("Show it", "digest show")]
    adapter.ask_approval(content, "ready", "UTILITY")
    assert adapter.find_approval(content).category == "UTILITY"
    adapter.find_approval(content)
    assert adapter.find_approval(content).status == "approved"


@pytest.mark.parametrize(("valid_for", "asked"), [(-5, 1), (0, 1), (600, 600), (99_999, 36_000)])
def test_a_message_is_valid_as_long_as_twilio_allows(
    adapter: Twilio, pretend: PretendTwilio, valid_for: int, asked: int
) -> None:
    sid = adapter.send(Parcel(ANA, "r", "hello", valid_for=valid_for))
    assert pretend.messages[sid].valid_for == asked


@pytest.mark.parametrize(
    ("fault", "failure", "accepted"),
    [
        ("429", NotSent, 0),
        ("401", MessengerBroken, 0),
        ("500", Unclear, 0),
        ("500_after_accept", Unclear, 1),
        ("hang", Unclear, 0),
        ("hang_after_accept", Unclear, 1),
        ("reset", Unclear, 0),
        ("400:63003", Refused, 0),
    ],
)
def test_each_fault_of_the_pretend_twilio_has_its_error(
    served: Served, pretend: PretendTwilio, fault: str, failure: type[MessengerError], accepted: int
) -> None:
    pretend.faults.next.append(fault)
    pretend.faults.hang_seconds = AT_MOST
    hasty = twilio(f"{served.url}/twilio", timeout=RUNS_OUT if fault.startswith("hang") else AT_MOST)
    with pytest.raises(MessengerError) as raised:
        hasty.send(PARCEL)
    assert type(raised.value) is failure
    until(lambda: len(pretend.messages) == accepted)


def test_a_wrong_token_breaks_the_messenger_for_every_question(served: Served, pretend: PretendTwilio) -> None:
    stranger = twilio(f"{served.url}/twilio", token="rotated")
    for question in (
        lambda: stranger.send(PARCEL),
        lambda: stranger.fetch("SM" + "0" * 32),
        lambda: stranger.list_sent_to(ANA),
        lambda: stranger.push_content(ContentDefinition("n", "b", "UTILITY")),
        lambda: stranger.ask_approval("HX" + "0" * 32, "n", "UTILITY"),
        lambda: stranger.find_approval("HX" + "0" * 32),
    ):
        with pytest.raises(MessengerBroken):
            question()
    assert len(pretend.messages) == 0


def test_a_question_that_failed_may_be_asked_again(adapter: Twilio, pretend: PretendTwilio) -> None:
    pretend.faults.list_status = 503
    with pytest.raises(NotSent):
        adapter.list_sent_to(ANA)
    with pytest.raises(Refused) as refused:
        adapter.fetch("SM" + "0" * 32)
    assert refused.value.code == 20404


# Codes that Twilio returns at once with 400, or normally only later: none of these messages was accepted.
REFUSED = (
    21211, 21408, 21602, 21603, 21604, 21606, 21608, 21610, 21614, 21617, 21620, 21623, 21654, 21655, 21656, 21703,
    21704, 21705, 21712, 30001, 30410, 35111, 35114, 35115, 35118, 35126, 63001, 63002, 63003, 63005, 63006, 63007,
    63008, 63009, 63010, 63011, 63012, 63013, 63014, 63015, 63016, 63017, 63018, 63019, 63020, 63021, 63022, 63023,
    63024, 63025, 63026, 63027, 63028, 63029, 63030, 63031, 63032, 63033, 63034, 63037, 63038, 63040, 63041, 63042,
    63049, 63099,
)  # fmt: skip
ANSWERS: list[tuple[int, int, type[MessengerError]]] = [
    *((400, code, Refused) for code in REFUSED),
    (403, 21408, Refused), (404, 20404, Refused), (409, 20009, Refused), (422, 422, Unclear),
    (401, 20003, MessengerBroken), (403, 20003, MessengerBroken), (400, 20003, MessengerBroken),
    (401, 20008, MessengerBroken), (403, 20005, MessengerBroken), (400, 30002, MessengerBroken),
    (429, 20429, NotSent), (429, 63018, NotSent), (429, 30001, NotSent),
    (500, 20500, Unclear), (502, 20502, Unclear), (503, 20503, Unclear), (504, 20504, Unclear), (408, 408, Unclear),
    (302, 302, Unclear), (307, 307, Unclear),
]  # fmt: skip


@responses.activate
@pytest.mark.parametrize(("status", "code", "failure"), ANSWERS)
def test_the_table_of_answers(status: int, code: int, failure: type[MessengerError]) -> None:
    responses.post(MESSAGES, json={"code": code, "message": "no", "status": status}, status=status)
    with pytest.raises(MessengerError) as raised:
        twilio().send(PARCEL)
    assert type(raised.value) is failure
    if isinstance(raised.value, Refused):
        assert raised.value.code == code
    assert len(responses.calls) == 1, "a message is never posted twice"


@responses.activate
@pytest.mark.parametrize(
    ("status", "code", "failure"), [(400, 21211, Refused), (401, 20003, MessengerBroken), (503, 1, Unclear)]
)
def test_an_answer_in_the_newer_form_of_problems_is_read_too(
    status: int, code: int, failure: type[MessengerError]
) -> None:
    told = {"type": "https://www.twilio.com/docs/errors", "title": "no", "status": status, "code": code}
    responses.post(MESSAGES, json=told, status=status)
    with pytest.raises(MessengerError) as raised:
        twilio().send(PARCEL)
    assert type(raised.value) is failure


@responses.activate
@pytest.mark.parametrize("body", ["", "{}", "[]", "null", "7", "<html></html>", '{"sid": null}', '{"sid": "SM7"}'])
def test_an_acceptance_that_names_no_message_is_unclear(body: str) -> None:
    responses.post(MESSAGES, body=body, status=201)
    with pytest.raises(Unclear):
        twilio().send(PARCEL)


@responses.activate
@pytest.mark.parametrize("status", [400, 404, 502])
@pytest.mark.parametrize("body", ["", "<html>Bad</html>", "[]", "null", '{"code": null}'])
def test_a_refusal_without_a_code_is_not_twilios_and_loses_no_message(status: int, body: str) -> None:
    """From a proxy on the way, a captive portal, or a wrong TWILIO_API_BASE_URL."""
    responses.post(MESSAGES, body=body, status=status)
    with pytest.raises(Unclear, match=str(status)):
        twilio().send(PARCEL)
    responses.get(MESSAGES, body=body, status=status)
    with pytest.raises(NotSent, match=str(status)):
        twilio().list_sent_to(ANA)


@responses.activate
@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        (None, 1),
        ("", 1),
        ("-3", 1),
        ("1.5", 1),
        ("²", 1),
        ("Wed, 18 Nov 2026 19:00:07 GMT", 1),
        ("9" * 18, 3600),
    ],
)
def test_twilios_wish_to_wait_is_kept_where_it_can_be_read(wish: str | None, seconds: int) -> None:
    headers = {} if wish is None else {"Retry-After": wish}
    responses.post(MESSAGES, body="slow down", status=429, headers=headers)
    with pytest.raises(NotSent) as raised:
        twilio().send(PARCEL)
    assert raised.value.retry_after == timedelta(seconds=seconds)


@responses.activate
def test_asking_is_never_unclear() -> None:
    responses.get(MESSAGES, body="<html>", status=200)
    responses.get(MESSAGES, body="<html>", status=500)
    for _ in range(2):
        with pytest.raises(NotSent):
            twilio().list_sent_to(ANA)


@responses.activate
def test_without_another_address_twilio_itself_is_asked() -> None:
    responses.post(MESSAGES, json={"sid": "SM" + "a" * 32}, status=201)
    assert twilio().send(PARCEL) == "SM" + "a" * 32
    sent = dict(parse_qsl(responses.calls[0].request.body))
    assert (sent["To"], sent["From"], sent["Body"]) == (ANA, SENDER, "hello")


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def test_nobody_at_the_address_means_not_sent() -> None:
    with pytest.raises(NotSent) as raised:
        twilio(f"http://127.0.0.1:{free_port()}").send(PARCEL)
    assert raised.value.retry_after == timedelta(seconds=5)


def test_a_name_that_nobody_has_means_not_sent() -> None:
    with pytest.raises(NotSent):
        twilio("http://nobody-has-this-name.invalid").send(PARCEL)


def test_a_line_that_is_never_taken_up_means_not_sent() -> None:
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = [socket.socket() for _ in range(4)]  # they fill the queue; no connection is accepted
        for each in waiting:
            each.setblocking(False)
            with suppress(BlockingIOError):
                each.connect(listening.getsockname())
        with pytest.raises(NotSent):
            twilio(f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=RUNS_OUT).send(PARCEL)
        for each in waiting:
            each.close()


class Listener:
    """Accepts one connection, reads, and answers with these bytes, or closes without an answer."""

    def __init__(self, answer: bytes = b"", certificate: Path | None = None) -> None:
        self.answer, self.certificate, self.heard = answer, certificate, b""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = Thread(target=self._serve)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.join()
        self.socket.close()

    def _serve(self) -> None:
        line, _ = self.socket.accept()
        line.settimeout(AT_MOST)
        with suppress(OSError), closing(line), closing(self._secured(line)) as secured:
            while b"Body=hello" not in self.heard:
                read = secured.recv(65_536)
                if not read:
                    return
                self.heard += read
            socket.socket.send(secured, self.answer)  # unencrypted inside TLS, so that it cannot be decrypted
            if not self.answer:  # a reset in place of a close
                secured.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _secured(self, line: socket.socket) -> socket.socket:
        if self.certificate is None:
            return line
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate)
        return context.wrap_socket(line, server_side=True, suppress_ragged_eofs=False)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 201", b"HTTP/1.1 201 Created\r\nContent-Length: 999\r\n\r\n{", b"?"]
)
def test_a_line_that_breaks_after_the_message_was_written_is_unclear(answer: bytes) -> None:
    with Listener(answer) as listener, pytest.raises(Unclear):
        twilio(f"http://127.0.0.1:{listener.port}").send(PARCEL)
    assert b"Body=hello" in listener.heard


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a certificate for this computer, which is not trusted unless configured, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "here")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain, secret = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = tmp_path_factory.mktemp("tls") / "here.pem"
    path.write_bytes(made.public_bytes(plain) + key.private_bytes(plain, secret, serialization.NoEncryption()))
    return path


@pytest.mark.parametrize("answer", [b"", b"\x17\x03\x03\x00\x20" + b"x" * 32])
def test_an_encrypted_line_that_breaks_after_the_message_was_written_is_unclear(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with Listener(answer, certificate) as listener, pytest.raises(Unclear):
        twilio(f"https://127.0.0.1:{listener.port}").send(PARCEL)
    assert b"Body=hello" in listener.heard


def test_a_certificate_that_is_not_trusted_means_not_sent(certificate: Path) -> None:
    with Listener(certificate=certificate) as listener, pytest.raises(NotSent):
        twilio(f"https://127.0.0.1:{listener.port}").send(PARCEL)
    assert listener.heard == b""


def signed(url: str, form: list[tuple[str, str]], *, token: str = TOKEN, kind: str = "sha1") -> str:
    """Return Twilio's signature, computed as in its documentation."""
    written = url + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.new(token.encode(), written.encode(), kind).digest()).decode()


FORM = [("AccountSid", ACCOUNT), ("Body", "Grüße & 100 % +1"), ("From", ANA), ("To", SENDER)]


SECRETS = {"second_token": "the former token", "shared_keys": ["a shared key", "another shared key"]}


def verified(signature: str | None, url: str = HOOK, form: list[tuple[str, str]] = FORM, **headers: str) -> bool:
    if signature is not None:
        headers["X-Twilio-Signature"] = signature
    return twilio(**SECRETS).is_genuine(url, MultiDict(form), headers)


def test_a_genuine_signature_is_accepted() -> None:
    assert verified(signed(HOOK, FORM))


@pytest.mark.parametrize("signature", [None, "", "x", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", "é", signed(HOOK, FORM) + "="])
def test_no_signature_or_another_is_refused(signature: str | None) -> None:
    assert not verified(signature)


def test_another_token_or_account_is_refused() -> None:
    assert not verified(signed(HOOK, FORM, token="another"))
    for account in ("AC" + "1" * 32, "", "é"):
        foreign = [("AccountSid", account), *FORM[1:]]
        assert not verified(signed(HOOK, foreign), form=foreign)
    assert not verified(signed(HOOK, FORM[1:]), form=FORM[1:])


@pytest.mark.parametrize(
    "changed",
    [
        [*FORM[:1], ("Body", "Grüße & 100 % +2"), *FORM[2:]],
        [*FORM[:1], ("Body", "Grüße & 100 % +1 "), *FORM[2:]],
        [*FORM, ("Extra", "")],
        FORM[:-1],
    ],
)
def test_a_changed_body_is_refused(changed: list[tuple[str, str]]) -> None:
    assert not verified(signed(HOOK, FORM), form=changed)


def test_what_twilio_adds_without_notice_is_signed_along() -> None:
    more = [*FORM, ("SomethingNew", "1")]
    assert verified(signed(HOOK, more), form=more)


def test_http_is_not_https_and_another_host_is_not_ours() -> None:
    for url in (HOOK.replace("https", "http"), HOOK.replace("bot.", "bad."), HOOK + "/", HOOK + "?a=1"):
        assert not verified(signed(url, FORM))


def test_the_query_counts_in_its_order_and_as_it_was_written() -> None:
    url = HOOK + "?m=%2B1%20a&k=b"
    assert verified(signed(url, FORM), url)
    for other in ("?k=b&m=%2B1%20a", "?m=+1 a&k=b", "?m=%2b1%20a&k=b", "?m=%2B1%20a", ""):
        assert not verified(signed(HOOK + other, FORM), url)


def test_a_port_may_be_written_or_not() -> None:
    assert verified(signed(HOOK.replace("org/", "org:443/"), FORM))


SETTINGS = {"X-Twilio-Webhooks-Signature-Settings": "key=webhooks_sharedkey_x,algorithm=HMAC_SHA256"}


@pytest.mark.parametrize("key", SECRETS["shared_keys"])
def test_a_shared_key_signs_with_its_own_secret_and_sha256_and_cannot_be_mixed_up(key: str) -> None:
    genuine = signed(HOOK, FORM, token=key, kind="sha256")
    assert verified(genuine, **SETTINGS)
    assert not verified(genuine), "without the header the auth token signs"
    assert not verified(signed(HOOK, FORM, token=key))
    assert not verified(signed(HOOK, FORM, token=key), **SETTINGS)
    unknown = {"X-Twilio-Webhooks-Signature-Settings": "algorithm=HMAC_MD5"}
    assert not verified(signed(HOOK, FORM, token=key, kind="md5"), **unknown)


def test_an_auth_token_is_no_shared_key() -> None:
    for token in (TOKEN, SECRETS["second_token"]):
        assert not verified(signed(HOOK, FORM, token=token, kind="sha256"), **SETTINGS)
    heard = MultiDict(FORM), {"X-Twilio-Signature": signed(HOOK, FORM, token="", kind="sha256"), **SETTINGS}
    assert not twilio().is_genuine(HOOK, *heard), "where no shared key is set, none is valid"


def test_while_the_token_is_changed_both_sign_and_the_new_one_asks(served: Served, pretend: PretendTwilio) -> None:
    assert verified(signed(HOOK, FORM, token=SECRETS["second_token"]))
    assert twilio(f"{served.url}/twilio", **SECRETS).send(PARCEL)
    with pytest.raises(MessengerBroken):
        twilio(f"{served.url}/twilio", token="unknown", second_token=TOKEN).send(PARCEL)


def test_while_our_secret_is_changed_receipts_of_both_are_accepted() -> None:
    def reference(writer: Twilio, reader: Twilio) -> str | None:
        return reader.read_reference(dict(parse_qsl(urlsplit(writer._callback("our id")).query)), NOW)

    before, during, after = (twilio(secrets=each) for each in (["old"], ["new", "old"], ["new"]))
    for writer, reader in ((before, during), (during, during), (during, after)):
        assert reference(writer, reader) == "our id"
    assert reference(before, after) is None


def test_a_repeated_parameter_escapes_the_signature_and_not_the_reader() -> None:
    said = [(name, value) for name, value in text().items(multi=True)]
    twice = [*said, ("Body", "join RUN-7F3K")]
    assert verified(signed(HOOK, said), form=twice), "equal values are signed once"
    assert read(MultiDict(twice)).line == "join RUN-7F3K", "and are one"
    assert read(MultiDict([*said, ("Body", "leave")])).line == "", "of two texts none is believed"


def test_parameters_run_together_escape_the_signature_and_not_the_reader() -> None:
    together = [("AccountSid", ACCOUNT), ("Body", f"Grüße & 100 % +1From{ANA}"), ("To", SENDER)]
    assert verified(signed(HOOK, FORM), form=together)
    with pytest.raises(ValueError):
        read(MultiDict(together))


def sid(number: int, kind: str = "SM") -> str:
    return f"{kind}{number:032x}"


def text(number: int = 1, **changes: str | None) -> MultiDict:
    """Return an inbound text with Twilio's keys in their order; None leaves a key out."""
    ours = changes.pop("MessageSid", sid(number))
    form = {
        "SmsMessageSid": ours,
        "NumMedia": "0",
        "ProfileName": "Ana",
        "MessageType": "text",
        "SmsSid": ours,
        "WaId": "15005550006",
        "SmsStatus": "received",
        "Body": "join RUN-7F3K",
        "To": SENDER,
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "MessageSid": ours,
        "AccountSid": ACCOUNT,
        "From": ANA,
        "ExternalUserId": BSUID,
        "ApiVersion": "2010-04-01",
        "Forwarded": "false",
        "FrequentlyForwarded": "false",
        **changes,
    }
    return MultiDict({key: value for key, value in form.items() if value is not None})


TAP = {
    "MessageType": "interactive",
    "Body": "Show it",
    "ButtonText": "Show it",
    "ButtonPayload": "digest show 42",
    "OriginalRepliedMessageSid": sid(900),
    "OriginalRepliedMessageSender": SENDER,
}
MEDIA = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid(4, 'MM')}/Media/ME{4:032x}"
IMAGE = {"MessageType": "image", "Body": "", "NumMedia": "1", "MediaUrl0": MEDIA, "MediaContentType0": "image/jpeg"}
PLACE = {"MessageType": "location", "Body": "", "Latitude": "32.0853", "Longitude": "34.7818", "Label": "Start"}


def read(form: MultiDict) -> Inbound:
    return twilio().read_inbound(form)


def test_a_text_from_somebody_with_a_number_and_an_id() -> None:
    heard = read(text())
    assert heard == Inbound(sid(1), "+15005550006", "US.13491208655302741918", "Ana", "join RUN-7F3K")
    assert heard.address == ANA


def test_somebody_without_a_number_is_known_by_the_id() -> None:
    heard = read(text(WaId="", From=BSUID, Body="stats"))
    assert (heard.phone, heard.business_id) == (None, "US.13491208655302741918")
    assert heard.address == BSUID


def test_an_older_webhook_without_the_id() -> None:
    assert read(text(ExternalUserId=None)).business_id is None
    assert read(text(ExternalUserId="")).phone == "+15005550006"
    assert read(text(From=None)).address == BSUID


def test_a_parent_companys_id_is_an_id() -> None:
    assert read(text(From="whatsapp:DE.ENT.4711")).business_id == "US.13491208655302741918"
    assert read(text(From="whatsapp:DE.ENT.4711", ExternalUserId=None)).business_id == "DE.ENT.4711"


def test_a_taps_payload_wins_over_its_label() -> None:
    heard = read(text(2, **TAP))
    assert (heard.line, heard.kind, heard.replied_to) == ("digest show 42", "interactive", sid(900))
    assert read(text(2, **TAP | {"ButtonPayload": ""})).line == "Show it"
    assert read(text(2, **TAP | {"ButtonPayload": "", "ButtonText": ""})).line == "Show it"


def test_a_choice_from_a_list_says_its_id() -> None:
    chosen = {"MessageType": "interactive", "Body": "Leaderboard", "ListId": "lb week", "ListTitle": "Leaderboard"}
    assert read(text(3, **chosen)).line == "lb week"
    assert read(text(3, **chosen | {"ListId": ""})).line == "Leaderboard"


def test_a_picture_and_a_place_say_nothing() -> None:
    picture = read(text(MessageSid=sid(4, "MM"), **IMAGE))
    assert (picture.line, picture.kind, picture.media) == ("", "image", ((MEDIA, "image/jpeg"),))
    place = read(text(5, **PLACE))
    assert (place.line, place.kind, place.media) == ("", "location", ())


def test_words_of_stop_come_through_as_words() -> None:
    assert read(text(7, Body="STOP", OptOutType="STOP")).opted == "STOP"
    assert read(text(7, Body="START", OptOutType=" start ")).opted == "START"
    assert [read(text(7, Body="STOP", OptOutType=told)).opted for told in ("", "later")] == [None, None]
    assert read(text(7, Body="STOP")).line == "STOP"


def test_odd_signs_are_put_right_and_long_lines_are_cut() -> None:
    assert read(text(Body="Zoe\u0308\x00 👋")).line == "Zoë 👋"
    assert len(read(text(Body="a" * 70_000)).line) == 4096
    assert len(read(text(ProfileName="n" * 5_000)).profile_name) == 200


def test_what_is_not_known_is_let_through_where_it_does_no_harm() -> None:
    assert read(text(MessageType="Poll Vote!")).kind == "other"
    assert read(text(MessageType=None)).kind == "text"
    assert read(text(FlowData="{}", Whatever="1")).line == "join RUN-7F3K"


@pytest.mark.parametrize("count", [None, "", "-1", "99", "9" * 5_000, "one", "1.5", "１"])
def test_media_count_by_what_is_there(count: str | None) -> None:
    assert read(text(NumMedia=count)).media == ()
    assert read(text(**IMAGE | {"NumMedia": count})).media == ((MEDIA, "image/jpeg"),)
    many = {f"MediaUrl{number}": MEDIA for number in range(12)}
    assert len(read(text(**many)).media) == 10


@pytest.mark.parametrize(
    ("named", "content_type", "kind"),
    [
        (None, "image/jpeg", "image"),
        ("text", "Audio/OGG", "audio"),
        ("", "video/mp4", "video"),
        (None, "application/vnd.garmin.tcx+xml", "document"),
        (None, "", "document"),
        ("sticker", "image/webp", "sticker"),
    ],
)
def test_media_without_a_kind_of_their_own_have_that_of_their_content(
    named: str | None, content_type: str, kind: str
) -> None:
    changes = {"MessageType": named, "MediaUrl0": MEDIA, "MediaContentType0": content_type}
    assert read(text(**changes)).kind == kind


@pytest.mark.parametrize("kind", ["text", "TEXT", " text ", "", None, "button", "interactive", "image", "document"])
def test_these_kinds_hold_words_that_were_typed_or_tapped(kind: str | None) -> None:
    assert read(text(MessageType=kind)).line == "join RUN-7F3K"


@pytest.mark.parametrize(
    "kind",
    ["reaction", "edit", "system", "unsupported", "order", "contacts", "sticker", "location", "audio", "poll", "Poll!"],
)
def test_the_words_of_other_kinds_are_not_kept(kind: str) -> None:
    assert read(text(MessageType=kind, ButtonPayload="leave", ListId="leave", ButtonText="leave")).line == ""


@pytest.mark.parametrize(
    "to",
    [None, "", SENDER.removeprefix("whatsapp:"), "whatsapp: 14155238886", "14155238886", "whatsapp:+1 (415) 523-8886",
     "WhatsApp:+14155238886 ", "0014155238886"],
)  # fmt: skip
def test_our_number_in_another_spelling_is_ours(to: str | None) -> None:
    assert read(text(To=to)).line == "join RUN-7F3K"


@pytest.mark.parametrize(
    ("sender", "phone"),
    [
        ("whatsapp:15005550006", "+15005550006"),
        ("whatsapp: 15005550006", "+15005550006"),
        ("whatsapp:+15005550006\n", "+15005550006"),
        ("WhatsApp:+1 500 555 0006", "+15005550006"),
    ],
)
def test_a_senders_number_in_another_spelling_is_the_same_person(sender: str, phone: str) -> None:
    assert read(text(From=sender)).phone == phone


@pytest.mark.parametrize(
    "known_as",
    ["", " ", "\t", "US.1349", "whatsapp:US.13 49!", "whatsapp:", "whatsapp:US." + "1" * 129, "x" * 9_000, "\x00",
     "whatsapp:US.1;whatsapp:US.2", "messenger:1349", "whatsapp:+15005550007", "é"],
)  # fmt: skip
def test_whoever_has_a_number_is_read_however_odd_the_id_is(known_as: str) -> None:
    heard = read(text(ExternalUserId=known_as))
    assert (heard.phone, heard.business_id, heard.line) == ("+15005550006", None, "join RUN-7F3K")
    several = text()
    several.add("ExternalUserId", "whatsapp:US.2")
    assert read(several).business_id is None


def test_an_id_in_small_letters_is_the_same_id() -> None:
    assert read(text(From="whatsapp:us.1349aB", ExternalUserId=None)).business_id == "US.1349aB"


def test_another_field_tells_the_messages_id_where_one_is_missing() -> None:
    assert read(text(MessageSid="", SmsSid=sid(1))).sid == sid(1)
    assert read(text(MessageSid="odd", SmsSid="odd", SmsMessageSid=sid(7))).sid == sid(7)


def test_a_quoted_message_has_an_id_or_is_none() -> None:
    assert read(text(OriginalRepliedMessageSid="\x00'; --")).replied_to is None


@pytest.mark.parametrize(
    "changes",
    [
        {"To": "whatsapp:+15550000000"},
        {"To": "whatsapp:US.1415"},
        {"From": None, "ExternalUserId": None},
        {"From": "", "ExternalUserId": ""},
        {"From": "whatsapp:", "ExternalUserId": None},
        *(
            {"From": sender, "ExternalUserId": None}
            for sender in [
                "+15005550006",
                "sms:+15005550006",
                "whatsapp:+0123456789",
                "whatsapp:+1500555000612345",
                "whatsapp:+１５００５５５０００６",
                "whatsapp:+1500555x006",
                "whatsapp:US." + "1" * 129,
                "messenger:1349",
            ]
        ),
        *(
            {"MessageSid": odd, "SmsSid": odd, "SmsMessageSid": None}
            for odd in [None, "", "SM1", "XX" + "0" * 32, "SM" + "g" * 32, sid(1) + "\n"]
        ),
    ],
)
def test_a_message_from_nobody_or_to_another_or_without_an_id_is_not_read(changes: dict[str, str | None]) -> None:
    with pytest.raises(ValueError):
        read(text(**changes))


def test_a_field_given_several_times_counts_once_or_not_at_all() -> None:
    def again(field: str, value: str) -> Inbound:
        form = text(**TAP)
        form.add(field, value)
        return read(form)

    once = read(text(**TAP))
    for field, value in text(**TAP).items():
        assert again(field, value) == once, field
        assert again(field, "") == once, field
    assert again("To", "another") == once
    assert again("MessageSid", sid(8)) == once, "the other two tell it"
    assert again("From", "whatsapp:+15005550007").phone is None
    assert again("ExternalUserId", "whatsapp:US.2").business_id is None
    assert again("ButtonPayload", "leave").line == "Show it"
    assert again("MessageType", "edit") == read(text(**TAP | {"MessageType": "text"}))


def receipt(status: str | None = "delivered", **changes: str | None) -> MultiDict:
    """Return a status callback with Twilio's keys."""
    form = {
        "EventType": status and status.upper(),
        "SmsSid": sid(900),
        "SmsStatus": status,
        "MessageStatus": status,
        "ChannelToAddress": "+1500555XXXX",
        "To": ANA,
        "ChannelPrefix": "whatsapp",
        "MessageSid": sid(900),
        "AccountSid": ACCOUNT,
        "From": SENDER,
        "ApiVersion": "2010-04-01",
        "ChannelInstallSid": "XE" + "0" * 32,
        **changes,
    }
    return MultiDict({key: value for key, value in form.items() if value is not None})


STATUSES = ["accepted", "scheduled", "queued", "sending", "sent", "delivered", "read", "partially_delivered"]
ENDS = ["undelivered", "failed", "canceled", "received", "deleted", "eaten"]


@pytest.mark.parametrize("status", [*STATUSES, *ENDS])
def test_a_receipt_is_read(status: str) -> None:
    told = twilio().read_receipt(receipt(status))
    assert (told.sid, told.status, told.error_code) == (sid(900), status, None)


def test_a_receipt_tells_why() -> None:
    told = twilio().read_receipt(receipt("undelivered", ErrorCode="63016", ChannelStatusMessage="outside the window"))
    assert isinstance(told, Receipt)
    assert told.error_code == 63016
    for odd in ("", "x", "-1", "6301²", "9" * 30):
        assert twilio().read_receipt(receipt("failed", ErrorCode=odd)).error_code is None


@pytest.mark.parametrize("odd", [None, "", "SM1", "XE" + "0" * 32])
def test_a_receipt_that_names_no_message_is_not_read(odd: str | None) -> None:
    assert twilio().read_receipt(receipt(MessageSid=odd)).sid == sid(900)
    with pytest.raises(ValueError):
        twilio().read_receipt(receipt(MessageSid=odd, SmsSid=odd))


def test_a_status_is_read_however_it_is_written() -> None:
    assert twilio().read_receipt(receipt(" DELIVERED")).status == "delivered"
    assert twilio().read_receipt(receipt("", SmsStatus="sent")).status == "sent"
    for odd in (None, "", "1 + 1", "x" * 5_000):
        assert twilio().read_receipt(receipt(odd)).status == "unknown"


@pytest.mark.parametrize("code", [21211, 21614])
def test_that_an_id_is_no_number_says_nothing_about_the_person(code: int) -> None:
    """In June 2026 Twilio answered this for some ids: https://github.com/freescout-help-desk/freescout/issues/5444."""
    told = twilio().read_receipt
    assert told(receipt("failed", ErrorCode=str(code))).meaning is RefusalMeaning.UNREACHABLE
    assert told(receipt("failed", ErrorCode=str(code), To=BSUID)).meaning is RefusalMeaning.OURS
    assert told(receipt("failed", ErrorCode="63003", To=BSUID)).meaning is RefusalMeaning.UNREACHABLE


def test_an_account_that_takes_ids_for_numbers_refuses_the_message_and_not_the_person(served: Served) -> None:
    pretend = PretendTwilio(
        lambda: NOW, account_sid=ACCOUNT, auth_token=TOKEN, sender=SENDER, rules=Rules(business_ids=False)
    )
    app = Flask("twilio")
    app.register_blueprint(pretend.blueprint(), url_prefix="/twilio")
    served.app = app
    for to, meaning in ((BSUID, RefusalMeaning.OURS), ("whatsapp:+0", RefusalMeaning.UNREACHABLE)):
        with pytest.raises(Refused) as raised:
            twilio(f"{served.url}/twilio").send(Parcel(to, "r", "hello"))
        assert (raised.value.code, raised.value.meaning) == (21211, meaning)
    pretend.close()


def test_a_listed_message_with_a_picture_is_not_an_empty_text(adapter: Twilio, pretend: PretendTwilio) -> None:
    hook = Flask("hook")
    hook.add_url_rule("/", view_func=lambda: "<Response/>", methods=["POST"])
    pretend.webhook_url = f"{Served(hook).url}/"
    bob = Phones(pretend).add("Bob", "+15005550007")
    bob.sends_file(b"x", "image/jpeg")
    bob.says("hi")
    assert [(each.kind, each.line) for each in adapter.list_heard_since(NOW)] == [("text", "hi"), ("media", "")]


def test_a_receipts_address_names_our_message_and_cannot_be_forged(adapter: Twilio, pretend: PretendTwilio) -> None:
    message = pretend.messages[adapter.send(Parcel(ANA, "7a & b/ü", "hello"))]
    query = dict(parse_qsl(urlsplit(message.callback).query))
    assert adapter.read_reference(query, NOW) == "7a & b/ü"
    tag = query["k"]
    forged = [
        {"m": "7a & b/ü", "k": ("0" if tag[0] != "0" else "1") + tag[1:]},
        {"m": "7a & b/v", "k": tag},
        {"m": "7a & b/ü", "k": tag[:8]},
        {"m": "7a & b/ü", "k": ""},
        {"m": "7a & b/ü", "k": "é"},
        {"m": "7a & b/ü"},
        {"k": tag},
        {},
    ]
    assert [adapter.read_reference(each, NOW) for each in forged] == [None] * len(forged)
    by_hand = hmac.new(b"another secret", "receipt|7a & b/ü".encode(), hashlib.sha256).hexdigest()[:16]
    assert adapter.read_reference({"m": "7a & b/ü", "k": by_hand}, NOW) is None


def test_what_is_said_and_who_hears_it_stay_out_of_representations() -> None:
    parcel = Parcel(ANA, "r", "secret words", None, "HX1", {"1": "secret words"})
    assert "secret" not in repr(parcel) + repr(read(text(Body="secret words")))
    assert json.dumps({"code": 1}) not in repr(Refused(63016))
