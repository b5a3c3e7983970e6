"""Backups in a bucket: Amazon S3, or any other service that speaks its protocol (Backblaze B2, Hetzner, MinIO …)."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from providers.backup_store import StoredFile, StoreFailed

PART_SIZE = 16 * 1024 * 1024  # bytes; a bucket takes at most 10,000 parts, so this is enough for 156 GiB
FAILURES = (BotoCoreError, ClientError, Boto3Error)


class S3Store:
    """A bucket, and the beginning of the names of our files in it. `endpoint` is empty for Amazon's own."""

    def __init__(self, bucket: str, prefix: str, *, endpoint: str, region: str, key_id: str, secret: str) -> None:
        self.bucket, self.prefix = bucket, f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._where = {"endpoint_url": endpoint or None, "region_name": region or None}
        self._who = {"aws_access_key_id": key_id or None, "aws_secret_access_key": secret or None}

    @property
    def place(self) -> str:
        """See `BackupStore.place`."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def write(self, name: str, data: Iterable[bytes]) -> int:
        """Upload in parts, of which only a few are in memory. See `BackupStore.write`."""
        body = _Body(data)
        # One part after the other: `data` comes from one process, and memory stays small.
        transfer = TransferConfig(multipart_threshold=PART_SIZE, multipart_chunksize=PART_SIZE, use_threads=False)
        try:
            self._client.upload_fileobj(body, self.bucket, self.prefix + name, Config=transfer)
        except FAILURES as error:
            raise self._failed("cannot be written to", error) from error
        return body.size

    @contextmanager
    def open(self, name: str) -> Iterator[Callable[[int], bytes]]:
        """See `BackupStore.open`."""
        try:
            body = self._client.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"]
        except FAILURES as error:
            raise self._failed(f"has no readable {name}", error) from error

        def read(most: int) -> bytes:
            try:
                return bytes(body.read(most))
            except FAILURES as error:
                raise self._failed(f"broke off while {name} was read", error) from error

        try:
            yield read
        finally:
            body.close()

    def files(self) -> list[StoredFile]:
        """See `BackupStore.files`."""
        pages = self._client.get_paginator("list_objects_v2")
        try:
            found = [
                StoredFile(each["Key"].removeprefix(self.prefix), each["Size"], each["LastModified"])
                for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix)
                for each in page.get("Contents", ())
            ]
        except FAILURES as error:
            raise self._failed("cannot be read", error) from error
        return sorted(found, key=lambda each: each.name)

    def delete(self, name: str) -> None:
        """See `BackupStore.delete`."""
        try:
            self._client.delete_object(Bucket=self.bucket, Key=self.prefix + name)
        except FAILURES as error:
            raise self._failed(f"did not delete {name}", error) from error

    @cached_property
    def _client(self) -> Any:
        """A client that connects only when it is used. Checksums of newer kinds are left out where they are not
        required, because not every service knows them; our own format finds every change.
        """
        style = {"addressing_style": "path"} if self._where["endpoint_url"] else {}
        config = Config(
            s3=style,
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "max_attempts": 5},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return boto3.session.Session().client("s3", config=config, **self._where, **self._who)

    def _failed(self, what: str, error: Exception) -> StoreFailed:
        """Say what failed, with the service's code or the kind of the error. Its own words may contain addresses."""
        code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else type(error).__name__
        return StoreFailed(f"{self.place} {what} ({code})")


class _Body:
    """An iterator of bytes as a file that can be read once, which is what an upload needs."""

    def __init__(self, data: Iterable[bytes]) -> None:
        self._data, self._waiting, self.size = iter(data), b"", 0

    def read(self, most: int = -1) -> bytes:
        """Read up to `most` bytes; everything if it is negative."""
        parts, found = [self._waiting], len(self._waiting)
        while most < 0 or found < most:
            piece = next(self._data, None)
            if piece is None:
                break
            parts.append(piece)
            found += len(piece)
        whole = b"".join(parts)
        given = whole if most < 0 else whole[:most]
        self._waiting = whole[len(given) :]
        self.size += len(given)
        return given
