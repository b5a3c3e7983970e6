"""A visit: one request of the browser that is signed in as the operator, inside one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, abort, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from jobs.work import transaction
from models import OperatorSession
from services.ground import audit
from services.people import operator_access
from web.common.forms import make_form_token, require_form_token, require_same_origin
from world import World


@dataclass
class OperatorVisit:
    """What a page needs. `browser` is the secret in the cookie."""

    world: World
    session: Session
    now: datetime
    device: OperatorSession
    browser: str

    def page(self, name: str, screen: str, status: int = 200, **facts: Any) -> Response:
        """Return a page. `screen` is the item of the menu that it belongs to."""
        csrf = make_form_token(self.world, self.browser)
        return show_operator_page(name, status, screen=screen, csrf=csrf, device=self.device, now=self.now, **facts)

    def note(self, action: str, *, member_id: int | None = None, **detail: Any) -> None:
        """Write to the audit what the operator has opened or done."""
        audit.note(self.session, f"operator.{action}", self.now, member_id=member_id, **detail)


LookAt = Callable[..., Response]
DoForOperator = Callable[..., str | Response]


def show_operator_page(name: str, status: int = 200, **facts: Any) -> Response:
    """Return the page of this name, such as "overview.html". It is in English, as the commands for operators are."""
    return make_response(render_template(f"operator/{name}", **facts), status)


def require_page(world: World) -> str:
    """Return OPERATOR_TOKEN. Answers 404 unless the settings for the page are there."""
    if not world.settings.has_operator_page:
        abort(404)
    return world.settings.operator_token.get_secret_value()


def make_operator_looker(world: World, look: LookAt) -> LookAt:
    """Make the function that answers a GET. Who is not signed in is sent to the sign-in page."""

    def answer(**path: Any) -> Response:
        with transaction(world) as session:
            audit.name_way(session, audit.OPERATOR)
            visit = _find_visit(world, session)
            return _send_to_sign_in() if visit is None else look(visit, **path)

    return answer


def make_operator_doer(world: World, do: DoForOperator) -> LookAt:
    """Make the function that answers a POST from what does something, and gives the address to go on to."""

    def answer(**path: Any) -> Response:
        require_page(world)
        require_same_origin(world)
        with transaction(world) as session:
            audit.name_way(session, audit.OPERATOR)
            visit = _find_visit(world, session)
            if visit is None:
                return _send_to_sign_in()
            require_form_token(world, visit.browser)
            done = do(visit, **path)
        return make_response(redirect(done, 303)) if isinstance(done, str) else done

    return answer


def name_operator_cookie(world: World) -> str:
    """Return the name of the cookie that signs a browser in."""
    return "__Host-operator" if world.settings.is_https else "operator"


def _find_visit(world: World, session: Session) -> OperatorVisit | None:
    token, now = require_page(world), world.now()
    browser = request.cookies.get(name_operator_cookie(world), "")
    device = operator_access.find_operator_session(session, token, browser, now) if browser else None
    return None if device is None else OperatorVisit(world, session, now, device, browser)


def _send_to_sign_in() -> Response:
    return make_response(redirect(url_for("operator.sign_in"), 303))
