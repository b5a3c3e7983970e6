"""Reads the expiry date of our own address's certificate once an hour, and stores it in Redis."""

from datetime import datetime, timedelta

import structlog
from redis import RedisError

from providers import reaching
from providers.reaching import InTheWay, NotReached
from services.health.findings import Finding, report_problem
from world import World

log = structlog.get_logger()

ENDS = "health:certificate"
KEPT_FOR = 2 * 86_400  # seconds
UNTRUSTED = b"untrusted"
SOON = timedelta(days=14)  # Caddy and most hosts renew a certificate 30 days before it expires


def look(world: World) -> None:
    """Request the certificate of our own address, and store when it expires. If it cannot be
    reached from here, nothing changes.
    """
    try:
        ends = reaching.find_certificate_end(world.settings.base_url)
    except NotReached as error:
        if error.why is not InTheWay.CERTIFICATE:
            return
        told = UNTRUSTED
    else:
        told = ends.isoformat().encode() if ends else b""
    try:
        if told:
            world.redis.set(ENDS, told, ex=KEPT_FOR)
    except RedisError as error:
        log.debug("certificate not noted", error=type(error).__name__)


def judge(told: bytes | None, now: datetime) -> Finding:
    """Return the finding `certificate`, from the value under `ENDS`."""
    if told is None:
        return report_problem("certificate", None)
    if told == UNTRUSTED:
        return report_problem("certificate", "The certificate of PUBLIC_BASE_URL is not trusted, or has ended")
    left = datetime.fromisoformat(told.decode()) - now
    says = f"The certificate of PUBLIC_BASE_URL ends in {left.days} days" if left < SOON else None
    return report_problem("certificate", says, days_left=left.days)
