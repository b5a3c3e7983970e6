"""Which version of the program this is."""

import os
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent
# Where hosts write which commit they run: Heroku (its labs feature runtime-dyno-metadata), Render, and our image.
COMMITS = ("HEROKU_SLUG_COMMIT", "HEROKU_BUILD_COMMIT", "RENDER_GIT_COMMIT", "SOURCE_COMMIT")


@cache
def release() -> str:
    """The version of `pyproject.toml`, as the CHANGELOG names it."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def commit() -> str:
    """The commit that the host says it runs, and nothing where it does not say."""
    return next((os.environ[name][:12] for name in COMMITS if os.environ.get(name)), "")
