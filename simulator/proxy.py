"""A bad network on demand: a proxy in front of Postgres or Redis that can refuse, reset, delay, or block connections.

It is a process of its own, so that a busy test or bench does not slow it down. It ends with the process that
has started it.
"""

import asyncio
import socket
import struct
import subprocess
import sys
import time
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parent.parent
CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: closing sends RST instead of FIN


class Proxy:
    """The proxy: connect to 127.0.0.1 at `port` instead of the target. Each method returns when its effect has begun.

    While nobody listens at the target, a new connection waits for up to `patience` seconds, as a host's router lets
    requests wait for a process that starts.
    """

    def __init__(self, target_host: str, target_port: int, *, patience: float = 0.0) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "simulator.proxy", target_host, str(target_port), str(patience)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that Ctrl-C does not reach it
        )
        self.port = int(self._answer())

    def refuse(self) -> None:
        """Refuse new connections; open ones stay."""
        self._tell("refuse")

    def accept(self) -> None:
        """Accept new connections again."""
        self._tell("accept")

    def cut(self) -> None:
        """Reset all connections."""
        self._tell("cut")

    def hang(self) -> None:
        """Keep connections and accept new ones, but pass no bytes on."""
        self._tell("hang")

    def flow(self) -> None:
        """Pass bytes on again, first those that have waited."""
        self._tell("flow")

    def delay(self, seconds: float) -> None:
        """Delay all bytes for so many seconds, in both directions; 0 ends this."""
        self._tell(f"delay {seconds}")

    def close(self) -> None:
        """Reset all connections and end."""
        if self._child.stdin is not None:
            self._child.stdin.close()
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._child.wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _tell(self, lever: str) -> None:
        if self._child.stdin is None or self._child.stdin.closed:
            raise ValueError("this proxy is closed")
        self._child.stdin.write(f"{lever}\n")
        self._child.stdin.flush()
        if (answer := self._answer()) != "done":
            raise ValueError(answer)

    def _answer(self) -> str:
        if self._child.stdout is None or not (line := self._child.stdout.readline()):
            raise ValueError("the proxy's process is gone")
        return line.strip()


class _Line:
    """The work inside the proxy's process."""

    def __init__(self, target_host: str, target_port: int, patience: float) -> None:
        self.target, self.patience = (target_host, target_port), patience
        self.open: set[StreamWriter] = set()
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.seconds = 0.0
        self.server: asyncio.Server | None = None
        # This socket is bound and never listens: it reserves the port while connections are refused.
        self.holder = _bound(0)
        self.port: int = self.holder.getsockname()[1]

    async def pull(self, lever: str, *values: str) -> None:
        match lever:
            case "refuse" if self.server is not None:
                self.server.close()
                self.server = None
            case "accept" if self.server is None:
                self.server = await asyncio.start_server(self._carry, sock=_bound(self.port), backlog=512)
            case "cut":
                for writer in list(self.open):
                    _reset(writer)
            case "hang":
                self.flowing.clear()
            case "flow":
                self.flowing.set()
            case "delay":
                self.seconds = float(values[0])

    async def _carry(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            far_reader, far_writer = await self._reach()
        except OSError:
            _reset(writer)
            return
        self.open |= {writer, far_writer}
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        self.open -= {writer, far_writer}
        for each in (writer, far_writer):
            each.close()

    async def _reach(self) -> tuple[StreamReader, StreamWriter]:
        """Connect to the target. Raises OSError if nobody listens there for longer than `patience`."""
        until = time.monotonic() + self.patience
        while True:
            try:
                return await asyncio.open_connection(*self.target)
            except OSError:
                if time.monotonic() >= until:
                    raise
            await asyncio.sleep(0.1)

    async def _pump(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            while chunk := await reader.read(CHUNK):
                if self.seconds:
                    await asyncio.sleep(self.seconds)
                await self.flowing.wait()
                writer.write(chunk)
                await writer.drain()
            await self.flowing.wait()
            writer.write_eof()
        except OSError:
            # Pass a reset on: otherwise Postgres would keep the locks of a killed client for ever.
            await self.flowing.wait()
            _reset(writer)


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound


def _reset(writer: StreamWriter) -> None:
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


async def _main(target_host: str, target_port: int, patience: float) -> None:
    line = _Line(target_host, target_port, patience)
    await line.pull("accept")
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # connections that end with us need no message
    levers = StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(levers), sys.stdin)
    print(line.port, flush=True)
    while told := await levers.readline():
        await line.pull(*told.decode().split())
        print("done", flush=True)
    await line.pull("cut")


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
