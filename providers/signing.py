"""Signs short texts that others could change before they come back to us: in a form, or in an
address that a vendor calls.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime

import itsdangerous

# Releases before December 2026 wrote another form. Such texts may come back for a day after an upgrade, for which there
# is time until then. A later one does no harm: a form must be loaded again, and a receipt is also found by Twilio's id.
FORMER_UNTIL = datetime(2026, 12, 15, tzinfo=UTC)


class Signer:
    """HMAC-SHA256 tags for one purpose, made by itsdangerous: 43 characters that are safe in an address.

    The first of `secrets` signs, and each of them is accepted, so that SECRET_KEY can be changed while the bot runs. A
    tag for one purpose is not valid for another. Tags do not expire; the things that they belong to do. `former` is the
    number of hex characters that an older release wrote.
    """

    def __init__(self, purpose: str, secrets: Sequence[str], former: int) -> None:
        self._purpose, self._secrets, self._former = purpose, [secret.encode() for secret in secrets], former
        # itsdangerous expects the newest key last, and signs with it.
        self._signer = itsdangerous.Signer(
            self._secrets[::-1], salt=f"gruppetto {purpose}", key_derivation="hmac", digest_method=hashlib.sha256
        )

    def tag(self, text: str) -> str:
        """Return the tag of this text."""
        return self._signer.get_signature(text).decode()

    def is_genuine(self, text: str, tag: str, now: datetime) -> bool:
        """Return whether this is the tag of this text. Takes the same time wherever a wrong tag differs."""
        if self._signer.verify_signature(text, tag):
            return True
        return now < FORMER_UNTIL and any(hmac.compare_digest(tag.encode(), each) for each in self._formerly(text))

    def _formerly(self, text: str) -> list[bytes]:
        written = f"{self._purpose}|{text}".encode()
        return [hmac.new(key, written, hashlib.sha256).hexdigest()[: self._former].encode() for key in self._secrets]
