"""gunicorn's worker with threads, changed so that a slow client never occupies a thread.

gthread hands a connection to a thread as soon as bytes arrive, and the thread waits for the rest. So as many half-sent
requests as there are threads are enough to block everybody. Here the event loop, which needs no thread to wait, reads
each request to its end before a thread takes it, and sends each answer after the thread has written it. Threads
do not use sockets. Parsing and answering are gunicorn's own.

Time and memory are limited for all connections together and not by address, because behind a proxy all have the same.
"""

import errno
import resource
import selectors
import socket
import time
from concurrent.futures import Future
from enum import Enum, auto
from functools import partial
from typing import Any

from gunicorn.errors import ConfigError
from gunicorn.http import get_parser
from gunicorn.workers.gthread import TConn, ThreadWorker

from web.answer_buffer import AnswerBuffer, end_without_data
from web.arrivals import Arrival, Progress

REQUEST_SECONDS = 15.0  # for a whole request, from its first byte
UNREAD_SECONDS = 30.0  # for the client to read some more of its answer
GOODBYE_SECONDS = 2.0  # for the client to close after the last answer; closing first could make the network drop it
STOPPING_SECONDS, STOPPING_UNREAD_SECONDS = 2.0, 8.0  # the first two of these, when the worker was told to stop
MOST_HELD = 32 * 1024 * 1024  # bytes of incomplete requests and unread answers
PIECE = 64 * 1024
SPARE_FILES = 100  # file descriptors for everything that is no client: database, Redis, logs

NO_MORE_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
NOTHING_THERE = {errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK}

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
REFUSAL = b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
TOO_SLOW, TOO_LARGE = REFUSAL % b"408 Request Timeout", REFUSAL % b"413 Content Too Large"


class Stay(Enum):
    """What the event loop waits for on a connection. If there are too many connections, they are closed
    in this order.
    """

    LEAVING = auto()  # for the client to close, after everything was sent
    IDLE = auto()  # for another request
    ARRIVING = auto()  # for the rest of a request
    UNREAD = auto()  # for the client to read the answer


class Connection(TConn):  # type: ignore[misc]
    """A connection. `line` is its socket; `sock` is what gunicorn's threads use instead, to write an answer into."""

    def __init__(self, cfg: Any, line: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, line, client, server)
        self.line, self.sock = line, AnswerBuffer()
        self.initialized = True  # tells gthread that a thread need not read or set up anything
        self.arrival = Arrival()
        self.is_whole = True
        self.keep = False
        self.stay: Stay | None = None  # None while a thread works on it
        self.until = 0.0
        self.weight = 0

    def flush(self) -> None:
        """Send as much of the answer as possible without waiting. Raises OSError if the client is gone."""
        while self.sock.data:
            try:
                sent = self.line.send(self.sock.data)
            except BlockingIOError:
                return
            del self.sock.data[:sent]


class BufferingWorker(ThreadWorker):  # type: ignore[misc]
    """The worker that this module describes. It reads REQUEST_SECONDS from the app's `config`, if it has one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.worker_connections: int = self.cfg.worker_connections
        # Oldest first, because all connections in one of these have the same time limit.
        self.stays: dict[Stay, dict[Connection, None]] = {stay: {} for stay in Stay}
        self.seconds: dict[Stay, float] = {
            Stay.LEAVING: GOODBYE_SECONDS,
            Stay.IDLE: float(self.cfg.keepalive),
            Stay.ARRIVING: REQUEST_SECONDS,
            Stay.UNREAD: UNREAD_SECONDS,
        }
        self.held = 0

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Raise ConfigError for settings with which gthread would use the socket itself."""
        super().check_config(cfg, log)
        if cfg.is_ssl or cfg.proxy_protocol != "off":
            why = "this worker speaks neither TLS nor the PROXY protocol: put a proxy in front"
            log.error(why)  # the text of an exception is not logged
            raise ConfigError(why)

    def run(self) -> None:
        """Serve until told to stop."""
        chosen = getattr(self.wsgi, "config", {})
        self.seconds[Stay.ARRIVING] = float(chosen.get("REQUEST_SECONDS", REQUEST_SECONDS))
        self.worker_connections = min(self.worker_connections, _allow_files(self.worker_connections) - SPARE_FILES)
        super().run()

    # What the event loop does.

    def accept(self, listener: Any) -> None:
        """Accept a connection, and close another one if there are too many."""
        try:
            line, client = listener.accept()
        except OSError as error:
            if error.errno in NO_MORE_FILES:
                self._make_room()
            elif error.errno not in NOTHING_THERE:
                raise
            return
        self.nr_conns += 1
        connection = Connection(self.cfg, line, client, listener.getsockname())
        self._wait(connection, Stay.IDLE)  # a proxy may open a connection before it has a request
        if self.nr_conns >= self.worker_connections:
            self._make_room()

    def finish_request(self, conn: Connection, fs: Future[bool]) -> None:
        """Go on with a connection after a thread has written an answer or failed."""
        conn.keep = not fs.cancelled() and fs.exception() is None and bool(fs.result())
        self._go_on(conn)

    def murder_pending(self) -> None:
        """Close the connections whose time is over. gthread's loop calls this once a second or more often."""
        now = time.monotonic()
        for stay, there in self.stays.items():
            for conn in list(there):
                if conn.until > now:
                    break
                if stay is Stay.ARRIVING:
                    self._say(conn, TOO_SLOW)
                self._close(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        """Shorten the time limits when the worker stops. gthread's loop gives the time by which
        requests must be complete.
        """
        self.seconds[Stay.ARRIVING] = STOPPING_SECONDS
        self.seconds[Stay.UNREAD] = STOPPING_UNREAD_SECONDS
        for stay in (Stay.IDLE, Stay.ARRIVING):
            for conn in self.stays[stay]:
                conn.until = min(conn.until, deadline)
        for conn in self.stays[Stay.UNREAD]:
            conn.until = min(conn.until, time.monotonic() + STOPPING_UNREAD_SECONDS)

    # What a thread does.

    def handle(self, conn: Connection) -> bool:
        """Answer one request that has arrived. Nothing here waits for the client."""
        keep = bool(super().handle(conn))
        try:
            conn.flush()
        except OSError:
            conn.sock.data.clear()
            return False
        return keep and not conn.sock.closed

    def handle_request(self, req: Any, conn: Connection) -> bool:
        """Answer like gthread does, for a request whose body has arrived or will not be read."""
        if not conn.is_whole:
            req.force_close()
        req._expected_100_continue = False  # noqa: SLF001 - it was sent already, or the body came without it
        return bool(super().handle_request(req, conn))

    # Where a connection goes from here.

    def _on_readable(self, conn: Connection, _line: object) -> None:
        if conn.stay is None:  # it was closed for another connection after the loop got this event
            return
        try:
            piece = conn.line.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self._close(conn)
        elif conn.stay is not Stay.LEAVING:
            if conn.stay is Stay.IDLE:
                self._wait(conn, Stay.ARRIVING)
            conn.arrival.add(piece)
            self._look(conn)

    def _on_writable(self, conn: Connection, _line: object) -> None:
        if conn.stay is not None:
            self._go_on(conn)

    def _look(self, conn: Connection) -> None:
        """Check whether a whole request has arrived, and hand it to a thread."""
        progress = conn.arrival.look()
        if progress is Progress.TOO_LARGE:
            self._say(conn, TOO_LARGE)
            self._wait(conn, Stay.LEAVING)
        elif progress is Progress.PART:
            if conn.arrival.expects_continue:
                conn.arrival.expects_continue = False
                self._say(conn, CONTINUE)
            self._weigh(conn, len(conn.arrival.data))
        else:
            self._leave(conn)
            conn.is_whole = progress is Progress.WHOLE
            conn.parser = get_parser(self.cfg, end_without_data(bytes(conn.arrival.data)), conn.client)
            conn.arrival = Arrival()
            self.enqueue_req(conn)

    def _go_on(self, conn: Connection) -> None:
        """Send the rest of an answer, then wait for the next request or close."""
        try:
            conn.flush()
        except OSError:
            self._close(conn)
            return
        if conn.sock.data:
            self._wait(conn, Stay.UNREAD, selectors.EVENT_WRITE)
            self._weigh(conn, len(conn.sock.data))
        elif not conn.keep:
            self._hang_up(conn)
        elif rest := conn.parser.unreader.take_buffered():  # the client sent the next request before the answer
            conn.arrival = Arrival(rest)
            self._wait(conn, Stay.ARRIVING)
            self._look(conn)
        elif self.alive:
            self._wait(conn, Stay.IDLE)
        else:
            self._hang_up(conn)

    def _hang_up(self, conn: Connection) -> None:
        """Close the sending side only, and wait for the client to close (RFC 9112 §9.6): closing at once, while the
        client sends, could make the network drop the answer.
        """
        try:
            conn.line.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
            return
        self._wait(conn, Stay.LEAVING)

    def _wait(self, conn: Connection, stay: Stay, event: int = selectors.EVENT_READ) -> None:
        self._leave(conn)
        conn.stay, conn.until = stay, time.monotonic() + self.seconds[stay]
        self.stays[stay][conn] = None
        on_event = self._on_writable if event == selectors.EVENT_WRITE else self._on_readable
        self.poller.register(conn.line, event, partial(on_event, conn))

    def _leave(self, conn: Connection) -> None:
        self._weigh(conn, 0)
        if conn.stay is not None:
            del self.stays[conn.stay][conn]
            self.poller.unregister(conn.line)
            conn.stay = None

    def _close(self, conn: Connection) -> None:
        self._leave(conn)
        self.nr_conns -= 1
        conn.line.close()

    def _weigh(self, conn: Connection, weight: int) -> None:
        self.held += weight - conn.weight
        conn.weight = weight
        while weight and self.held > MOST_HELD and self._make_room(Stay.ARRIVING, Stay.UNREAD):
            pass

    def _make_room(self, *stays: Stay) -> bool:
        """Close the connection that has waited longest in the least important of these stays. Returns False if threads
        have all of them.
        """
        oldest = next((conn for stay in stays or Stay for conn in self.stays[stay]), None)
        if oldest is not None:
            self._close(oldest)
        return oldest is not None

    def _say(self, conn: Connection, words: bytes) -> None:
        """Send a short answer, which fits into any buffer unless the client has read nothing for long."""
        try:
            conn.line.send(words)
        except OSError:
            self.log.debug("not told: %r", words)


def _allow_files(wanted: int) -> int:
    """Raise the limit of open files for this process, as far as the system allows, and return the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted += SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else soft
