"""The version of the program."""

import os
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent
# The variables in which hosts write the commit: Heroku (its labs feature runtime-dyno-metadata), Render, and our image.
COMMITS = ("HEROKU_SLUG_COMMIT", "HEROKU_BUILD_COMMIT", "RENDER_GIT_COMMIT", "SOURCE_COMMIT")


@cache
def release() -> str:
    """Return the version of `pyproject.toml`, as in the CHANGELOG."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def commit() -> str:
    """Return the commit that the host names; empty if it names none."""
    return next((os.environ[name][:12] for name in COMMITS if os.environ.get(name)), "")
