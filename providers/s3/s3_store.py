"""Backups in a bucket: Amazon S3, or any other service that speaks its protocol (Backblaze B2, Hetzner, MinIO …)."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import Any

import obstore
from obstore import exceptions
from obstore import store as obstores

from providers.backup_store import StoredFile, StoreFailed

PART_SIZE = 16 * 1024 * 1024  # bytes; a bucket takes at most 10,000 parts, so this is enough for 156 GiB
READ_SIZE = 1024 * 1024
FAILURES = (exceptions.BaseError, OSError)  # a FileNotFoundError stands for an object that is not there
CODE = re.compile(r"<Code>(\w+)</Code>")


class S3Store:
    """A bucket, and the beginning of the names of our files in it. `endpoint` is empty for Amazon's own service."""

    def __init__(self, bucket: str, prefix: str, *, endpoint: str, region: str, key_id: str, secret: str) -> None:
        self.bucket, self.prefix = bucket, prefix.strip("/")
        self._endpoint, self._region, self._key_id, self._secret = endpoint.rstrip("/"), region, key_id, secret

    @property
    def place(self) -> str:
        """See `BackupStore.place`."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def write(self, name: str, data: Iterable[bytes]) -> int:
        """Upload in parts, of which a few at a time are in memory. An upload that breaks off leaves no file. See
        `BackupStore.write`.
        """
        counted = _Counted(data)
        try:
            obstore.put(self._client, name, iter(counted), use_multipart=True, chunk_size=PART_SIZE, max_concurrency=2)
        except Exception as error:
            if counted.problem is not None:
                raise counted.problem from None  # obstore wraps what `data` raised
            if isinstance(error, FAILURES):
                raise self._failed("cannot be written to", error) from None
            raise
        return counted.size

    @contextmanager
    def open(self, name: str) -> Iterator[Callable[[int], bytes]]:
        """See `BackupStore.open`."""
        try:
            pieces = iter(obstore.get(self._client, name).stream(min_chunk_size=READ_SIZE))
        except FAILURES as error:
            raise self._failed(f"has no readable {name}", error) from None
        waiting = b""

        def read(most: int) -> bytes:
            nonlocal waiting
            try:
                waiting = waiting or bytes(next(pieces, b""))
            except FAILURES as error:
                raise self._failed(f"broke off while {name} was read", error) from None
            given, waiting = waiting[:most], waiting[most:]
            return given

        yield read

    def files(self) -> list[StoredFile]:
        """See `BackupStore.files`."""
        try:
            listed = [each for page in obstore.list(self._client) for each in page]
        except FAILURES as error:
            raise self._failed("cannot be read", error) from None
        found = [StoredFile(each["path"], each["size"], each["last_modified"]) for each in listed]
        return sorted(found, key=lambda each: each.name)

    def delete(self, name: str) -> None:
        """See `BackupStore.delete`."""
        try:
            obstore.delete(self._client, name)
        except FileNotFoundError:
            return
        except FAILURES as error:
            raise self._failed(f"did not delete {name}", error) from None

    @cached_property
    def _client(self) -> Any:
        """A client that connects only when it is used. Without a key, Amazon's usual sources of one are used."""
        where: dict[str, Any] = {"region": self._region} if self._region else {}
        if self._endpoint:
            where |= {"endpoint": self._endpoint, "virtual_hosted_style_request": False}
        if self._key_id:
            where |= {"access_key_id": self._key_id, "secret_access_key": self._secret}
        return obstores.S3Store(
            self.bucket,
            prefix=self.prefix or None,
            client_options={
                "allow_http": self._endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=10),
            },
            retry_config={"max_retries": 4, "retry_timeout": timedelta(minutes=2)},
            **where,
        )

    def _failed(self, what: str, error: Exception) -> StoreFailed:
        """Say what failed, with the service's code or the kind of the error. Its own words may contain addresses."""
        code = CODE.search(str(error))
        return StoreFailed(f"{self.place} {what} ({code[1] if code else type(error).__name__})")


class _Counted:
    """An iterable of bytes that counts them and remembers what broke it."""

    def __init__(self, data: Iterable[bytes]) -> None:
        self._data, self.size = data, 0
        self.problem: BaseException | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._data:
                self.size += len(piece)
                yield piece
        except BaseException as problem:
            self.problem = problem
            raise
