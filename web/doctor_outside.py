"""Checks of `flask doctor` for our own public address, and for Garmin, Meta and QuickChart."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from providers import reaching
from providers.errors import MessengerError
from providers.reaching import InTheWay, NotReached, Reached
from services.health.diagnosis import Diagnosis, describe_well, describe_wrong, note
from web import probing
from world import World

ENDS_SOON = 14  # days that are left of a certificate
# Any answer of these addresses shows that they can be reached, also a refusal: the request has no credentials.
GARMIN = {"password": "https://connectapi.garmin.com", "personal_key": "https://personal.connectapi.garmin.com"}
STRANGERS = (403, 429)  # Garmin's protection answers these statuses to networks that it blocks
MENDS = {
    InTheWay.NAME: "Set PUBLIC_BASE_URL to the right name, or let that name lead to this host in your DNS",
    InTheWay.REFUSED: "Start the web process and the proxy before it, and open ports 80 and 443",
    InTheWay.CERTIFICATE: "Get a certificate for this name; with Caddy, see `docker compose logs caddy`",
    InTheWay.SILENT: "Open ports 80 and 443 in the firewall, and look whether the web process answers /livez",
    InTheWay.BROKEN: "Look into the proxy's and the web process's log",
}


def judge(world: World, patience: float = reaching.PATIENCE) -> list[Diagnosis]:
    """Return all results that need requests over the network. `patience` is in seconds, for each address."""
    return [*_address(world, patience), *_garmin(world, patience), *_others(world, patience)]


def _address(world: World, patience: float) -> Iterator[Diagnosis]:
    base, probe = world.settings.base_url, probing.ask(world)
    try:
        page = reaching.ask(f"{base}/livez", {probing.HEADER: probe.header}, patience)
        ends = reaching.find_certificate_end(base, patience)
    except NotReached as error:
        yield describe_wrong("address", f"{base} cannot be reached from here: {error}", MENDS[error.why])
        return
    if ends is not None and (days := (ends - world.now()).days) < ENDS_SOON:
        says = f"The certificate of {urlsplit(base).hostname} ends in {days} days"
        yield describe_wrong(
            "certificate", says, "Renew it; with Caddy, see why it did not: `docker compose logs caddy`"
        )
    yield from _answered(world, probe, page)


def _answered(world: World, probe: probing.Probe, page: Reached) -> Iterator[Diagnosis]:
    base, trusted = world.settings.base_url, world.settings.trusted_hops
    if page.status in range(300, 400):
        leads = page.headers.get("Location", "")[:120]
        mend = "Set PUBLIC_BASE_URL to where it leads, then `flask --app wsgi twilio configure`"
        yield describe_wrong("address", f"{base} only leads on to {leads}: a webhook would be lost on the way", mend)
        return
    if page.status != 200 or not page.body.startswith(b"alive"):
        mend = "Set PUBLIC_BASE_URL to the web process's own address, without a path of another program"
        yield describe_wrong("address", f"Something else answers at {base} (status {page.status})", mend)
        return
    proxies = probing.read(world, probe, page.headers.get(probing.HEADER, ""), world.now())
    if proxies is None:
        mend = "Set PUBLIC_BASE_URL to this deployment's address, and give all processes the same SECRET_KEY"
        yield describe_wrong("address", f"At {base} answers another deployment, or one with another SECRET_KEY", mend)
        return
    yield describe_well("address")
    if proxies != trusted:
        says = f"A request to {base} comes through {proxies} proxies, and TRUSTED_HOPS is {trusted}"
        yield describe_wrong("hops", says, f"Set TRUSTED_HOPS={proxies}")


def _garmin(world: World, patience: float) -> Iterator[Diagnosis]:
    settings = world.settings
    elsewhere = {"password": settings.garmin_base_url, "personal_key": settings.garmin_personal_api_base_url}
    for way in settings.link_methods:
        address = elsewhere[way] or GARMIN[way]
        try:
            page = reaching.ask(address, within=patience)
        except NotReached as error:
            mend = f"Let the worker's machine reach {address} (DNS, firewall)"
            yield describe_wrong("garmin", f"{address} cannot be reached: {error}", mend)
            continue
        if page.status in STRANGERS:
            says = f"{address} answers {page.status} to this machine: Garmin may not like its network"
            yield note("garmin", says, "If members cannot connect, run the worker from another network")
        else:
            yield describe_well("garmin")


def _others(world: World, patience: float) -> Iterator[Diagnosis]:
    settings = world.settings
    if settings.chart_provider == "quickchart":
        try:
            reaching.ask(f"{settings.quickchart_scheme}://{settings.quickchart_host}/healthcheck", within=patience)
        except NotReached as error:
            mend = "Start QuickChart, correct QUICKCHART_HOST, or set CHART_PROVIDER=local"
            yield describe_wrong("quickchart", f"QuickChart cannot be reached: {error}", mend)
    if world.group_transport.can_post:
        try:
            world.group_transport.groups()
        except MessengerError as error:
            yield describe_wrong(
                "meta", f"Meta does not list our groups: {error}", "Correct META_ACCESS_TOKEN and META_PHONE_NUMBER_ID"
            )
