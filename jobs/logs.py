"""One structured line for each thing that happened: never a message, a token, or a whole phone number."""

import logging
import sys

import structlog

# These libraries write addresses, bodies or tokens at their lower levels.
QUIET = ("garminconnect", "urllib3", "twilio", "curl_cffi", "rq.worker", "werkzeug")


def configure(log_format: str) -> None:
    """Set up logging once per process: JSON for machines, or columns for people."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(levelname)s %(name)s %(message)s")
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
