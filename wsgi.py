"""The web process: `gunicorn wsgi:app`; and what `flask …` finds."""

import os

from flask import Flask
from pydantic import ValidationError

from web import offline
from web.app import create_app
from world import World


def _made() -> Flask:
    try:
        return create_app(World.from_env())
    except ValidationError as problem:
        if os.environ.get("FLASK_RUN_FROM_CLI") != "true":  # set by Flask's own command line
            raise
        return offline.create_app(problem)


app = _made()
