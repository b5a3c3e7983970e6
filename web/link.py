"""/link/<token>: the page for connecting an account. One browser can use it once, for 15 minutes;
opening it changes nothing.

The token is no longer in the address after the button was pressed; from then on the browser has a cookie. The fields of
the forms are declared by the sources (`providers/sources.py`); `web/link_pages.py` makes the pages.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from flask import Blueprint, Response, abort, make_response, redirect, request, url_for
from sqlalchemy.orm import Session

from jobs.work import transaction
from models import GarminMethod, OneTimeLink
from providers.sources import FieldKind, SignInForm, Source
from services.ground import audit
from services.training import attempts, binding, one_time_links, sign_ins
from web.common.forms import make_form_token, require_form_token, require_same_origin
from web.link_pages import Pages, Trouble
from web.pages import ANYBODY, render_page
from world import World

log = structlog.get_logger()

MOST_CODE = 12
COOKIE_FOR = one_time_links.LINK_LASTS  # from when the link is opened, so it never ends before the link does


def make_link_pages(world: World) -> Blueprint:
    """Return the pages for connecting Garmin."""
    routes = Blueprint("link", __name__, url_prefix="/link")

    @routes.get("/<token>")
    def welcome(token: str) -> str:
        """Return the first page, which is the same for everybody, because previews and virus scanners
        open links too.
        """
        return render_page("link_welcome.html", ANYBODY, token=token, name=world.labels)

    @routes.post("/<token>/start")
    def start(token: str) -> Response:
        require_same_origin(world)
        with transaction(world) as session:
            audit.name_way(session, audit.PAGE)
            browser = one_time_links.open_link(session, token, request.cookies.get(_cookie(world)), world.now())
        return _begun(world, browser)

    @routes.get("/garmin")
    def form() -> Response:
        with transaction(world) as session:
            audit.name_way(session, audit.PAGE)
            link = _link(world, session)
            return _pages(world, session, link).of_now()

    _add_forms(routes, world)
    _add_code(routes, world)
    return routes


def _add_forms(routes: Blueprint, world: World) -> None:
    """Add the addresses that the forms of the sources post to."""
    for source in world.sources.values():
        for form in source.forms:
            route = routes.post(f"/{source.name}/{form.path}", endpoint=f"{source.name}_{form.way}")
            route(_taker(world, source, form))


def _taker(world: World, source: Source, form: SignInForm) -> Callable[[], Response]:
    """Return the function that answers posts from this form of this source."""

    def take() -> Response:
        values = {each.name: request.form.get(each.name, "") for each in form.fields}
        # A password may begin or end with a space; other fields are stripped.
        values |= {each.name: values[each.name].strip() for each in form.fields if each.kind is not FieldKind.PASSWORD}
        with _posted(world) as shown:
            answer = _ask(shown, source, form, values)
        return answer or make_response(redirect(url_for("link.form"), 303))

    return take


def _ask(shown: Pages, source: Source, form: SignInForm, values: dict[str, str]) -> Response | None:
    """Hand what was typed to a worker, and return None; or return the page that says why that is not possible now."""
    if not all(each.accepts(values[each.name]) for each in form.fields):
        login = next((values[each.name] for each in form.fields if each.kind is FieldKind.EMAIL), "")
        return shown.forms([Trouble(source.name, form.way, form.incomplete, login)], status=400)
    now = shown.world.now()
    typed = form.read(values, now)
    if sign_ins.ask(shown.session, shown.link, source.name, GarminMethod(form.way), typed, now) is not None:
        return None
    held = shown.held(source, form, typed.login) if form.is_counted else None
    return shown.forms([held]) if held else None


def _add_code(routes: Blueprint, world: World) -> None:
    """Add the addresses that the pages after the forms post to."""

    @routes.post("/garmin/code")
    def code() -> Response:
        typed = "".join(request.form.get("code", "").split())
        with _posted(world) as shown:
            attempt = attempts.find_attempt(shown.session, shown.link)
            if attempt is None or not _is_code(typed):
                return shown.of_now(problem="code_incomplete")
            sign_ins.answer(shown.session, attempt, typed, world.now())
        return make_response(redirect(url_for("link.form"), 303))

    @routes.post("/garmin/stop")
    def stop() -> Response:
        """End the sign-in, because the person sees that the link belongs to somebody else."""
        with _posted(world) as shown:
            if (attempt := attempts.find_attempt(shown.session, shown.link)) is not None:
                binding.drop_sign_in(shown.session, attempt, world.now())
        return make_response(redirect(url_for("link.form"), 303))


@contextmanager
def _posted(world: World) -> Iterator[Pages]:
    """Provide the pages of the link whose form this browser has posted, in one transaction."""
    require_same_origin(world)
    with transaction(world) as session:
        audit.name_way(session, audit.PAGE)
        link = _link(world, session)
        require_form_token(world, request.cookies.get(_cookie(world), ""))
        yield _pages(world, session, link)


def _pages(world: World, session: Session, link: OneTimeLink) -> Pages:
    return Pages(world, session, link, make_form_token(world, request.cookies.get(_cookie(world), "")))


def _begun(world: World, browser: str | None) -> Response:
    """Redirect to the page without the token in its address, with the cookie that identifies this browser."""
    if browser is None:
        return make_response(render_page("link_over.html"), 410)
    answer = make_response(redirect(url_for("link.form"), 303))
    answer.set_cookie(
        _cookie(world),
        browser,
        max_age=int(COOKIE_FOR.total_seconds()),
        secure=world.settings.is_https,
        httponly=True,
        samesite="Strict",
        path="/",
    )
    return answer


def _is_code(text: str) -> bool:
    return 0 < len(text) <= MOST_CODE and text.isprintable() and text.isalnum()


def _link(world: World, session: Session) -> OneTimeLink:
    link = one_time_links.find_link(session, request.cookies.get(_cookie(world), ""), world.now())
    if link is None:
        abort(make_response(render_page("link_over.html"), 410))
    return link


def _cookie(world: World) -> str:
    return "__Host-link" if world.settings.is_https else "link"
