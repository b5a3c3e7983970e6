"""Where backups are kept: a folder, and a bucket over HTTP."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from providers.backup_store import BackupStore, FolderStore, StoreFailed
from providers.s3.s3_store import PART_SIZE, S3Store
from tests.bucket import BUCKET, KEY_ID, SECRET, PretendBucket
from tests.town import Served


@pytest.fixture
def bucket() -> PretendBucket:
    return PretendBucket()


def in_bucket(served: Served, **changes: str) -> S3Store:
    known = {"endpoint": served.url, "region": "eu-central-1", "key_id": KEY_ID, "secret": SECRET}
    return S3Store(BUCKET, "gruppetto/nightly", **known | changes)


@pytest.fixture
def served(bucket: PretendBucket) -> Iterator[Served]:
    made = Served(bucket.app())
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BackupStore:
    if request.param == "folder":
        return FolderStore(tmp_path / "not" / "there" / "yet")
    return in_bucket(request.getfixturevalue("served"))


def content(store: BackupStore, name: str) -> bytes:
    with store.open(name) as read:
        return b"".join(iter(lambda: read(1000), b""))


def test_what_was_stored_is_there(store: BackupStore) -> None:
    assert store.files() == []
    assert store.write("b.backup", iter([b"one ", b"two"])) == 7
    assert store.write("a.backup", []) == 0
    assert [(each.name, each.size) for each in store.files()] == [("a.backup", 0), ("b.backup", 7)]
    assert all(each.at.tzinfo for each in store.files())
    assert content(store, "b.backup") == b"one two"
    store.delete("b.backup")
    store.delete("b.backup")
    assert [each.name for each in store.files()] == ["a.backup"]
    assert SECRET not in store.place


def test_a_large_file_is_streamed(store: BackupStore) -> None:
    piece = os.urandom(1_000_003)
    pieces = 2 * PART_SIZE // len(piece) + 2
    assert store.write("large.backup", (piece for _ in range(pieces))) == pieces * len(piece)
    assert content(store, "large.backup") == piece * pieces


@pytest.mark.parametrize("size", [10, 2 * PART_SIZE])
def test_what_breaks_off_is_not_stored(store: BackupStore, size: int, bucket: PretendBucket) -> None:
    def data() -> Iterator[bytes]:
        yield bytes(size)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write("half.backup", data())
    assert store.files() == []
    assert bucket.parts == {}, "an upload that broke off costs no space"
    if isinstance(store, FolderStore):
        assert list(store.folder.iterdir()) == []


def test_what_is_not_there_is_named(store: BackupStore) -> None:
    with pytest.raises(StoreFailed, match=r"none\.backup"), store.open("none.backup") as read:
        read(1)


def test_only_the_owner_can_read_a_file_in_the_folder(tmp_path: Path) -> None:
    FolderStore(tmp_path).write("a.backup", [b"x"])
    assert stat.S_IMODE((tmp_path / "a.backup").stat().st_mode) == 0o600


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    store = FolderStore(tmp_path / "file")
    for act in (lambda: store.write("a", [b"x"]), store.files):
        with pytest.raises(StoreFailed, match="file"):
            act()


def test_a_bucket_of_many_pages_is_listed_whole(served: Served, bucket: PretendBucket) -> None:
    bucket.page_size = 2
    bucket.files |= {f"gruppetto/nightly/{number}": b"x" for number in range(5)} | {"other/5": b"x"}
    assert [each.name for each in in_bucket(served).files()] == ["0", "1", "2", "3", "4"]


def test_the_secret_travels_in_no_address(served: Served, bucket: PretendBucket) -> None:
    store = in_bucket(served)
    store.write("a.backup", [bytes(PART_SIZE + 1)])
    content(store, "a.backup")
    assert len(bucket.asked) >= 4
    assert not [address for _, address in bucket.asked if SECRET in address or KEY_ID in address]


@pytest.mark.parametrize("key_id", ["AKIAOTHER", KEY_ID])
def test_a_bucket_that_refuses_is_named_by_its_code(served: Served, bucket: PretendBucket, key_id: str) -> None:
    bucket.fails_with = "" if key_id == "AKIAOTHER" else "AccountProblem"
    store = in_bucket(served, key_id=key_id)
    expected = "AccessDenied" if key_id == "AKIAOTHER" else "AccountProblem"
    with pytest.raises(StoreFailed, match=expected) as told:
        store.files()
    assert SECRET not in str(told.value)


def test_a_bucket_that_cannot_be_reached_is_named() -> None:
    store = S3Store(BUCKET, "", endpoint="http://127.0.0.1:9", region="x", key_id=KEY_ID, secret=SECRET)
    assert store.place == f"s3://{BUCKET}"
    with pytest.raises(StoreFailed, match="cannot be read"):
        store.files()
