"""The `flask …` commands that work without settings: make a key, and show how the bot reads a line."""

import os
import sys

from flask import Flask
from pydantic import ValidationError

import logs
import starting
from bot import parser
from web import operator, operator_doctor
from web.app import create_app
from world import World


def create_app_or_less() -> Flask:
    """Return the app for the settings in the environment. If some are missing, on Flask's command line return an app
    with the few commands that need no settings; in a web process raise pydantic's ValidationError.
    """
    is_command = os.environ.get("FLASK_RUN_FROM_CLI") == "true"  # set by Flask's own command line
    if is_command:
        starting.set_up("flask", to=sys.stderr)  # because the output of a command may go into a file
    try:
        world = World.from_env()
        if not is_command:
            logs.configure(world.settings.log_format)
        app = create_app(world)
    except ValidationError as problem:
        if not is_command:
            raise
        return _create_less(problem)
    if not is_command:  # in a web process the first line must not wait for the tables to be built
        parser.warm_up()
    return app


def _create_less(problem: ValidationError) -> Flask:
    """Return an app that serves no pages, and has only the commands `understand`, `keys generate`,
    `doctor` and `version`.
    """
    starting.tell_of(problem)
    app = Flask("gruppetto")
    operator.add_offline_commands(app)
    operator_doctor.add_offline_commands(app, starting.explained(problem))
    return app
