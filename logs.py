"""The log: one structured line for each event, in every process, without messages, tokens or phone numbers.

Our lines are written by structlog. Lines of libraries, warnings of Python and uncaught exceptions get the same form.
docs/logs.md lists every event, with what to do about it.
"""

import logging
import re
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

ROOT = Path(__file__).parent
# Lines of these libraries below this level are not written, because they may contain addresses, bodies or tokens.
LEVELS = {
    "": logging.WARNING,
    "alembic.runtime.migration": logging.INFO,
    "gunicorn.error": logging.INFO,
    "rq_scheduler.scheduler": logging.ERROR,  # two clock processes would warn each second that the other one is running
    **dict.fromkeys(
        ("curl_cffi", "garminconnect", "rq.worker", "rq.worker_pool", "twilio", "urllib3", "werkzeug"), logging.WARNING
    ),
}
# A line longer than a pipe takes at once (4,096 bytes) could be mixed with another process's line.
MOST_FRAMES, MOST_TEXT = 16, 1_500

# Only the messages of these exceptions are about our code alone; others may repeat what somebody has typed.
OF_THE_CODE = (AttributeError, ImportError, NameError, RecursionError, TypeError, ZeroDivisionError)
OUR_WORDS = ("providers.errors", "models.vault", "services.delivery.mailbox")
OF_THE_NETWORK = ("redis.exceptions",)
NETWORK_NAMES = {"ConnectionError", "TimeoutError", "BusyLoadingError", "ReadOnlyError", "OutOfMemoryError"}

# Removed from texts that are not ours: numbers and addresses of people, our own secret addresses, passwords in URLs.
HIDDEN = (
    (re.compile(r"(?:whatsapp:)?\+\d{6,15}(?!\d)"), "[number]"),
    (re.compile(r"://[^\s/@]+@"), "://[secret]@"),
    (re.compile(r"[^\s@\"'<>:/\[\]]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
    (re.compile(r"/(link|dashboard/enter|export|feeds|s|m)/[\w-]{8,}"), r"/\1/[token]"),
    (re.compile(r"([?&](?:m|k|token|key)=)[^\s&\"']+"), r"\1[token]"),
)


def configure(log_format: str, to: TextIO | None = None) -> None:
    """Set up logging for this process. `log_format` is `json` for machines or `console` for people; the lines go to
    `to`, or to standard output. Safe to repeat.
    """
    stream = to or sys.stdout
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _report,
    ]
    last = _for_machines() if log_format == "json" else _for_people(stream)
    structlog.configure(
        processors=[*common, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(to),  # None: whatever is standard output at that moment
        cache_logger_on_first_use=False,  # so that a later set-up, as by gunicorn after a fork, applies to all loggers
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*common, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    handler.set_name("ours")
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if each.get_name() != "ours"] + [handler]
    for name, level in LEVELS.items():
        logging.getLogger(name).setLevel(level)


def begin(process: str, log_format: str, to: TextIO | None = None) -> None:
    """Set up logging like `configure`, and also log uncaught exceptions and Python's warnings. For a whole process."""
    configure(log_format, to)
    structlog.contextvars.bind_contextvars(process=process)
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


Reporter = Callable[[dict[str, Any], BaseException | None], None]
_reporters: list[Reporter] = []


def report_to(reporter: Reporter | None) -> None:
    """Also pass each line of level `error` or higher, with its exception, to this function. None ends that."""
    _reporters[:] = [reporter] if reporter else []


class Seldom:
    """Lets one event of a kind through each minute and counts the others, so that an attack or an outage does not flood
    the log.

    Threads may share it; each process counts for itself.
    """

    def __init__(self, every: timedelta = timedelta(minutes=1)) -> None:
        self._every, self._lock = every, threading.Lock()
        self._last: dict[str, datetime] = {}
        self._since: Counter[str] = Counter()

    def passes(self, kind: str, now: datetime) -> int:
        """Return 0 if this event must not be logged; else the number of events of this kind since the last that was
        logged, including this one.
        """
        with self._lock:
            self._since[kind] += 1
            last = self._last.get(kind)
            if last is not None and now - last < self._every:
                return 0
            self._last[kind] = now
            return self._since.pop(kind)


def exception_told(error: BaseException) -> str:
    """Describe an exception without anything that somebody typed: the classes, causes first, and the
    lines of our code.
    """
    return "\n".join(_told(each) for each in reversed(chain(error)))[-2 * MOST_TEXT :]


def _for_machines() -> list[Processor]:
    return [_tell_exception, _hide, structlog.processors.JSONRenderer(default=str)]


def _for_people(stream: TextIO) -> list[Processor]:
    return [structlog.processors.format_exc_info, structlog.dev.ConsoleRenderer(colors=stream.isatty())]


def _report(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Pass an error on to the reporter. Errors of the reporter are ignored."""
    if event.get("level") in ("error", "critical"):
        for reporter in _reporters:
            with suppress(Exception):
                reporter(dict(event), _error_of(event.get("exc_info")))
    return event


def _error_of(given: Any) -> BaseException | None:
    """Return the exception of `exc_info`, which may be the exception itself, a triple, or True for the current one."""
    if not given or isinstance(given, BaseException):
        return given or None
    return given[1] if isinstance(given, tuple) else sys.exc_info()[1]


def _tell_exception(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by `exception`, a text."""
    error = _error_of(event.pop("exc_info", None))
    if error is not None:
        event["exception"] = exception_told(error)
    return event


def _hide(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Remove everything that must not be logged. This is a second safeguard: callers must not log it in
    the first place.
    """
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = hidden(value)
    return event


def hidden(value: str) -> str:
    """Return a text without people's numbers, addresses and secrets, shortened if it is long."""
    for what, instead in HIDDEN:
        value = what.sub(instead, value)
    return value if len(value) <= 2 * MOST_TEXT else f"{value[:MOST_TEXT]} … {value[-MOST_TEXT:]}"


def chain(error: BaseException | None) -> list[BaseException]:
    """Return an exception and its causes."""
    return list(_causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _told(error: BaseException) -> str:
    kind = type(error)
    said = words(error)
    first = f"{kind.__module__}.{kind.__qualname__}" + (f": {said}" if said else "")
    return "\n".join([first, *_frames(error.__traceback__)])


def words(error: BaseException) -> str:
    """Return the part of an exception's message that may be logged."""
    kind = type(error)
    if isinstance(error, OSError) and kind.__module__ == "builtins":
        return error.strerror or ""
    if isinstance(error, OF_THE_CODE) or kind.__module__ in OUR_WORDS:
        return str(error)[:MOST_TEXT]
    if kind.__module__ in OF_THE_NETWORK and kind.__name__ in NETWORK_NAMES:
        return str(error)[:MOST_TEXT]
    return _of_the_database(getattr(error, "orig", error))


def _of_the_database(error: BaseException) -> str:
    """Return Postgres's code and the names it is about, but not its message, which repeats values of rows. An error
    without a code comes from the network.
    """
    if not type(error).__module__.startswith("psycopg2"):
        return ""
    code, about = getattr(error, "pgcode", None), getattr(error, "diag", None)
    if code is None:
        return str(error).strip().split("\n", 1)[0][:MOST_TEXT]
    names = (getattr(about, f"{name}_name", None) for name in ("table", "column", "constraint"))
    return " ".join([str(code), *filter(None, names)])


def _frames(at: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(at)
    return [f"  {short(each.filename)}:{each.lineno} {each.name}" for each in frames[-MOST_FRAMES:]]


def short(path: str) -> str:
    """Return the path of a file without the folder in which the project or its package is installed."""
    return path.removeprefix(f"{ROOT}/").rsplit("site-packages/", 1)[-1]


def _uncaught(kind: type[BaseException], error: BaseException | None, where: TracebackType | None) -> None:
    """Log the exception that ends a process or a thread, in one line."""
    if error is None or issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    structlog.get_logger().error("uncaught exception", exc_info=(kind, error, where))
