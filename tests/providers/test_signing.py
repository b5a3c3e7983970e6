"""Tags of texts that come back to us: each for one purpose, with two secrets while one is changed,
and in the former form.
"""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from providers.signing import FORMER_UNTIL, Signer

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def formerly(purpose: str, secret: str, text: str) -> str:
    """Return the whole tag that releases before December 2026 wrote."""
    return hmac.new(secret.encode(), f"{purpose}|{text}".encode(), hashlib.sha256).hexdigest()


def test_a_tag_is_good_for_its_text_and_its_purpose_only() -> None:
    signer, other = Signer("receipt", ["secret"], 16), Signer("csrf", ["secret"], 64)
    tag = signer.tag("7a & b/ü")
    assert signer.is_genuine("7a & b/ü", tag, NOW)
    assert len(tag) == 43
    assert tag.replace("-", "").replace("_", "").isalnum()
    assert not signer.is_genuine("7a & b/u", tag, NOW)
    assert not other.is_genuine("7a & b/ü", tag, NOW)


@pytest.mark.parametrize(
    "tag", ["", "é", "=", "a" * 43, "a" * 5000, "\x00", formerly("receipt", "another", "text")[:16]]
)
def test_nonsense_is_no_tag(tag: str) -> None:
    assert not Signer("receipt", ["secret"], 16).is_genuine("text", tag, NOW)


def test_while_the_secret_is_changed_both_are_accepted_and_the_first_one_signs() -> None:
    before, ahead, during, after = (
        Signer("csrf", secrets, 64) for secrets in (["old"], ["old", "new"], ["new", "old"], ["new"])
    )
    for writer, reader in ((before, during), (ahead, during), (during, ahead), (during, after)):
        assert reader.is_genuine("text", writer.tag("text"), NOW)
    assert ahead.tag("text") == before.tag("text")
    assert not after.is_genuine("text", before.tag("text"), NOW)


@pytest.mark.parametrize(("purpose", "length"), [("receipt", 16), ("csrf", 64)])
def test_what_the_former_release_wrote_is_good_until_its_day_is_over(purpose: str, length: int) -> None:
    signer = Signer(purpose, ["new", "old"], length)
    for secret in ("new", "old"):
        tag = formerly(purpose, secret, "text")[:length]
        assert signer.is_genuine("text", tag, NOW)
        assert signer.is_genuine("text", tag, FORMER_UNTIL - timedelta(seconds=1))
        assert not signer.is_genuine("text", tag, FORMER_UNTIL)
        assert not signer.is_genuine("texts", tag, NOW)
        assert not signer.is_genuine("text", tag[:-1], NOW)
