"""What `flask …` can do where no settings are given yet: make a key, and tell what the bot would make of a line."""

import os

import click
from flask import Flask
from pydantic import ValidationError

from bot import parser
from web import operator
from web.app import create_app
from world import World


def create_app_or_less() -> Flask:
    """The app of the world that the environment describes; on Flask's command line, where that is not a whole one,
    an app with the few commands that need none. Raises pydantic's ValidationError in a web process.
    """
    on_command_line = os.environ.get("FLASK_RUN_FROM_CLI") == "true"  # set by Flask's own command line
    try:
        app = create_app(World.from_env())
    except ValidationError as problem:
        if not on_command_line:
            raise
        return _create_less(problem)
    if not on_command_line:  # a web process: nobody's first sentence is to wait
        parser.warm_up()
    return app


def _create_less(problem: ValidationError) -> Flask:
    """An app that serves nothing. Says on stderr which settings are missing or wrong, and never their values."""
    names = sorted({str(each["loc"][0]).upper() for each in problem.errors(include_input=False)})
    click.echo(f"Only `understand` and `keys generate` work without these settings: {', '.join(names)}", err=True)
    app = Flask("gruppetto")
    operator.add_offline_commands(app)
    return app
