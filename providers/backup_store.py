"""The port to the place where backups are kept, and the adapter for a folder."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

PART = ".part"


class StoreFailed(Exception):
    """The place where backups are kept did not do what was asked. The message is for the operator, without secrets."""


@dataclass(frozen=True)
class StoredFile:
    """A file in the store: its name, its size in bytes, and when it was written by the store's clock."""

    name: str
    size: int
    at: datetime


class BackupStore(Protocol):
    """A place for files. Every method raises `StoreFailed`."""

    @property
    def place(self) -> str:
        """Where it is, for the operator; without a secret."""
        ...

    def write(self, name: str, data: Iterable[bytes]) -> int:
        """Store a file and return its size in bytes. If `data` raises an exception, nothing is stored."""
        ...

    def open(self, name: str) -> AbstractContextManager[Callable[[int], bytes]]:
        """Open a file: a function that reads up to so many bytes, and none at the end."""
        ...

    def files(self) -> list[StoredFile]:
        """All files, ordered by name."""
        ...

    def delete(self, name: str) -> None:
        """Delete a file. Nothing happens if it does not exist."""
        ...


@dataclass(frozen=True)
class FolderStore:
    """A folder on this machine, or one that is mounted here."""

    folder: Path

    @property
    def place(self) -> str:
        """See `BackupStore.place`."""
        return str(self.folder)

    def write(self, name: str, data: Iterable[bytes]) -> int:
        """Write beside the final name first, so that there is never an incomplete file. See `BackupStore.write`."""
        part = self.folder / f".{name}{PART}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                size = _write(part, data)
                part.rename(self.folder / name)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise StoreFailed(f"{self.place} cannot be written to: {error.strerror}") from error
        return size

    @contextmanager
    def open(self, name: str) -> Iterator[Callable[[int], bytes]]:
        """See `BackupStore.open`."""
        try:
            file = (self.folder / name).open("rb")
        except OSError as error:
            raise StoreFailed(f"{name} cannot be read from {self.place}: {error.strerror}") from error
        with file:
            yield file.read

    def files(self) -> list[StoredFile]:
        """See `BackupStore.files`. A folder that does not exist yet has none."""
        found = []
        try:
            for path in sorted(self.folder.iterdir()) if self.folder.exists() else ():
                with suppress(FileNotFoundError):  # deleted by another process at this moment
                    seen = path.stat()
                    if path.is_file() and not path.name.startswith("."):
                        found.append(StoredFile(path.name, seen.st_size, datetime.fromtimestamp(seen.st_mtime, UTC)))
        except OSError as error:
            raise StoreFailed(f"{self.place} cannot be read: {error.strerror}") from error
        return found

    def delete(self, name: str) -> None:
        """See `BackupStore.delete`."""
        try:
            (self.folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise StoreFailed(f"{name} cannot be deleted from {self.place}: {error.strerror}") from error


def _write(path: Path, data: Iterable[bytes]) -> int:
    """Write a file that only its owner can read, and see that it is on the disk. Returns its size in bytes."""
    size = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        for piece in data:
            size += file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return size
