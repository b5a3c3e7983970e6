"""How a browser is signed in to the dashboard, and signed out: by a link from the chat, which works once."""

from flask import Blueprint, Response, make_response, redirect, request, url_for

from jobs.work import transaction
from messages.render import Reader
from services.ground import audit
from services.people import dashboard_links, links, sessions
from web.common.forms import require_same_origin
from web.dashboard.showing import show_page
from web.dashboard.visit import Visit, make_doer, name_cookie
from world import World

NOBODY = Reader()  # it is not known yet whose link it is


def add_entry(routes: Blueprint, world: World) -> None:
    """Add the page behind the link, its button, and signing out."""

    @routes.get("/enter/<token>")
    def enter(token: str) -> Response:
        """The first page, which is the same for everybody, because previews and virus scanners open links too."""
        minutes = int(links.LINK_FOR.total_seconds() // 60)
        return show_page("enter.html", NOBODY, token=token, minutes=minutes, days=sessions.BROWSER_FOR.days)

    @routes.post("/enter/<token>")
    def start(token: str) -> Response:
        require_same_origin(world)
        before, agent = request.cookies.get(name_cookie(world), ""), request.headers.get("User-Agent", "")
        with transaction(world) as session:
            audit.name_way(session, audit.PAGE)
            browser = dashboard_links.open_dashboard_link(session, token, before, agent, world.now())
        if browser is None:
            return show_page("over.html", NOBODY, 410, bot=world.settings.bot_phone)
        return _with_cookie(world, make_response(redirect(url_for("dashboard.this_week"), 303)), browser)

    def sign_out(visit: Visit) -> Response:
        """End the session of this browser."""
        sessions.end(visit.session, visit.device, visit.now)
        return forget_browser(world)

    routes.post("/sign-out", endpoint="sign_out")(make_doer(world, sign_out))


def forget_browser(world: World, page: str = "gone.html") -> Response:
    """Return the page after signing out, or another last one. It takes the cookie away."""
    answer = show_page(page, NOBODY)
    answer.delete_cookie(name_cookie(world), path="/", secure=world.settings.is_https, httponly=True, samesite="Strict")
    return answer


def _with_cookie(world: World, answer: Response, browser: str) -> Response:
    answer.set_cookie(
        name_cookie(world),
        browser,
        max_age=int(sessions.BROWSER_FOR.total_seconds()),
        secure=world.settings.is_https,
        httponly=True,
        samesite="Strict",
        path="/",
    )
    return answer
