"""The real gunicorn with its real settings, for tests."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.patience import AT_MOST, until

ROOT = Path(__file__).parent.parent.parent
CONFIG = "ops/gunicorn.conf.py"
# The settings file needs a whole environment, whatever app is served; no server listens at these addresses.
NOBODY = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "a-secret-key-for-the-tests-only-0123456789",
    "DATA_KEYS": "t1:dGVzdC1rZXktZm9yLXRoZS10ZXN0cy1vbmx5LTAxMjM=",
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "a-pretend-auth-token",
    "TWILIO_WHATSAPP_FROM": "whatsapp:+14155238886",
}


@dataclass(frozen=True)
class Gunicorn:
    """A running gunicorn."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=AT_MOST)


@contextmanager
def gunicorn(
    app: str, folder: Path, environment: Mapping[str, str], *arguments: str, config: str = CONFIG
) -> Iterator[Gunicorn]:
    """Serve this app as the Procfile does, on its own port, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "gunicorn.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", app, "--config", config, "--bind", f"127.0.0.1:{port}", *arguments],
            cwd=ROOT,
            env={**os.environ, **NOBODY, "TZ": "UTC", "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}", **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await_listening(process, port, log)
        yield Gunicorn(process, port, log)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask gunicorn to stop, as a host does, and wait until none of its processes can still use the database."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(AT_MOST)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _await_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    def listens() -> bool:
        assert process.poll() is None, log.read_text()
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=AT_MOST).close()
            return True
        return False

    until(listens, log.read_text)


def read_answer(line: socket.socket, kept: bytearray, method: str = "GET") -> tuple[int, bytes, bytes]:
    """Return the status, head and body of one answer. Bytes after it stay in `kept`. Raises EOFError at the end."""
    while b"\r\n\r\n" not in kept:
        _more(line, kept)
    head, _, rest = bytes(kept).partition(b"\r\n\r\n")
    kept[:] = rest
    status = int(head.split()[1])
    fields = dict(each.lower().split(b": ", 1) for each in head.split(b"\r\n")[1:])
    length = 0 if method == "HEAD" or status < 200 else int(fields.get(b"content-length", b"0"))
    while len(kept) < length:
        _more(line, kept)
    body = bytes(kept[:length])
    del kept[:length]
    return status, head, body


def _more(line: socket.socket, kept: bytearray) -> None:
    piece = line.recv(65_536)
    if not piece:
        raise EOFError
    kept += piece
