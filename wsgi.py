"""The application of the web process (`gunicorn wsgi:app`) and of the `flask …` commands."""

from web.offline import create_app_or_less

app = create_app_or_less()
