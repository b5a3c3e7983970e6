"""The web process: `gunicorn wsgi:app`; and what `flask …` finds."""

from web.offline import create_app_or_less

app = create_app_or_less()
