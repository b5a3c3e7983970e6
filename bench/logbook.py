"""Checks the logs of the processes: is every line JSON, and does none contain a token or a phone number?"""

import json
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from bench.verdict import Logged
from simulator.twilio.phones import Phone
from simulator.twilio.server import PretendTwilio

# The beginnings of secret addresses and of receipts' addresses; the token follows.
TOKEN = re.compile(r"/(?:link|export|s|m)/([\w-]{8,})|[?&](?:k|token|key)=([^\s&\"'#]{8,})")
# Phone numbers as people and as Twilio write them; a time zone (+00:00) has fewer digits.
NUMBER = re.compile(r"(?:whatsapp:|\+)\d{6,15}(?!\d)")


def judge(path: Path, secrets: Collection[str]) -> Logged:
    """Judge the log of one process. The process may still run, so an incomplete last line is left out. `secrets` are
    the tokens and numbers in use; everything else that looks like one counts too. A missing file has no lines.
    """
    *lines, _ = path.read_text(errors="replace").split("\n") if path.exists() else [""]
    known = re.compile("|".join(map(re.escape, sorted(secrets, key=len, reverse=True))) or r"(?!)")
    telling = sum(bool(TOKEN.search(each) or NUMBER.search(each) or known.search(each)) for each in lines)
    return Logged(len(lines), sum(not _is_object(each) for each in lines), telling)


def secrets_of(twilio: PretendTwilio, phones: Iterable[Phone]) -> set[str]:
    """Return the numbers of these people in digits, and the tokens in all addresses that the product
    has sent to Twilio.
    """
    numbers = {each.number.lstrip("+") for each in phones if each.number}
    told = (each for message in list(twilio.messages.values()) for each in _texts(message))
    return numbers | {token for text in told for pair in TOKEN.findall(text) for token in pair if token}


def _texts(message: object) -> Iterable[str]:
    return [str(getattr(message, name, None) or "") for name in ("body", "media_url", "callback")]


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
