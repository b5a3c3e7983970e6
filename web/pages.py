"""Web pages, each in its reader's language if there is a translation."""

from flask import current_app, render_template
from jinja2 import FileSystemLoader
from jinja2.environment import Environment

from messages.languages import FIRST, folders, language_of
from messages.render import Reader

ANYBODY = Reader()  # for pages whose reader is not known


def render_page(page: str, reader: Reader = ANYBODY, /, **facts: object) -> str:
    """Return the page with this name, such as "link_form.html", for this reader."""
    return render_template(_pages(language_of(reader.locale)).get_template(page), **facts)


def _pages(language: str) -> Environment:
    """Return the templates of a language: from its own folder, and then from the English one."""
    if language == FIRST:
        return current_app.jinja_env
    kept: dict[str, Environment] = current_app.extensions.setdefault("pages", {})
    if language not in kept:
        kept[language] = current_app.jinja_env.overlay(loader=FileSystemLoader(folders(language, "pages")))
    return kept[language]
