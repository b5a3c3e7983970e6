"""/link/<token>: the page on which a member connects Garmin. Opening it changes nothing; it works in one browser, once,
for 15 minutes.

When the first button is pressed, the address no longer contains the token; from then on the browser has a cookie.
"""

from datetime import datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog
from flask import Blueprint, Response, abort, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from jobs.work import transaction
from messages.render import words
from models import AttemptStep, GarminMethod, IdentityKind, LinkAttempt, Member, OneTimeLink
from providers.signing import Signer
from services.ground.recipients import reader_of
from services.training import binding, linking, tries
from services.training.tries import Held, Why
from world import World

log = structlog.get_logger()

MOST_EMAIL, MOST_PASSWORD, MOST_CODE = 254, 256, 12
MOST_KEY = 4096
KEYS_LAST = ("30", "90", "180", "365")  # what Garmin offers
COOKIE_FOR = linking.LINK_LASTS  # counted from the opening of the link, so it does not end before the link
SHOWN_OF_NUMBER = 3  # last digits: enough for the owner to recognise the number, too few for others to call it
ENDED = (binding.ELSEWHERE, binding.STOPPED)


def pages(world: World) -> Blueprint:
    """Return the pages for connecting Garmin."""
    routes = Blueprint("link", __name__, url_prefix="/link")

    @routes.get("/<token>")
    def welcome(token: str) -> str:
        """Return the first page, which is the same for everybody, because previews and virus scanners
        open links too.
        """
        return render_template("link_welcome.html", token=token)

    @routes.post("/<token>/start")
    def start(token: str) -> Response:
        require_same_origin(world)
        with transaction(world) as session:
            browser = linking.open_link(session, token, request.cookies.get(_cookie(world)), world.now())
        return _begun(world, browser)

    @routes.get("/garmin")
    def form() -> Response:
        with transaction(world) as session:
            link = _link(world, session)
            held = tries.held_until(session, link.member, world.now())
            return _page(world, session, link, linking.tries_left(session, link), held=held)

    _add_answers(routes, world)
    return routes


def _add_answers(routes: Blueprint, world: World) -> None:
    """Add the addresses to which the forms post."""

    @routes.post("/garmin/sign-in")
    def sign_in() -> Response:
        require_same_origin(world)
        email, password = request.form.get("email", "").strip(), request.form.get("password", "")
        with transaction(world) as session:
            link = _link(world, session)
            _require_token(world)
            if not (_is_address(email) and _usable(password, MOST_PASSWORD)):
                left = linking.tries_left(session, link)
                return _form(world, link, problem="incomplete", email=email, left=left)
            keep = world.settings.garmin_keep_password and request.form.get("keep") == "yes"
            wish = linking.Request(_offered(world, GarminMethod.PASSWORD), password, email, keep)
            if (wait := _ask(world, session, link, wish)) is not None:
                return wait
        return make_response(redirect(url_for("link.form"), 303))

    @routes.post("/garmin/key")
    def use_key() -> Response:
        require_same_origin(world)
        key, lasts = request.form.get("key", "").strip(), request.form.get("lasts", "")
        with transaction(world) as session:
            link = _link(world, session)
            _require_token(world)
            if not _usable(key, MOST_KEY) or lasts not in KEYS_LAST:
                return _form(world, link, problem="key_incomplete", left=linking.tries_left(session, link))
            ends = world.now() + timedelta(days=int(lasts))
            wish = linking.Request(_offered(world, GarminMethod.KEY), key, key_ends_at=ends)
            linking.ask(session, link, wish, world.now())
        return make_response(redirect(url_for("link.form"), 303))

    @routes.post("/garmin/code")
    def code() -> Response:
        require_same_origin(world)
        typed = "".join(request.form.get("code", "").split())
        with transaction(world) as session:
            link = _link(world, session)
            _require_token(world)
            attempt = linking.attempt_of(session, link)
            if attempt is None or not _is_code(typed):
                return _page(world, session, link, linking.tries_left(session, link), problem="code_incomplete")
            linking.answer(session, attempt, typed, world.now())
        return make_response(redirect(url_for("link.form"), 303))

    @routes.post("/garmin/stop")
    def stop() -> Response:
        """End the sign-in, because the person sees that the link belongs to somebody else."""
        require_same_origin(world)
        with transaction(world) as session:
            link = _link(world, session)
            _require_token(world)
            if (attempt := linking.attempt_of(session, link)) is not None:
                binding.stop(session, attempt, world.now())
        return make_response(redirect(url_for("link.form"), 303))


def _ask(world: World, session: Session, link: OneTimeLink, wish: linking.Request) -> Response | None:
    """Hand a password to a worker; or return the page that says why no password is sent to Garmin now."""
    if linking.ask(session, link, wish, world.now()) is not None:
        return None
    held = tries.held_until(session, link.member, world.now(), wish.email)
    return _held(world, link, linking.tries_left(session, link), held, wish.email) if held else None


def _begun(world: World, browser: str | None) -> Response:
    """Redirect to the page without the token in its address, with the cookie that identifies this browser."""
    if browser is None:
        return make_response(render_template("link_over.html"), 410)
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


def _page(
    world: World,
    session: Session,
    link: OneTimeLink,
    left: int,
    problem: str | None = None,
    held: Held | None = None,
) -> Response:
    """Return the page for the present step of the sign-in. `left` is the number of tries, `held` the
    reason for a wait.
    """
    attempt = linking.attempt_of(session, link)
    if attempt is None:
        return _held(world, link, left, held) if held else _form(world, link, left=left)
    if (after := _after_sign_in(world, session, link, attempt)) is not None:
        return after
    if attempt.step is AttemptStep.CODE and attempt.expires_at > world.now():
        facts = {"method": attempt.method, "problem": problem or attempt.problem}
        return make_response(render_template("link_code.html", csrf=_csrf(world), **facts), 400 if problem else 200)
    if attempt.step is AttemptStep.FAILED:
        email = attempt.garmin_email or ""
        if held:
            throttled = tries.THROTTLED if attempt.problem == tries.THROTTLED else None
            return _held(world, link, left, held, email, throttled)
        return _form(world, link, problem=attempt.problem, email=email, left=left)
    return make_response(render_template("link_wait.html", is_heard=attempt.step is AttemptStep.CONFIRMED))


def _after_sign_in(world: World, session: Session, link: OneTimeLink, attempt: LinkAttempt) -> Response | None:
    """Return the page after a successful sign-in: the code to send, or the result. None before that."""
    if attempt.step is AttemptStep.FAILED and attempt.problem in ENDED:
        return make_response(render_template("link_stopped.html", elsewhere=attempt.problem == binding.ELSEWHERE))
    if attempt.step is AttemptStep.CONFIRM and attempt.expires_at > world.now():
        return _confirm(world, session, link, attempt)
    if attempt.step is AttemptStep.DONE or link.used_at:
        return make_response(render_template("link_done.html", bot=world.settings.bot_phone))
    return None


def _confirm(world: World, session: Session, link: OneTimeLink, attempt: LinkAttempt) -> Response:
    """Return the page with the code that must be sent from the chat that asked for the link."""
    line = f"link garmin {binding.code_of(session, attempt)}"
    facts = {"line": line, "bot": world.settings.bot_phone, "csrf": _csrf(world), "chat": _chat(link.member)}
    return make_response(render_template("link_confirm.html", **facts))


def _form(
    world: World,
    link: OneTimeLink,
    *,
    left: int,
    problem: str | None = None,
    email: str = "",
    until: datetime | None = None,
    takes: bool = True,
) -> Response:
    """Return the page with the forms. `takes` says whether it accepts a password now, `until` when it will again."""
    facts = {"problem": problem, "email": email, "tries": left, "csrf": _csrf(world), "until": until, "takes": takes}
    choice = {"methods": world.settings.link_methods, "may_keep": world.settings.garmin_keep_password}
    choice |= {"recommended": world.settings.garmin_recommended}
    told = {"chat": _chat(link.member), "sees": words("groups/consent_sees", reader_of(link.member))}
    page = render_template("link_form.html", **facts, **choice, **told)
    return make_response(page, 400 if problem in ("incomplete", "key_incomplete") else 200)


def _held(
    world: World, link: OneTimeLink, left: int, held: Held, email: str = "", problem: str | None = None
) -> Response:
    """Return the page that says why no password is sent to Garmin now, and until when, in the member's time zone.

    If only one e-mail address was tried too often, the form stays, because another address may be tried at once.
    """
    until = held.until.astimezone(ZoneInfo(link.member.timezone))
    takes = held.why is Why.ACCOUNT
    return _form(world, link, problem=problem or held.why, email=email, left=left, until=until, takes=takes)


def _chat(member: Member) -> tuple[str, str]:
    """Return whose chat the link is for: the name, and only the last digits of the number.

    The name is empty while it is in doubt who has the number.
    """
    numbers = [each.value for each in member.identities if each.kind is IdentityKind.PHONE]
    name = member.name if member.doubted_at is None else ""
    return name, numbers[0][-SHOWN_OF_NUMBER:] if numbers else ""


def _offered(world: World, way: GarminMethod) -> GarminMethod:
    """Return this way if the operator offers it, else answer 404."""
    if way.value not in world.settings.link_methods:
        abort(404)
    return way


def _is_address(text: str) -> bool:
    return _usable(text, MOST_EMAIL) and "@" in text


def _is_code(text: str) -> bool:
    return _usable(text, MOST_CODE) and text.isalnum()


def _usable(text: str, most: int) -> bool:
    """Whether the text is not empty, not too long, and has only printable characters."""
    return 0 < len(text) <= most and text.isprintable()


def _link(world: World, session: Session) -> OneTimeLink:
    link = linking.link_of(session, request.cookies.get(_cookie(world), ""), world.now())
    if link is None:
        abort(make_response(render_template("link_over.html"), 410))
    return link


def _cookie(world: World) -> str:
    return "__Host-link" if world.settings.is_https else "link"


def _csrf(world: World) -> str:
    """Return the token that proves that a form comes from a page that we gave to this browser."""
    return _signer(world).tag(request.cookies.get(_cookie(world), ""))


def _require_token(world: World) -> None:
    browser = request.cookies.get(_cookie(world), "")
    if not _signer(world).is_genuine(browser, request.form.get("csrf", ""), world.now()):
        abort(400)


def _signer(world: World) -> Signer:
    return Signer("csrf", world.vault.secrets, former=64)


def require_same_origin(world: World) -> None:
    """Refuse forms that were sent from another site. For browsers that send neither header, the token
    in the form decides.
    """
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    ours = "{0.scheme}://{0.netloc}".format(urlsplit(world.settings.base_url))
    if (site is not None and site not in {"same-origin", "none"}) or (origin not in {None, "null", ours}):
        log.warning("post from elsewhere", path=request.url_rule and request.url_rule.rule)
        abort(403)
