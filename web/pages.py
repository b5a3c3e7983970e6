"""Web pages, each in its reader's language as far as that has it."""

from flask import current_app, render_template
from jinja2 import FileSystemLoader
from jinja2.environment import Environment

from messages.languages import FIRST, folders, language_of
from messages.render import Reader

ANYBODY = Reader()  # whoever opens a page of which it is not known whose it is


def render_page(page: str, reader: Reader = ANYBODY, /, **facts: object) -> str:
    """The page of this name, such as "link_form.html", for this reader."""
    return render_template(_pages(language_of(reader.locale)).get_template(page), **facts)


def _pages(language: str) -> Environment:
    """The pages of a language: in its own folder, then in the English one, which is the application's."""
    if language == FIRST:
        return current_app.jinja_env
    kept: dict[str, Environment] = current_app.extensions.setdefault("pages", {})
    if language not in kept:
        kept[language] = current_app.jinja_env.overlay(loader=FileSystemLoader(folders(language, "pages")))
    return kept[language]
