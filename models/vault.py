"""Encrypts the secrets in the database: AES-256-GCM with several keys. Each value is bound to its purpose and owner."""

import base64
import os
import re
import sys
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.orm import Session

VERSION = b"\x01"
NONCE = 12
NAME = re.compile(r"[A-Za-z0-9_-]{1,16}")


class Unreadable(Exception):
    """An encrypted value cannot be decrypted. If it is not an `UnknownKey`, the value was changed or moved."""


class UnknownKey(Unreadable):
    """An encrypted value cannot be decrypted here, because its key `name` is not in this process's DATA_KEYS.

    Another process may have the key, or this one after the next deploy: so the caller keeps the value and tries again
    later.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"sealed under key {name!r}, which is not in DATA_KEYS")
        self.name = name


@dataclass(frozen=True)
class Vault:
    """Encrypts and decrypts small secrets.

    An encrypted value is `01 | length of key id | key id | 12-byte nonce | ciphertext and tag`. The purpose and the
    owner are bound to it as associated data: a value that was copied to another row or column cannot be decrypted. Each
    purpose has its own key, derived by HKDF-SHA256 (RFC 5869) from a key of DATA_KEYS.
    """

    keys: tuple[tuple[str, bytes], ...] = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def from_text(cls, text: str, *secrets: str) -> "Vault":
        """Read `k2:base64,k1:base64`; the first key encrypts. Raises ValueError with a message for the operator.

        `secrets` are SECRET_KEY and, while it is being changed, SECRET_KEY_SECOND; empty ones are ignored.
        """
        keys = tuple(_key(part) for part in text.split(",") if part.strip())
        if not keys:
            raise ValueError("DATA_KEYS is empty: make a key with `flask keys generate`")
        if len({name for name, _ in keys}) < len(keys):
            raise ValueError("DATA_KEYS names one key twice")
        return cls(keys, tuple(filter(None, secrets)))

    def seal(self, purpose: str, owner: object, secret: str) -> bytes:
        """Return `secret`, encrypted for this purpose and owner with the first key."""
        return self.seal_bytes(purpose, owner, secret.encode())

    def seal_bytes(self, purpose: str, owner: object, secret: bytes) -> bytes:
        """The same as `seal`, for bytes."""
        name, key = self.keys[0]
        nonce = os.urandom(NONCE)
        sealed = _cipher(key, purpose).encrypt(nonce, secret, _bound(purpose, owner))
        return VERSION + bytes([len(name)]) + name.encode() + nonce + sealed

    def open(self, purpose: str, owner: object, sealed: bytes) -> str:
        """Decrypt what `seal` returned for the same purpose and owner. Raises `UnknownKey` or `Unreadable`."""
        return self.open_bytes(purpose, owner, sealed).decode()

    def open_bytes(self, purpose: str, owner: object, sealed: bytes) -> bytes:
        """Decrypt what `seal_bytes` returned for the same purpose and owner. Raises `UnknownKey` or `Unreadable`."""
        name, nonce, rest = _parts(sealed)
        key = self._ring.get(name)
        if key is None:
            raise UnknownKey(name)
        try:
            return _cipher(key, purpose).decrypt(nonce, rest, _bound(purpose, owner))
        except InvalidTag:
            raise Unreadable(f"not a {purpose} of {owner}") from None

    def tags(self, purpose: str, text: str) -> list[str]:
        """Return the keyed hashes of a text under SECRET_KEY and SECRET_KEY_SECOND. Store the first; accept any of
        them.

        Use this only for values that live for minutes. For values that are looked up later use `models.hashes`, whose
        key does not change.
        """
        return [keyed_hash(secret.encode(), purpose, text) for secret in self.secrets]

    @property
    def of_secrets(self) -> "Vault":
        """A vault whose keys are derived from SECRET_KEY and SECRET_KEY_SECOND instead of DATA_KEYS."""
        derived = [_derived(secret.encode(), "vault of the secret key") for secret in self.secrets]
        return Vault(tuple((keyed_hash(key, "name", "")[:12], key) for key in derived), self.secrets)

    @property
    def writes_with(self) -> str:
        """The name of the key that encrypts."""
        return self.keys[0][0]

    def knows(self, name: str) -> bool:
        """Return whether there is a key with this name."""
        return name in self._ring

    @staticmethod
    def key_of(sealed: bytes) -> str:
        """Return the name of the key with which a value was encrypted. Raises `Unreadable` if it is no such value."""
        return _parts(sealed)[0]

    @cached_property
    def _ring(self) -> dict[str, bytes]:
        return dict(self.keys)


def keyed_hash(key: bytes, purpose: str, text: str) -> str:
    """Return the HMAC-SHA256 (hex) of a text, under a key that is derived for this purpose (HKDF-SHA256, RFC 5869)."""
    tag = hmac.HMAC(_derived(key, purpose), hashes.SHA256())
    tag.update(text.encode())
    return tag.finalize().hex()


def new_key(name: str) -> str:
    """Return a new random key in the form that DATA_KEYS needs."""
    return f"{name}:{base64.b64encode(os.urandom(32)).decode()}"


def vault(session: Session) -> Vault:
    """Return the vault with which this session was opened."""
    found: Vault = session.info["vault"]
    return found


def _key(part: str) -> tuple[str, bytes]:
    name, _, encoded = part.strip().partition(":")
    if not NAME.fullmatch(name):  # not repeated: it may be a key that was written without its name
        raise ValueError("DATA_KEYS wants name:base64[,name:base64], and names of 1–16 letters, digits, _ or -")
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise ValueError(f"DATA_KEYS: key {name!r} is not base64") from None
    if len(key) != 32:
        raise ValueError(f"DATA_KEYS: key {name!r} has {len(key)} bytes instead of 32")
    return name, key


def _parts(sealed: bytes) -> tuple[str, bytes, bytes]:
    if sealed[:1] != VERSION or len(sealed) < 2 + NONCE + 16:
        raise Unreadable("not a sealed value")
    end = 2 + sealed[1]
    return sealed[2:end].decode(errors="replace"), sealed[end : end + NONCE], sealed[end + NONCE :]


def _cipher(key: bytes, purpose: str) -> AESGCM:
    return AESGCM(_derived(key, purpose))


@lru_cache(maxsize=64)
def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=purpose.encode()).derive(key)


def _bound(purpose: str, owner: object) -> bytes:
    return f"1|{purpose}|{owner}".encode()


if __name__ == "__main__":
    sys.stdout.write(new_key("k1") + "\n")
