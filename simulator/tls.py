"""TLS in front of Postgres and Redis, because the servers from the wheels are built without it.

Hosts such as Heroku allow only TLS, with a certificate that no known authority has signed. `TlsFront` is a process of
its own: it uses TLS with the client and plain text with the server, and it ends with the process that has started it.
"""

import asyncio
import ssl
import subprocess
import sys
import tempfile
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import trustme

from simulator.services import Services

ROOT = Path(__file__).parent.parent
CHUNK = 65_536
# A Postgres client may send this before its start-up message: a length of 8, then a code (protocol 3, section 53.2.11).
SSL_REQUEST = (8).to_bytes(4) + (80877103).to_bytes(4)
GSS_REQUEST = (8).to_bytes(4) + (80877104).to_bytes(4)
# The ErrorResponse of a Postgres whose pg_hba.conf has only `hostssl` lines.
NOT_ENCRYPTED = b"SFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry for this host, no encryption\0\0"


class TlsFront:
    """Connect to 127.0.0.1 on `port` instead of the target. `postgres=True` waits for Postgres's SSLRequest before TLS
    begins and refuses clients that do not ask for it; else TLS begins at once, as with Redis.

    `certificate_authority_path` is a PEM file for clients that want to check the certificate.
    """

    def __init__(self, target_host: str, target_port: int, *, postgres: bool = False) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="gruppetto-tls-")
        home = Path(self._folder.name)
        authority = trustme.CA()
        self.certificate_authority_path = home / "authority.pem"
        authority.cert_pem.write_to_path(str(self.certificate_authority_path))
        authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(home / "server.pem")
        kind = "postgres" if postgres else "redis"
        self._child = subprocess.Popen(
            [sys.executable, "-m", "simulator.tls", target_host, str(target_port), kind, str(home / "server.pem")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that Ctrl-C does not reach it
        )
        assert self._child.stdout is not None
        if not (said := self._child.stdout.readline()):
            raise ValueError("the TLS front did not start")
        self.port = int(said)

    def close(self) -> None:
        """Close every connection and end the process."""
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()
        self._child.wait(10)
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def encrypted(at: Services) -> Iterator[Services]:
    """Yield addresses at which the same two servers answer with TLS only: `sslmode=require` and `rediss://`."""
    postgres, redis = urlsplit(at.database_url), urlsplit(at.redis_url)
    if not (postgres.hostname and postgres.port and redis.hostname and redis.port):
        raise ValueError("an address without host and port cannot have TLS in front of it")
    with (
        TlsFront(postgres.hostname, postgres.port, postgres=True) as one,
        TlsFront(redis.hostname, redis.port) as other,
    ):
        user = postgres.netloc.rpartition("@")[0]
        database_url = postgres._replace(netloc=f"{user}@127.0.0.1:{one.port}", query="sslmode=require").geturl()
        redis_url = redis._replace(scheme="rediss", netloc=f"127.0.0.1:{other.port}").geturl()
        yield Services(database_url, redis_url)


class _Front:
    """The work inside the process."""

    def __init__(self, target: tuple[str, int], kind: str, certificate: str) -> None:
        self.target, self.kind = target, kind
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)

    async def listen(self) -> asyncio.Server:
        at_once = None if self.kind == "postgres" else self.context
        return await asyncio.start_server(self._carry, "127.0.0.1", 0, ssl=at_once, backlog=512)

    async def _carry(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            if self.kind == "postgres" and not await self._begin_tls(reader, writer):
                return
            far_reader, far_writer = await asyncio.open_connection(*self.target)
        except (OSError, EOFError):
            writer.transport.abort()
            return
        ends = {asyncio.ensure_future(_pump(reader, far_writer)), asyncio.ensure_future(_pump(far_reader, writer))}
        _, still = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        # TLS has no half-closed connections. And the server must learn that a client was killed, to release its locks.
        for each in still:
            each.cancel()
        writer.close()
        far_writer.close()

    async def _begin_tls(self, reader: StreamReader, writer: StreamWriter) -> bool:
        while (asked := await reader.readexactly(8)) == GSS_REQUEST:
            writer.write(b"N")
        if asked != SSL_REQUEST:
            writer.write(b"E" + (len(NOT_ENCRYPTED) + 4).to_bytes(4) + NOT_ENCRYPTED)
            writer.close()
            return False
        writer.write(b"S")
        await writer.start_tls(self.context)
        return True


async def _pump(reader: StreamReader, writer: StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()


async def _main(host: str, port: int, kind: str, certificate: str) -> None:
    server = await _Front((host, port), kind, certificate).listen()
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # a client that closes needs no message
    print(server.sockets[0].getsockname()[1], flush=True)
    end = StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(end), sys.stdin)
    await end.read()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
