"""The form of a backup file: encrypted, so that whoever finds it can neither read nor change it unnoticed.

    mark                              19 bytes: "GRUPPETTO BACKUP 1" and a line feed
    length of the header              4 bytes, big-endian
    header                            JSON: name of the key, salt, size of a chunk, and facts such as the time
    tag of the header                 32 bytes: HMAC-SHA256 of everything before it
    chunks                            each at most `CHUNK` bytes of data, encrypted, and a tag of 16 bytes

Each file has two keys of its own, derived from a key of BACKUP_KEY and the random salt by HKDF-SHA256 (RFC 5869): one
for the header's tag, one for the chunks. A chunk is encrypted with AES-256-GCM. Its nonce is the number of the chunk in
11 bytes and one byte that is 1 for the last chunk and 0 for all others; its associated data are the SHA-256 of
everything before the chunks. So a chunk that was changed, moved, left out, repeated, or taken from another file cannot
be decrypted, and a file that ends too early has no last chunk. This is the STREAM construction of Hoang, Reyhanitabar,
Rogaway and Vizár (https://eprint.iacr.org/2015/189).

The header is not secret: it can be read without the key, and must not contain anything about members.
"""

import base64
import hashlib
import json
import os
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"GRUPPETTO BACKUP 1\n"
CHUNK = 1024 * 1024  # bytes of data in each chunk but the last
LARGEST_CHUNK = 16 * 1024 * 1024
LARGEST_HEADER = 1024 * 1024
TAG = 16  # bytes that AES-GCM appends
HEADER_TAG = 32

Read = Callable[[int], bytes]  # reads up to so many bytes; none at the end


class BackupUnreadable(Exception):
    """A file is not a backup, was changed, or is incomplete. The message is for the operator."""


class NoSuchBackupKey(BackupUnreadable):
    """The key with which a file was encrypted is not in BACKUP_KEY, or has other bytes there."""


@dataclass(frozen=True)
class BackupKeys:
    """The keys of BACKUP_KEY, by name. The first one encrypts, each of them decrypts."""

    keys: tuple[tuple[str, bytes], ...] = field(repr=False)

    @classmethod
    def from_text(cls, text: str) -> "BackupKeys":
        """Read `b2:base64,b1:base64`, which the settings have checked."""
        parts = [part.strip().partition(":") for part in text.split(",") if part.strip()]
        return cls(tuple((name, base64.b64decode(encoded)) for name, _, encoded in parts))


@dataclass(frozen=True)
class Opened:
    """A backup file whose header was read: the facts in it, and its data."""

    facts: Mapping[str, Any]
    data: Iterator[bytes] = field(repr=False)


def seal_backup(keys: BackupKeys, facts: Mapping[str, Any], data: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of an encrypted file that contains `data`, with `facts` in its header."""
    name, key = keys.keys[0]
    salt = os.urandom(32)
    told = {"key": name, "salt": base64.b64encode(salt).decode(), "chunk": CHUNK, "facts": facts}
    header = json.dumps(told, separators=(",", ":"), sort_keys=True).encode()
    start = MAGIC + struct.pack(">I", len(header)) + header
    start += _tag_header(key, salt, start).finalize()
    yield start
    cipher, bound = _cipher(key, salt), hashlib.sha256(start).digest()
    for number, (chunk, is_last) in enumerate(_chunks(data)):
        yield cipher.encrypt(_nonce(number, is_last=is_last), chunk, bound)


def open_backup(keys: BackupKeys, read: Read) -> Opened:
    """Read the header of an encrypted file and return what it contains.

    Raises `BackupUnreadable` and `NoSuchBackupKey`; the iterator `data` also raises `BackupUnreadable`, before it
    yields anything that was changed, and at the end if the file is incomplete.
    """
    start, told = _read_start(read)
    try:
        name, salt, size = str(told["key"]), base64.b64decode(told["salt"]), int(told["chunk"])
        facts = dict(told["facts"])
    except (KeyError, TypeError, ValueError) as error:
        raise BackupUnreadable("Its header is not one of ours") from error
    key = dict(keys.keys).get(name)
    if key is None:
        raise NoSuchBackupKey(f"It was encrypted with the key {name!r}, which is not in BACKUP_KEY")
    tag = _exactly(read, HEADER_TAG)
    try:
        _tag_header(key, salt, start).verify(tag)
    except InvalidSignature:
        raise NoSuchBackupKey(
            f"Either the key {name!r} in BACKUP_KEY is not the one that encrypted it, or its header was changed"
        ) from None
    if not 0 < size <= LARGEST_CHUNK:
        raise BackupUnreadable("Its header is not one of ours")
    return Opened(facts, _opened(read, _cipher(key, salt), hashlib.sha256(start + tag).digest(), size))


def read_facts(read: Read) -> Mapping[str, Any]:
    """Return the facts in a file's header without checking them, because that needs the key.

    Raises `BackupUnreadable` if the file is no backup.
    """
    facts = _read_start(read)[1].get("facts")
    if not isinstance(facts, dict):
        raise BackupUnreadable("Its header is not one of ours")
    return facts


def _read_start(read: Read) -> tuple[bytes, dict[str, Any]]:
    start = _exactly(read, len(MAGIC) + 4)
    (length,) = struct.unpack(">I", start[len(MAGIC) :])
    if not start.startswith(MAGIC) or length > LARGEST_HEADER:
        raise BackupUnreadable("It is not a backup of this program")
    header = _exactly(read, length)
    try:
        told = json.loads(header)
    except ValueError as error:
        raise BackupUnreadable("Its header is not one of ours") from error
    if not isinstance(told, dict):
        raise BackupUnreadable("Its header is not one of ours")
    return start + header, told


def _opened(read: Read, cipher: AESGCM, bound: bytes, size: int) -> Iterator[bytes]:
    """Yield the data, chunk by chunk. The last chunk is the one after which nothing follows."""
    number, sealed = 0, _up_to(read, size + TAG)
    while True:
        following = _up_to(read, size + TAG)
        try:
            yield cipher.decrypt(_nonce(number, is_last=not following), sealed, bound)
        except InvalidTag:
            raise BackupUnreadable("It was changed, or its end is missing") from None
        if not following:
            return
        number, sealed = number + 1, following


def _chunks(data: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield the data in pieces of `CHUNK` bytes, each with whether it is the last. Without data that is one empty
    piece.
    """
    waiting = bytearray()
    for piece in data:
        waiting += piece
        while len(waiting) > CHUNK:  # not "at least": the last chunk must hold data if there is any
            yield bytes(waiting[:CHUNK]), False
            del waiting[:CHUNK]
    yield bytes(waiting), True


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(_derived(key, salt, b"gruppetto backup 1: chunks"))


def _tag_header(key: bytes, salt: bytes, start: bytes) -> hmac.HMAC:
    tag = hmac.HMAC(_derived(key, salt, b"gruppetto backup 1: header"), hashes.SHA256())
    tag.update(start)
    return tag


def _derived(key: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=salt, info=purpose).derive(key)


def _up_to(read: Read, length: int) -> bytes:
    """Read so many bytes, or fewer at the end of the file. One call of `read` may return fewer than there are."""
    parts, missing = [], length
    while missing and (part := read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _exactly(read: Read, length: int) -> bytes:
    found = _up_to(read, length)
    if len(found) < length:
        raise BackupUnreadable("It is too short for a backup")
    return found
