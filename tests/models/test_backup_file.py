"""The form of a backup file: what was written is read again, and every change of the file is found."""

import base64
import json
import os
import struct
from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import backup_file
from models.backup_file import (
    CHUNK,
    HEADER_TAG,
    MAGIC,
    TAG,
    BackupKeys,
    BackupUnreadable,
    NoSuchBackupKey,
    open_backup,
    read_facts,
    seal_backup,
)

FACTS = {"taken_at": "2026-11-30T03:00:00+00:00", "rows": {"members": 3}}
SEALED = CHUNK + TAG


def make_keys(*names: str) -> BackupKeys:
    return BackupKeys.from_text(",".join(f"{name}:{base64.b64encode(os.urandom(32)).decode()}" for name in names))


KEYS = make_keys("b1")


def sealed(data: bytes, keys: BackupKeys = KEYS) -> bytes:
    pieces = [data[at : at + 700_000] for at in range(0, len(data), 700_000)]
    return b"".join(seal_backup(keys, FACTS, pieces))


def opened(file: bytes, keys: BackupKeys = KEYS) -> bytes:
    return b"".join(open_backup(keys, BytesIO(file).read).data)


def start_of_chunks(file: bytes) -> int:
    (length,) = struct.unpack(">I", file[len(MAGIC) : len(MAGIC) + 4])
    return len(MAGIC) + 4 + length + HEADER_TAG


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5])
def test_what_was_written_is_read_again(length: int) -> None:
    data = os.urandom(length)
    file = sealed(data)
    assert opened(file) == data
    assert open_backup(KEYS, BytesIO(file).read).facts == FACTS
    assert read_facts(BytesIO(file).read) == FACTS
    chunks = max(-(-length // CHUNK), 1)
    assert len(file) == start_of_chunks(file) + length + chunks * TAG, "the last chunk holds data if there is any"


def test_a_reader_that_gives_a_byte_at_a_time_is_enough() -> None:
    file = BytesIO(sealed(b"some data"))
    assert b"".join(open_backup(KEYS, lambda _most: file.read(1)).data) == b"some data"


def test_nothing_of_the_data_can_be_read_in_the_file() -> None:
    assert b"Canary" not in sealed(b"Canary" * 1000)
    assert sealed(b"the same") != sealed(b"the same")


def test_an_older_key_still_decrypts() -> None:
    old = make_keys("b1")
    both = BackupKeys((*make_keys("b2").keys, *old.keys))
    assert opened(sealed(b"data", old), both) == b"data"
    assert opened(sealed(b"data", both), BackupKeys(both.keys[:1])) == b"data", "the first key encrypts"


def test_another_key_is_refused() -> None:
    file = sealed(b"data")
    with pytest.raises(NoSuchBackupKey, match="'b1', which is not in BACKUP_KEY"):
        opened(file, make_keys("b2"))
    with pytest.raises(NoSuchBackupKey, match="not the one that encrypted it"):
        opened(file, make_keys("b1"))


CHANGES: dict[str, Callable[[bytes, int], bytes]] = {
    "a bit of the first chunk": lambda file, at: file[: at + 9] + bytes([file[at + 9] ^ 1]) + file[at + 10 :],
    "a bit of the last chunk": lambda file, at: file[:-1] + bytes([file[-1] ^ 1]),
    "the last byte is missing": lambda file, at: file[:-1],
    "the last chunk is missing": lambda file, at: file[: at + 2 * SEALED],
    "all chunks are missing": lambda file, at: file[:at],
    "a chunk is missing": lambda file, at: file[:at] + file[at + SEALED :],
    "two chunks are exchanged": lambda file, at: (
        file[:at] + file[at + SEALED : at + 2 * SEALED] + file[at : at + SEALED] + file[at + 2 * SEALED :]
    ),
    "a chunk is there twice": lambda file, at: file[: at + SEALED] + file[at:],
    "something follows": lambda file, at: file + b"x",
    "the last chunk follows again": lambda file, at: file + file[at + 2 * SEALED :],
    "a chunk of another file": lambda file, at: (
        file[:at] + sealed(bytes(3 * CHUNK))[at : at + SEALED] + file[at + SEALED :]
    ),
    "a fact": lambda file, at: file.replace(b'"members":3', b'"members":4'),
    "the size of a chunk": lambda file, at: file.replace(b'"chunk":1048576', b'"chunk":1048575'),
    "the header's tag": lambda file, at: file[: at - 1] + bytes([file[at - 1] ^ 1]) + file[at:],
    "the mark at the beginning": lambda file, at: b"X" + file[1:],
    "everything": lambda file, at: b"no backup at all" * 100,
    "nothing is left": lambda file, at: b"",
}


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_every_change_is_found(change: str) -> None:
    file = sealed(os.urandom(2 * CHUNK + 1000))
    changed = CHANGES[change](file, start_of_chunks(file))
    assert changed != file
    with pytest.raises(BackupUnreadable):
        opened(changed)


def test_no_byte_of_a_changed_chunk_is_given() -> None:
    data = os.urandom(2 * CHUNK + 1000)
    file = bytearray(sealed(data))
    file[start_of_chunks(bytes(file)) + SEALED + 5] ^= 1
    data_of = open_backup(KEYS, BytesIO(bytes(file)).read).data
    assert next(data_of) == data[:CHUNK], "the chunk before it is whole"
    with pytest.raises(BackupUnreadable):
        next(data_of)


SMALL = sealed(b"a small dump of a database")


@given(st.integers(0, len(SMALL) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed(at: int, by: int) -> None:
    changed = bytearray(SMALL)
    changed[at] ^= by
    with pytest.raises(BackupUnreadable):
        opened(bytes(changed))


@given(st.integers(0, len(SMALL) - 1))
def test_no_end_can_be_cut_off(length: int) -> None:
    with pytest.raises(BackupUnreadable):
        opened(SMALL[:length])


@given(st.binary(max_size=200))
def test_no_header_breaks_the_reader(header: bytes) -> None:
    for file in (header, MAGIC + header, MAGIC + struct.pack(">I", len(header)) + header + bytes(64)):
        with pytest.raises(BackupUnreadable):
            opened(file)


@pytest.mark.parametrize("told", [{}, [], {"key": "b1"}, {"key": "b1", "salt": 5, "chunk": 1, "facts": {}}, None])
def test_a_header_that_is_not_ours_is_refused(told: object) -> None:
    header = json.dumps(told).encode()
    with pytest.raises(BackupUnreadable):
        opened(MAGIC + struct.pack(">I", len(header)) + header + bytes(64))


def test_the_same_number_never_encrypts_twice() -> None:
    """Under one key a nonce may be used once only."""
    nonces = {backup_file._nonce(number, is_last=last) for number in range(1000) for last in (False, True)}
    assert len(nonces) == 2000
    assert {len(each) for each in nonces} == {12}
