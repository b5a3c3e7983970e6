"""Draws the pages of the dashboard: HTML from `pages/dashboard`, with the filters and words of the chat's texts."""

from collections.abc import Iterable

from flask import Response, current_app, make_response, render_template
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.environment import Environment

from fitness.metrics import FIELDS, Metric
from fitness.sports import Sport
from messages import filters
from messages.languages import folders, language_of
from messages.render import Reader


def show_page(page: str, reader: Reader, /, status: int = 200, **facts: object) -> Response:
    """Return the page of this name, such as "year.html", for this reader."""
    template = _environment(language_of(reader.locale)).get_template(f"dashboard/{page}")
    return make_response(render_template(template, reader=reader, **facts), status)


def list_sport_parts(sports: Iterable[tuple[Sport, float]]) -> list[tuple[str, float]]:
    """The parts of a bar that is made of sports: for each the class that colours it, and its value."""
    return [(f"s-{sport}", value) for sport, value in sports]


def _environment(language: str) -> Environment:
    """The templates of a language: pages, and the texts of the chat, which say figures, days and names.

    A page (.html) is escaped, a text of the chat (.txt) is not; what a page takes from a text is escaped there.
    """
    kept: dict[str, Environment] = current_app.extensions.setdefault("dashboard_pages", {})
    if language not in kept:
        found = (*folders(language, "pages"), *folders(language, "chat"))
        made = current_app.jinja_env.overlay(
            loader=FileSystemLoader(found), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        made.filters = {**made.filters, **filters.ALL, "sport_parts": list_sport_parts}
        made.globals = {**made.globals, "FIELDS": FIELDS, "METRICS": list(Metric), "SPORTS": list(Sport)}
        kept[language] = made
    return kept[language]
