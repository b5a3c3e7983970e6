"""Which addresses a webhook may have.

Names are looked up once, each address that was found is checked, and the connection is made to the checked address and
not to the name. So a name that leads elsewhere at the second look gains nothing.
"""

import re
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Thread
from urllib.parse import urlsplit

from providers.webhook_sender import NoAnswer

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
LookUp = Callable[[str, int], list[str]]

LONGEST = 500  # characters of an address
VISIBLE = re.compile(r"[\x21-\x7e]+")
NAME = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")  # without the dot at its end, which `read_target` removes
PORTS = {"http": 80, "https": 443}
DOCUMENTATION = IPv6Network("3fff::/20")  # RFC 9637; Python does not know it yet
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
# A public address at which every virtual machine of one large host finds its own host's services.
HOSTS_OWN = {ip_address("168.63.129.16")}


class TargetRefused(Exception):
    """No request may be sent, or no server was found. `why` is the reason."""

    def __init__(self, why: NoAnswer) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True)
class Target:
    """The parts of an address. `path` includes the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The host as the header `Host` has it, with the port if it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class TargetRules:
    """The operator's rules: networks that are allowed although they are not public, and our own host's name."""

    networks: Sequence[Network] = ()
    own_host: str = ""

    def allow(self, address: Address, scheme: str) -> bool:
        """Return whether a request may be sent to this address: by https to a public one, or into a named network."""
        if any(address in each for each in self.networks):
            return True
        return scheme == "https" and is_public(address) and not _is_of_this_machine(address)


def read_target(url: str) -> Target:
    """Return the parts of an address. Raises ValueError with a sentence if it cannot be one."""
    if len(url) > LONGEST or not VISIBLE.fullmatch(url) or "\\" in url:
        raise ValueError(f"Write an address of at most {LONGEST} visible ASCII characters.")
    parts = urlsplit(url)  # raises ValueError for a broken address of IPv6
    host = (parts.hostname or "").removesuffix(".")
    if parts.scheme not in PORTS or not host:
        raise ValueError("Write an address that begins with https://.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("Write the address without a user name, a password, and a #.")
    if _literal(host) is None and not NAME.fullmatch(host):
        raise ValueError("The host has characters that no host's name has.")
    port = PORTS[parts.scheme] if parts.port is None else parts.port
    if port == 0:
        raise ValueError("0 is no port.")
    return Target(parts.scheme, host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


def find_fault(url: str, rules: TargetRules) -> str | None:
    """Return a sentence that says why the rules allow no webhook at this address, as far as it can be known without
    looking the name up; None if there is no reason.
    """
    try:
        target = read_target(url)
    except ValueError as error:
        return str(error)
    if target.scheme == "http" and not rules.networks:
        return "Write an address that begins with https://."
    literal = _literal(target.host)
    is_own = target.host == rules.own_host and literal is None
    if is_own or (literal is not None and not rules.allow(literal, target.scheme)):
        return "No webhook may be there: it is not a public address of another server."
    return None


def find_addresses(target: Target, rules: TargetRules, within: float, look_up: LookUp) -> list[str]:
    """Look the host up once, for at most so many seconds, and return its addresses. Raises `TargetRefused`, also if
    only one of them is not allowed.
    """
    found = [_read(each) for each in _look_up(target, within, look_up)]
    if not found:
        raise TargetRefused(NoAnswer.NAME)
    is_own = target.host == rules.own_host and not all(any(one in each for each in rules.networks) for one in found)
    if is_own or not all(rules.allow(each, target.scheme) for each in found):
        raise TargetRefused(NoAnswer.NOT_ALLOWED)
    return list(dict.fromkeys(map(str, found)))


def is_public(address: Address) -> bool:
    """Return whether this is the address of one server on the public internet.

    An IPv4 address inside an IPv6 one is judged instead of it. 6to4 and Teredo, which nobody should use any more
    (RFC 7526), are refused.
    """
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or (IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None)
        if inner is not None:
            return is_public(inner)
        if address.scope_id is not None or address in DOCUMENTATION:
            return False
        if address.sixtofour is not None or address.teredo is not None or address.is_site_local:
            return False
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and not (address.is_private or address.is_loopback or address.is_link_local)
        and address not in HOSTS_OWN
    )


def _is_of_this_machine(address: Address) -> bool:
    """Return whether this machine itself has this address. No packet is sent: the system only chooses a route."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as route:
            route.connect((str(address), 9))
            return ip_address(str(route.getsockname()[0]).partition("%")[0]) == address
    except OSError:
        return False  # there is no way to it, so connecting will fail too


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host by the system's resolver. Raises OSError if there are none."""
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _look_up(target: Target, within: float, look_up: LookUp) -> list[str]:
    """Return what the resolver finds. It runs in a thread of its own, because it cannot be interrupted."""
    answer: Future[list[str]] = Future()

    def act() -> None:
        try:
            answer.set_result(look_up(target.host, target.port))
        except (OSError, UnicodeError):
            answer.set_result([])

    Thread(target=act, name="look-up", daemon=True).start()
    try:
        return answer.result(max(within, 0.0))
    except TimeoutError:
        raise TargetRefused(NoAnswer.TOO_SLOW) from None


def _read(text: str) -> Address:
    """Return an address that the resolver wrote, without the name of a network card, which link-local ones have."""
    return ip_address(text.partition("%")[0])


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
