"""Lets `flask doctor` recognise this deployment from outside: it sends a signed question to its public address.

Asking and answering both need SECRET_KEY. The answer says how many proxies the question came through, which
is the right value of TRUSTED_HOPS.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from providers.signing import Signer
from world import World

HEADER = "Gruppetto-Probe"


@dataclass(frozen=True)
class Probe:
    """One question. `nonce` is a new random value."""

    nonce: str
    header: str


def ask(world: World) -> Probe:
    """Return a new question with its header."""
    nonce = secrets.token_urlsafe(12)
    return Probe(nonce, f"{nonce}.{_signer(world).tag(nonce)}")


def answer(world: World, header: str, proxies: int) -> str | None:
    """Return the header of the answer; None if the question is not ours."""
    nonce, _, tag = header.partition(".")
    if not tag or len(header) > 200 or not _signer(world).is_genuine(nonce, tag, world.now()):
        return None
    return f"{proxies}.{_signer(world).tag(f'{nonce} {proxies}')}"


def read(world: World, probe: Probe, header: str, now: datetime) -> int | None:
    """Return how many proxies the question came through; None if the answer is not from this deployment."""
    proxies, _, tag = header.partition(".")
    is_ours = proxies.isdecimal() and _signer(world).is_genuine(f"{probe.nonce} {proxies}", tag, now)
    return int(proxies) if is_ours else None


def _signer(world: World) -> Signer:
    return Signer("probe", world.settings.secrets, former=64)
