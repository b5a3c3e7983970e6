"""Encrypted secrets, and the settings with their keys."""

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from config import Settings
from models.vault import UnknownKey, Unreadable, Vault, keyed_hash, new_key

KEY, OLDER, OTHER = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3))
RING = Vault.from_text(f"k2:{KEY},k1:{OLDER}")
PURPOSES = st.sampled_from(["garmin-tokens", "garmin-state", "message", "garmin", "garmin-token", "", "a|b"])
OWNERS = st.one_of(st.integers(), st.uuids(), st.text(max_size=8))
SECRETS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(PURPOSES, OWNERS, SECRETS)
def test_what_is_sealed_opens_again(purpose: str, owner: object, secret: str) -> None:
    sealed = RING.seal(purpose, owner, secret)
    assert RING.open(purpose, owner, sealed) == secret
    assert RING.seal(purpose, owner, secret) != sealed, "two writings of one secret do not look alike"
    assert len(secret) < 4 or secret.encode() not in sealed


@given(PURPOSES, PURPOSES, OWNERS, OWNERS)
def test_it_opens_for_no_other_purpose_or_owner(purpose: str, another: str, owner: object, somebody: object) -> None:
    assume((purpose, str(owner)) != (another, str(somebody)))
    sealed = RING.seal(purpose, owner, "secret")
    with pytest.raises(Unreadable):
        RING.open(another, somebody, sealed)


def test_every_single_bit_counts() -> None:
    sealed = RING.seal("garmin-tokens", 7, "secret")
    for place in range(len(sealed) * 8):
        flipped = bytearray(sealed)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(Unreadable):
            RING.open("garmin-tokens", 7, bytes(flipped))


def test_no_part_of_it_opens() -> None:
    sealed = RING.seal("garmin-tokens", 7, "secret")
    for end in range(len(sealed)):
        with pytest.raises(Unreadable):
            RING.open("garmin-tokens", 7, sealed[:end])
    for more in (b"\x00", sealed):
        with pytest.raises(Unreadable):
            RING.open("garmin-tokens", 7, sealed + more)


@given(st.binary(max_size=80), st.sampled_from([b"", b"\x01", b"\x01\x02k2", b"\x01\x02k1"]))
def test_noise_never_opens(noise: bytes, head: bytes) -> None:
    with pytest.raises(Unreadable):
        RING.open("garmin-tokens", 7, head + noise)


@pytest.mark.parametrize("name", ["k", "2026-11_prod", "x" * 16])
def test_keys_of_any_allowed_name_open_what_they_sealed(name: str) -> None:
    ring = Vault.from_text(f"{name}:{KEY}")
    assert ring.open("p", 1, ring.seal("p", 1, "s")) == "s"


def test_the_first_key_writes_and_every_key_of_the_ring_opens() -> None:
    older, newer = Vault.from_text(f"k1:{OLDER}"), Vault.from_text(f"k2:{KEY}")
    assert RING.open("p", 1, older.seal("p", 1, "written long ago")) == "written long ago"
    assert newer.open("p", 1, RING.seal("p", 1, "written now")) == "written now"
    with pytest.raises(UnknownKey, match="'k2', which is not in DATA_KEYS") as raised:
        older.open("p", 1, RING.seal("p", 1, "written now"))
    assert raised.value.name == "k2"


def test_another_key_under_the_same_name_does_not_open() -> None:
    with pytest.raises(Unreadable, match="not a garmin-tokens of 7") as raised:
        Vault.from_text(f"k2:{OTHER}").open("garmin-tokens", 7, RING.seal("garmin-tokens", 7, "secret"))
    assert not isinstance(raised.value, UnknownKey), "the key is known: waiting for another would not help"


def test_names_that_begin_alike_are_told_apart() -> None:
    ring = Vault.from_text(f"k:{KEY},k2:{OLDER}")
    sealed = Vault.from_text(f"k2:{OLDER}").seal("p", 1, "s")
    assert ring.open("p", 1, sealed) == "s"
    shorter = sealed[:1] + b"\x01" + sealed[2:]
    with pytest.raises(Unreadable):
        ring.open("p", 1, shorter)


def test_a_hash_is_keyed_and_its_own_for_each_purpose() -> None:
    found = keyed_hash(b"a key", "invite", "RUN-7F3K")
    others = {keyed_hash(b"a key", "invite", "RUN-7F3L"), keyed_hash(b"a key", "code", "RUN-7F3K")}
    others |= {keyed_hash(b"another", "invite", "RUN-7F3K")}
    assert len(found) == 64
    assert len(others | {found}) == 4


def test_while_a_secret_is_changed_both_are_accepted_and_the_first_is_written() -> None:
    before, during = Vault.from_text(f"k1:{OLDER}", "old"), Vault.from_text(f"k1:{OLDER}", "new", "old")
    after = Vault.from_text(f"k1:{OLDER}", "new", "")
    assert during.tags("p", "text") == after.tags("p", "text") + before.tags("p", "text")
    assert during.of_secrets.open("p", 1, before.of_secrets.seal("p", 1, "s")) == "s"
    assert after.of_secrets.open("p", 1, during.of_secrets.seal("p", 1, "s")) == "s"
    with pytest.raises(UnknownKey):
        after.of_secrets.open("p", 1, before.of_secrets.seal("p", 1, "s"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "DATA_KEYS is empty: make a key"),
        (" , ,", "DATA_KEYS is empty: make a key"),
        (KEY, "wants name:base64"),
        (f":{KEY}", "wants name:base64"),
        (f"{KEY}:k1", "wants name:base64"),
        (f"{'x' * 17}:{KEY}", "wants name:base64"),
        (f"clé:{KEY}", "wants name:base64"),
        (f"k 1:{KEY}", "wants name:base64"),
        ("k1:", "has 0 bytes instead of 32"),
        (f"k1:{base64.b64encode(b'short').decode()}", "has 5 bytes instead of 32"),
        (f"k1:{base64.b64encode(bytes(33)).decode()}", "has 33 bytes instead of 32"),
        ("k1:not base64!", "key 'k1' is not base64"),
        ("k1:abc", "key 'k1' is not base64"),
        (f"k1:{KEY[:-1]}", "key 'k1' is not base64"),
        (f"k1:{KEY[:-4]}ü===", "key 'k1' is not base64"),
        (f"k1:{KEY},k1:{OLDER}", "names one key twice"),
        (f"k1:{KEY} k2:{OLDER}", "key 'k1' is not base64"),
        (f"k1:{KEY};k2:{OLDER}", "key 'k1' is not base64"),
    ],
)
def test_keys_that_cannot_be_read_are_refused_in_one_sentence_without_showing_them(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        Vault.from_text(text)
    assert type(raised.value) is ValueError
    assert str(raised.value).startswith("DATA_KEYS")
    assert "\n" not in str(raised.value)
    assert KEY[:12] not in str(raised.value)


def test_keys_may_stand_on_lines_of_their_own() -> None:
    assert Vault.from_text(f" k2:{KEY} ,\n k1:{OLDER} \n") == RING


def test_new_keys_are_usable_and_never_the_same() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "models.vault"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    keys = {printed.stdout, new_key("k1"), new_key("k1")}
    assert len(keys) == 3
    for key in keys:
        ring = Vault.from_text(key)
        assert ring.open("p", 1, ring.seal("p", 1, "s")) == "s"


def test_a_ring_does_not_show_its_keys() -> None:
    shown = repr(Vault.from_text(f"k2:{KEY}", "cayenne"))
    assert repr(bytes([1]) * 32) not in shown
    assert KEY not in shown
    assert "x01" not in shown
    assert "cayenne" not in shown


SECRET, AUTH = "canary-secret-key-0123456789-0123456789", "canary-auth-token"
GOOD: dict[str, Any] = {
    "DATABASE_URL": "postgres://u@127.0.0.1/g",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "PUBLIC_BASE_URL": "https://bot.example.org",
    "SECRET_KEY": SECRET,
    "DATA_KEYS": f"k1:{KEY}",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": AUTH,
    "TWILIO_WHATSAPP_FROM": "whatsapp:+14155238886",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set exactly the environment variables of a correct installation."""
    for name in {each.upper() for each in Settings.model_fields} & os.environ.keys():
        monkeypatch.delenv(name)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_good_environment_is_read(environment: pytest.MonkeyPatch) -> None:
    read = Settings()
    assert (read.base_url, read.is_https, read.bot_phone) == ("https://bot.example.org", True, "14155238886")
    assert read.link_methods == ["personal_key", "password"]
    environment.setenv("PUBLIC_BASE_URL", "http://127.0.0.1:8000/")
    assert (Settings().base_url, Settings().is_https) == ("http://127.0.0.1:8000", False)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_what_is_missing_is_named(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.delenv(name)
    with pytest.raises(ValidationError) as raised:
        Settings()
    (problem,) = raised.value.errors()
    assert (problem["loc"], problem["msg"]) == ((name.lower(),), "Field required")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PUBLIC_BASE_URL", "bot.example.org", "should be a valid URL"),
        ("PUBLIC_BASE_URL", "ftp://bot.example.org", "scheme should be 'http' or 'https'"),
        ("SECRET_KEY", "canary-short", "at least 32"),
        ("DATA_KEYS", f"canary-{KEY}", "DATA_KEYS wants name:base64"),
        ("DATA_KEYS", f"k1:{KEY},k1:{KEY}", "DATA_KEYS names one key twice"),
        ("DATA_KEYS", "k1:canary", "DATA_KEYS wants name:base64"),
        ("TWILIO_ACCOUNT_SID", "SK" + "0" * 32, "should match pattern"),
        ("TWILIO_ACCOUNT_SID", "AC123", "should match pattern"),
        ("TWILIO_WHATSAPP_FROM", "+14155238886", "should match pattern"),
        ("TWILIO_WHATSAPP_FROM", "whatsapp:14155238886", "should match pattern"),
        ("CHART_PROVIDER", "excel", "should match pattern"),
        ("QUICKCHART_SCHEME", "ftp", "should match pattern"),
        ("LOG_FORMAT", "xml", "should match pattern"),
        ("TRUSTED_HOPS", "-1", "greater than or equal to 0"),
        ("TRUSTED_HOPS", "9", "less than or equal to 5"),
        ("TRUSTED_HOPS", "one", "should be a valid integer"),
        ("PRETEND_CLOCK", "perhaps", "should be a valid boolean"),
    ],
)
def test_each_bad_value_is_one_clear_sentence_without_secrets(
    environment: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    environment.setenv(name, value)
    with pytest.raises(ValidationError) as raised:
        Settings()
    (problem,) = raised.value.errors(include_input=False)
    assert problem["loc"] == (name.lower(),)
    assert said in problem["msg"]
    assert "\n" not in problem["msg"]
    told = str(raised.value) + repr(raised.value)
    assert "canary" not in told
    assert KEY not in told


def test_settings_do_not_show_their_secrets(environment: pytest.MonkeyPatch) -> None:
    read = Settings()
    for shown in (repr(read), str(read), repr(read.model_dump()), read.model_dump_json()):
        assert "canary" not in shown
        assert KEY not in shown


def test_settings_cannot_be_changed_afterwards(environment: pytest.MonkeyPatch) -> None:
    read = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        read.public_base_url = "https://evil.example"
