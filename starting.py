"""What every process does first: read `.env`, set up the log, and check the settings."""

import os
import sys
from typing import TextIO

import structlog
from pydantic import ValidationError

import logs
import reporting
from config import Settings, problems_of, read_env_file
from version import release

log = structlog.get_logger()


def begin(process: str) -> Settings:
    """Set up the process and return its settings. If some are missing or wrong, one log line names them and the process
    ends.
    """
    set_up(process)
    try:
        settings = Settings.from_env()
    except ValidationError as error:
        tell_of(error)
        raise SystemExit(1) from None
    dsn = settings.sentry_dsn.get_secret_value()
    if dsn:
        reporting.begin(dsn, process, release(), settings.sentry_environment)
    return settings


def set_up(process: str, to: TextIO | None = None) -> None:
    """Read `.env` and set up the log, in the form that LOG_FORMAT asks for even if other settings are wrong."""
    read_env_file()
    logs.begin(process, "console" if os.environ.get("LOG_FORMAT") == "console" else "json", to or sys.stdout)


def tell_of(error: ValidationError) -> None:
    """Log which settings are missing or wrong, without their values."""
    log.error("settings missing or wrong", settings=problems_of(error))


def explained(error: ValidationError) -> dict[str, tuple[str, str]]:
    """Return what is wrong with each missing or wrong setting, and what it is for. Never contains a value."""
    about = {name.upper(): str(field.description or "") for name, field in Settings.model_fields.items()}
    return {name: (says, about.get(name, "")) for name, says in problems_of(error).items()}
