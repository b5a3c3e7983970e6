"""How `flask doctor` recognises this deployment from outside: it sends a signed question to its public address.

Only who knows SECRET_KEY can ask, and only who knows it can answer. The answer tells how many proxies the question came
through, which is what TRUSTED_HOPS has to be.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from providers.signing import Signer
from world import World

HEADER = "Gruppetto-Probe"


@dataclass(frozen=True)
class Probe:
    """One question. `nonce` is drawn anew for each."""

    nonce: str
    header: str


def ask(world: World) -> Probe:
    """A new question: the header to send."""
    nonce = secrets.token_urlsafe(12)
    return Probe(nonce, f"{nonce}.{_signer(world).tag(nonce)}")


def answer(world: World, header: str, proxies: int) -> str | None:
    """What to answer; None where the question is not ours."""
    nonce, _, tag = header.partition(".")
    if not tag or len(header) > 200 or not _signer(world).is_genuine(nonce, tag, world.now()):
        return None
    return f"{proxies}.{_signer(world).tag(f'{nonce} {proxies}')}"


def read(world: World, probe: Probe, header: str, now: datetime) -> int | None:
    """How many proxies the question came through; None where somebody else has answered."""
    proxies, _, tag = header.partition(".")
    is_ours = proxies.isdecimal() and _signer(world).is_genuine(f"{probe.nonce} {proxies}", tag, now)
    return int(proxies) if is_ours else None


def _signer(world: World) -> Signer:
    return Signer("probe", world.settings.secrets, former=64)
