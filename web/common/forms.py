"""What protects the forms of our pages from other sites."""

from urllib.parse import urlsplit

import structlog
from flask import abort, request

from providers.signing import Signer
from world import World

log = structlog.get_logger()


def require_same_origin(world: World) -> None:
    """Refuse forms that were sent from another site. For browsers that send neither header, the token
    in the form decides.
    """
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    ours = "{0.scheme}://{0.netloc}".format(urlsplit(world.settings.base_url))
    if (site is not None and site not in {"same-origin", "none"}) or (origin not in {None, "null", ours}):
        log.warning("post from elsewhere", path=request.url_rule and request.url_rule.rule)
        abort(403)


def make_form_token(world: World, browser: str) -> str:
    """Return what proves that a form is from a page that we gave to the browser with this cookie."""
    return _signer(world).tag(browser)


def require_form_token(world: World, browser: str) -> None:
    """Refuse a form without the token for this browser (400)."""
    if not _signer(world).is_genuine(browser, request.form.get("csrf", ""), world.now()):
        abort(400)


def _signer(world: World) -> Signer:
    return Signer("csrf", world.vault.secrets, former=64)
