"""What `flask …` can do where no settings are given yet: make a key, and tell what the bot would make of a line."""

import os
import sys

from flask import Flask
from pydantic import ValidationError

import starting
from bot import parser
from web import operator, operator_doctor
from web.app import create_app
from world import World


def create_app_or_less() -> Flask:
    """The app of the world that the environment describes; on Flask's command line, where that is not a whole one,
    an app with the few commands that need none. Raises pydantic's ValidationError in a web process.
    """
    is_command = os.environ.get("FLASK_RUN_FROM_CLI") == "true"  # set by Flask's own command line
    if is_command:
        starting.set_up("flask", to=sys.stderr)  # what a command prints may go into a file
    try:
        app = create_app(World.from_env())
    except ValidationError as problem:
        if not is_command:
            raise
        return _create_less(problem)
    if not is_command:  # a web process: nobody's first sentence is to wait
        parser.warm_up()
    return app


def _create_less(problem: ValidationError) -> Flask:
    """An app that serves nothing, and has only `understand`, `keys generate`, `doctor` and `version`."""
    starting.tell_of(problem)
    app = Flask("gruppetto")
    operator.add_offline_commands(app)
    operator_doctor.add_offline_commands(app, starting.explained(problem))
    return app
