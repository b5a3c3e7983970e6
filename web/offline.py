"""What `flask …` can do where no settings are given yet: make a key, and tell what the bot would make of a line."""

import click
from flask import Flask
from pydantic import ValidationError

from web import operator


def create_app(problem: ValidationError) -> Flask:
    """An app that serves nothing. Says on stderr which settings are missing or wrong, and never their values."""
    names = sorted({str(each["loc"][0]).upper() for each in problem.errors(include_input=False)})
    click.echo(f"Only `understand` and `keys generate` work without these settings: {', '.join(names)}", err=True)
    app = Flask("gruppetto")
    operator.add_offline_commands(app)
    return app
