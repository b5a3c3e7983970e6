"""The addresses of the operator's page."""

from flask import Blueprint

from web.operator_page import showing
from web.operator_page.entry import add_operator_entry
from web.operator_page.visit import DoForOperator, LookAt, make_operator_doer, make_operator_looker
from world import World

OPERATOR_PAGES: dict[str, tuple[str, LookAt]] = {
    "overview": ("/", showing.show_overview),
    "messages": ("/messages/<which>", showing.show_messages),
    "breaker": ("/breakers/<name>", showing.show_breaker),
}
OPERATOR_FORMS: dict[str, tuple[str, DoForOperator]] = {
    "end_pause": ("/breakers/<name>", showing.end_pause),
}


def make_operator_pages(world: World) -> Blueprint:
    """Return the operator's pages. All of them answer 404 unless the settings for them are there."""
    routes = Blueprint("operator", __name__, url_prefix="/operator")
    add_operator_entry(routes, world)
    for name, (path, look) in OPERATOR_PAGES.items():
        routes.get(path, endpoint=name)(make_operator_looker(world, look))
    for name, (path, do) in OPERATOR_FORMS.items():
        routes.post(path, endpoint=name)(make_operator_doer(world, do))
    return routes
