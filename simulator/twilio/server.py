"""The pretend Twilio with WhatsApp: accepts messages over HTTP and delivers them to phones."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from threading import Event, RLock
from typing import Any
from uuid import uuid4

from flask import Blueprint

from simulator.twilio import http
from simulator.twilio.callbacks import Courier, Lanes, receipt, signature
from simulator.twilio.contents import Decision, PretendContent
from simulator.twilio.faults import TwilioFaults
from simulator.twilio.ledger import Ledger
from simulator.twilio.numbers import PretendNumber
from simulator.twilio.pictures import NotFetchedError, Pictures
from simulator.twilio.rules import RefusedError, Rules, Traffic, check, in_window, undelivered, variables_of
from simulator.twilio.values import INBOUND, Handset, PretendMessage, Request

__all__ = ["Decision", "PretendContent", "PretendMessage", "PretendTwilio", "Request", "Rules", "TwilioFaults"]


class PretendTwilio:
    """One account with one WhatsApp sender. It does not read the system's clock: `now` returns the time."""

    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        account_sid: str,
        auth_token: str,
        sender: str = "whatsapp:+14155238886",
        webhook_url: str = "",
        rules: Rules = Rules(),  # noqa: B008 - frozen
    ) -> None:
        self.now, self.account_sid, self.auth_token, self.sender = now, account_sid, auth_token, sender
        self.second_token: str | None = None
        self.webhook_url, self.rules, self.faults = webhook_url, rules, TwilioFaults()
        self.auto, self.number = True, PretendNumber()
        self.messages = Ledger()
        self.contents: dict[str, PretendContent] = {}
        self.decisions: dict[str, Decision] = {}
        self.journal: list[Request] = []
        self.handsets: dict[str, Handset] = {}
        self.on_message: list[Callable[[PretendMessage], None]] = []
        self.on_typing: list[Callable[[PretendMessage], None]] = []
        self.pictures, self.courier, self.closing = Pictures(), Courier(), Event()
        self._traffic, self._lanes, self._lock = Traffic(), Lanes(), RLock()
        self._waiting: dict[str, PretendMessage] = {}
        self._elsewhere: dict[str, dict[str, PretendContent]] = {}

    def promote(self) -> None:
        """Make the secondary auth token the primary one, which signs webhooks. The former
        primary token becomes invalid.
        """
        if self.second_token is None:
            raise ValueError("the pretend Twilio has no second_token to promote")
        self.auth_token, self.second_token = self.second_token, None

    def change_account(self, account_sid: str, auth_token: str) -> None:
        """Move the sender to another account. Each account has its own credentials and contents."""
        self._elsewhere[self.account_sid] = self.contents
        self.account_sid, self.auth_token, self.second_token = account_sid, auth_token, None
        self.contents = self._elsewhere.pop(account_sid, {})

    def blueprint(self) -> Blueprint:
        """Give the routes of api., content. and messaging.twilio.com, to be mounted under /twilio."""
        return http.blueprint(self)

    def accept(self, form: Mapping[str, str], media: list[str]) -> PretendMessage:
        """Accept a message like POST Messages.json, or raise RefusedError. It waits until `set_off`."""
        check(form, media, self.sender, self.rules)
        message = PretendMessage(
            sid=f"{'MM' if media else 'SM'}{uuid4().hex}",
            to=form["To"],
            from_=form["From"],
            created_at=self.now(),
            body=form.get("Body", ""),
            text=form.get("Body", ""),
            media_url=media[0] if media else None,
            callback=form.get("StatusCallback", ""),
            valid_for=int(form.get("ValidityPeriod") or 36_000),
            content_sid=form.get("ContentSid") or None,
        )
        if message.content_sid:
            self._dress(message, form.get("ContentVariables"))
        message.doom = self.faults.doom()
        message.events.append((message.created_at, "queued"))
        self.messages.add(message)
        return message

    def set_off(self, message: PretendMessage) -> None:
        """Start the delivery of an accepted message: at once in auto mode, else when `advance` is called."""
        if self.faults.callbacks == "before_answer":
            self._call_back(message, self._travel(message))
        elif self.auto:
            self._lanes.put(message.to, partial(self._deliver, message))
        else:
            with self._lock:
                self._waiting[message.sid] = message

    def advance(self) -> None:
        """Deliver every waiting message; `settle` waits for the callbacks."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for message in waiting.values():
            self._lanes.put(message.to, partial(self._deliver, message))

    def settle(self, seconds: float = 120.0) -> None:
        """Wait until no message is being delivered and no callback is pending."""
        self._lanes.settle(seconds)

    def close(self) -> None:
        """End hanging requests and stop the threads."""
        self.closing.set()
        self._lanes.close()

    def deliver_inbound(self, form: Mapping[str, str], *, sign: bool = True) -> int:
        """Post a person's message to the bot, once, and return the HTTP status (0: no answer).

        The form may be unusual; a MultiDict may contain a field several times.
        """
        address = self.number.diversion(self.sender) or self.webhook_url
        if not address:
            raise ValueError("the pretend Twilio has no webhook_url to deliver to")
        message = self._note_inbound(form)
        signed = self._signature(address, form) if sign else {}
        status = self.courier.post(address, form, signed, self.rules.webhook_seconds)
        accepted = 200 <= status < 300
        message.error_code = None if accepted else 11200
        message.events.append((self.now(), "answered" if accepted else "unanswered"))
        self._tell(message)
        return status

    def announce(self, message: PretendMessage, status: str) -> int:
        """Post one status callback about a message, with any status, and return the HTTP status."""
        form = receipt(message, status, self.account_sid)
        signed = self._signature(message.callback, form)
        return self.courier.post(message.callback, form, signed, self.rules.webhook_seconds)

    def typing(self, sid: str) -> None:
        """Show that the bot is typing, and mark the person's message as read."""
        message = self.messages.get(sid)
        if message is None or not message.inbound:
            raise RefusedError(20404, f"The message {sid} was not found", 404)
        message.events.append((self.now(), "read"))
        self._tell(message)
        for hook in list(self.on_typing):
            hook(message)

    def listed(self, to: str | None, from_: str | None) -> Iterator[PretendMessage]:
        """Return messages, newest first. Those of the last `list_lag` seconds are not in the list yet."""
        shown_until = self.now() - timedelta(seconds=self.faults.list_lag)
        found = self.messages.newest_first(to, from_)
        return (message for message in found if message.created_at <= shown_until)

    def poll_approval(self, content: PretendContent) -> None:
        """Advance the review of a template, because somebody asks for it."""
        decision = self.decisions.get(content.approval.name, Decision())
        with self._lock:
            content.poll(decision, self.rules.approve_after_polls)

    def snapshot(self) -> dict[str, Any]:
        """Return the data that a restart must not lose, for JSON."""
        with self._lock:
            return {
                "webhook_url": self.webhook_url,
                "messages": [message.to_json() for message in list(self.messages.values())],
                "contents": [content.to_json() for content in list(self.contents.values())],
                "pictures": self.pictures.snapshot(),
                "waiting": list(self._waiting),
            }

    def restore(self, data: Mapping[str, Any]) -> None:
        """Restore the data of a snapshot."""
        self.webhook_url = data["webhook_url"]
        self.messages = Ledger(map(PretendMessage.from_json, data["messages"]))
        contents = [PretendContent.from_json(content) for content in data["contents"]]
        self.contents = {content.sid: content for content in contents}
        self.pictures.restore(data["pictures"])
        self._waiting = {sid: self.messages[sid] for sid in data["waiting"]}

    def _dress(self, message: PretendMessage, variables: str | None) -> None:
        content = self.contents.get(message.content_sid or "")
        if content is None:
            raise RefusedError(21655, "The ContentSid provided is invalid.")
        message.variables = variables_of(variables)
        message.wear(content.render(message.variables))

    def _deliver(self, message: PretendMessage) -> None:
        statuses = self._travel(message)
        self._lanes.put(message.sid, partial(self._call_back, message, statuses))

    def _travel(self, message: PretendMessage) -> list[str]:
        handset = self.handsets.get(message.to)
        self._move(message, "sending")
        code = message.doom or self._turned_away(message, handset)
        if code is not None or handset is None:
            message.error_code = code
            self._move(message, "failed" if code == 30036 else "undelivered")
            return ["sending", message.status]
        statuses = ["sent", "delivered", "read"] if handset.reads else ["sent", "delivered"]
        for status in statuses:
            self._move(message, status)
        return ["sending", *statuses]

    def _turned_away(self, message: PretendMessage, handset: Handset | None) -> int | None:
        now, content = self.now(), self.contents.get(message.content_sid or "")
        code = undelivered(message, content, handset, now, self.rules)
        if code is not None or handset is None:
            return code
        if message.media_url:
            try:
                message.picture = self.pictures.fetch(message.media_url, self.rules.picture_bytes)
            except NotFetchedError as failure:
                return failure.code
            message.media.append(message.picture)
        is_open = in_window(handset, now, self.rules)
        return None if self._traffic.admits(message.to, now, self.rules, in_window=is_open) else 63018

    def _move(self, message: PretendMessage, status: str) -> None:
        message.status = status
        message.events.append((self.now(), status))
        self._tell(message)

    def _tell(self, message: PretendMessage) -> None:
        for hook in list(self.on_message):
            hook(message)

    def _call_back(self, message: PretendMessage, statuses: list[str]) -> None:
        mode = self.faults.callbacks
        if mode != "normal":
            self.faults.count(f"callbacks {mode}")
        if not message.callback or mode == "off":
            return
        forms = [receipt(message, status, self.account_sid) for status in statuses if status in self.rules.announced]
        for form in reversed(forms) if mode == "reordered" else forms:
            for _ in range(2 if mode == "doubled" else 1):
                signed = self._signature(message.callback, form)
                self.courier.post(message.callback, form, signed, self.rules.webhook_seconds)

    def _signature(self, url: str, form: Mapping[str, str]) -> dict[str, str]:
        through = ", ".join(f"203.0.113.{number}" for number in range(1, self.rules.proxies + 1))
        headers = {"X-Forwarded-For": through} if through else {}
        return signature(url, form, self.auth_token, self.rules.shared_key) | headers

    def _note_inbound(self, form: Mapping[str, str]) -> PretendMessage:
        now, sender = self.now(), form.get("From", "")
        handset, sid = self.handsets.get(sender), form.get("MessageSid", "")
        if handset is not None:
            handset.last_inbound_at = now
        message = self.messages.get(sid)
        if message is None:
            message = PretendMessage(sid, form.get("To", ""), sender, now, INBOUND)
            message.body = message.text = form.get("Body", "")
            message.kind, message.status = form.get("MessageType", "text"), "received"
            message.events.append((now, "received"))
            message.media = [sid for sid in _media_of(form) if self.pictures.find(sid)]
            self.messages.add(message)
        self._tell(message)
        return message


def _media_of(form: Mapping[str, str]) -> list[str]:
    """Return the SIDs at the ends of an inbound message's media addresses."""
    return [form.get(f"MediaUrl{place}", "").rpartition("/")[2] for place in range(10) if f"MediaUrl{place}" in form]
