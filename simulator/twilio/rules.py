"""The rules by which Twilio refuses a request, and WhatsApp refuses a message on arrival."""

import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from simulator.twilio.contents import PretendContent
from simulator.twilio.values import Handset, PretendMessage

ADDRESS = re.compile(r"whatsapp:(\+[1-9]\d{6,14}|[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128})")
DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Rules:
    """All limits, with their values of 2026."""

    window: timedelta = DAY
    body: int = 1_600
    interactive_body: int = 1_024
    caption: int = 1_024
    session_buttons: int = 3
    template_buttons: int = 10
    list_items: int = 10
    button_title: int = 20
    list_title: int = 24
    payload: int = 200
    pair_burst: int = 45
    pair_refill_seconds: float = 6.0
    tier: int = 250
    picture_bytes: int = 5_000_000
    approve_after_polls: int = 1
    shared_key: str | None = None
    business_ids: bool = True  # in June 2026 some accounts got 21211 for `whatsapp:FI.2782…`: it was read as a number
    webhook_seconds: float = 15.0
    proxies: int = 0  # proxies in front of the bot, which add to X-Forwarded-For
    announced: frozenset[str] = frozenset({"sending", "sent", "delivered", "read", "undelivered", "failed"})


class RefusedError(Exception):
    """A refusal: Twilio's error code, its message and the HTTP status."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


# https://www.twilio.com/docs/api/errors; the texts are sent as ChannelStatusMessage.
WHY = {
    11200: "the webhook did not answer",
    30036: "the validity period expired",
    63003: "no such WhatsApp user",
    63010: "the channel provider had an internal error",
    63014: "the user blocked this sender",
    63016: "outside the allowed window",
    63018: "rate limit exceeded",
    63019: "media failed to download",
    63021: "invalid content",
    63028: "wrong number of variables",
    63034: "media exceeds the size limit",
    63040: "template rejected",
    63041: "template paused",
    63042: "template disabled",
    63049: "not delivered to keep a healthy ecosystem",
}


def check(form: Mapping[str, str], media: list[str], sender: str, rules: Rules) -> None:
    """Raise RefusedError for what Twilio refuses before it accepts a message. `variables_of` checks contents."""
    to, from_, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
    complaints = (
        (not to, 21604, "A 'To' phone number is required."),
        (not from_, 21603, "A 'From' phone number is required."),
        (not ADDRESS.fullmatch(to), 21211, f"Invalid 'To' Phone Number: {to}"),
        (not (rules.business_ids or "+" in to), 21211, f"The 'To' number {to} is not a valid phone number."),
        (from_ != sender, 21606, f"The 'From' phone number provided ({from_}) is not a valid sender."),
        (not (body or media or form.get("ContentSid")), 21602, "Message body is required."),
        (len(body) > rules.body, 21617, f"The message body exceeds the {rules.body} character limit."),
        (not _valid_for(form), 20001, "ValidityPeriod must be between 1 and 36000."),
        (len(media) > 1, 21623, "Number of media files exceeds allowed limit."),
        (any(not re.match(r"https?://", url) for url in media), 21620, "Invalid media URL."),
    )
    for wrong, code, message in complaints:
        if wrong:
            raise RefusedError(code, message)


def variables_of(text: str | None) -> dict[str, str]:
    """Read ContentVariables, which may be missing but must not contain null or empty values."""
    if text is None:
        return {}
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict) or not all(isinstance(v, str) and v for v in values.values()):
        raise RefusedError(21656, "The Content Variables parameter is invalid.")
    return values


def undelivered(
    message: PretendMessage,
    content: PretendContent | None,
    handset: Handset | None,
    now: datetime,
    rules: Rules,
) -> int | None:
    """Return the code with which WhatsApp refuses this message before counting messages, or None."""
    if handset is None:
        return 63003
    if handset.blocked:
        return 63014
    if now > message.created_at + timedelta(seconds=message.valid_for):
        return 30036
    if not in_window(handset, now, rules):
        return _outside(message, content, rules)
    return _unfit(message, rules, template=content is not None and content.approved)


def in_window(handset: Handset, now: datetime, rules: Rules) -> bool:
    """Return whether the person has written recently enough to receive any message."""
    return handset.last_inbound_at is not None and now < handset.last_inbound_at + rules.window


@dataclass
class Traffic:
    """Counts sent messages: the rate to one person, and the number of people who were written to unasked."""

    buckets: dict[str, tuple[float, datetime]] = field(default_factory=dict)
    reached: OrderedDict[str, datetime] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def admits(self, to: str, now: datetime, rules: Rules, *, in_window: bool) -> bool:
        """Count this message. Returns False if the sender has exceeded the pair rate or its tier."""
        with self._lock:
            return self._within_tier(to, now, rules, in_window) and self._within_pair_rate(to, now, rules)

    def _within_pair_rate(self, to: str, now: datetime, rules: Rules) -> bool:
        left, since = self.buckets.get(to, (float(rules.pair_burst), now))
        elapsed = max(0.0, (now - since).total_seconds())
        left = min(float(rules.pair_burst), left + elapsed / rules.pair_refill_seconds)
        self.buckets[to] = (left - 1 if left >= 1 else left, now)
        return left >= 1

    def _within_tier(self, to: str, now: datetime, rules: Rules, in_window: bool) -> bool:
        while self.reached and next(iter(self.reached.values())) <= now - DAY:
            self.reached.popitem(last=False)
        if in_window or to in self.reached:
            return True
        if len(self.reached) >= rules.tier:
            return False
        self.reached[to] = now
        return True


def _valid_for(form: Mapping[str, str]) -> bool:
    seconds = form.get("ValidityPeriod", "36000")
    return seconds.isdecimal() and 1 <= int(seconds) <= 36_000


def _outside(message: PretendMessage, content: PretendContent | None, rules: Rules) -> int | None:
    paused = {"paused": 63041, "rejected": 63040, "disabled": 63042}
    if content is None or not content.approved:
        return paused.get(content.approval.status, 63016) if content else 63016
    if content.approval.category == "MARKETING" and message.to.startswith("whatsapp:+1"):
        return 63049
    if any(re.search(r"[\n\t]| {5,}", value) for value in message.variables.values()):
        return 63021
    return _unfit(message, rules, template=True)


def _unfit(message: PretendMessage, rules: Rules, *, template: bool) -> int | None:
    if message.missing_variables:
        return 63028
    too_long = len(message.text) > _longest(message, rules, template=template)
    return 63021 if too_long or _bad_buttons(message, rules, template=template) else None


def _longest(message: PretendMessage, rules: Rules, *, template: bool) -> int:
    if template or message.buttons or message.links:
        return rules.interactive_body
    return rules.caption if message.media_url else rules.body


def _bad_buttons(message: PretendMessage, rules: Rules, *, template: bool) -> bool:
    labels = [label for label, _ in [*message.buttons, *message.links]]
    payloads = [payload for _, payload in message.buttons]
    if message.kind == "twilio/list-picker":
        count, title = rules.list_items, rules.list_title
    else:
        count, title = rules.template_buttons if template else rules.session_buttons, rules.button_title
    return (
        len(labels) > count
        or any(not 0 < len(label) <= title for label in labels)
        or any(len(payload) > rules.payload for payload in payloads)
        or len(set(payloads)) < len(payloads)
    )
