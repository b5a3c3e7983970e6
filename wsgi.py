"""The web process: `gunicorn wsgi:app`."""

from web.app import create_app
from world import World

app = create_app(World.from_env())
