"""The routes of api.twilio.com and messaging.twilio.com: messages, their pictures, the typing indicator."""

import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, request, url_for

from simulator.twilio.account import Account
from simulator.twilio.answers import REFUSALS, Answer, instant, not_found, refusal, rfc2822
from simulator.twilio.rules import WHY, RefusedError
from simulator.twilio.values import FINAL, PretendMessage


class MessagesApi:
    """The routes, and messages in Twilio's form."""

    def __init__(self, twilio: Account) -> None:
        self._twilio = twilio

    @property
    def _root(self) -> str:
        return f"/2010-04-01/Accounts/{self._twilio.account_sid}"

    def routes(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        every = "/2010-04-01/Accounts/<account>/Messages"
        one = f"{every}/<sid>"
        return [
            (f"{every}.json", "POST", self.create),
            (f"{every}.json", "GET", self.page),
            (f"{one}.json", "GET", self.fetch),
            (f"{one}.json", "POST", self.update),
            (f"{one}.json", "DELETE", self.delete),
            (f"{one}/Media.json", "GET", self.media),
            (f"{one}/Media/<media_sid>", "GET", self.sent_on),
            (f"{one}/Media/<media_sid>.json", "DELETE", self.delete_media),
            ("/messaging/v2/Indicators/Typing.json", "POST", self.typing),
            ("/kept/<media_sid>", "GET", self.kept),
        ]

    def create(self) -> Answer:
        try:
            return self._answered()
        finally:
            self._twilio.closing.wait(self._twilio.faults.latency)

    def _answered(self) -> Answer:
        fault = self._twilio.faults.draw()
        if fault in REFUSALS:
            raise refusal(fault)
        if fault is not None and fault.startswith("400:"):
            code = int(fault.removeprefix("400:"))
            raise RefusedError(code, WHY.get(code, "Bad request"))
        if fault in ("hang", "reset"):
            return self._silent(self._twilio.faults.hang_seconds if fault == "hang" else 0)
        return self._taken(fault)

    def page(self) -> Answer:
        if self._twilio.faults.list_status is not None:
            self._twilio.faults.count("list error")
            raise RefusedError(20500, "The list is not available", self._twilio.faults.list_status)
        size = min(max(request.args.get("PageSize", 50, int), 1), 1_000)
        before = int(request.args.get("PageToken", "").removeprefix("PA") or 0)
        found = self._twilio.listed(request.args.get("To"), request.args.get("From"))
        asked = (m for m in found if (not before or m.number < before) and _sent_within(m, request.args))
        return self._paged(list(islice(asked, size + 1)), size)

    def fetch(self, sid: str) -> Answer:
        return jsonify(self._shape(self._message(sid)))

    def update(self, sid: str) -> Answer:
        message = self._message(sid)
        if request.form.get("Body") != "":
            raise RefusedError(20001, 'Only Body="" is possible: the message is on its way or has left.')
        self._finished(message)
        message.redact()
        return jsonify(self._shape(message))

    def delete(self, sid: str) -> Answer:
        self._finished(self._message(sid))
        self._twilio.messages.drop(sid)
        return "", 204

    def media(self, sid: str) -> Answer:
        message = self._message(sid)
        uri = f"{self._root}/Messages/{sid}/Media"
        page = {"page": 0, "page_size": 50, "uri": f"{uri}.json", "next_page_uri": None}
        return jsonify(page | {"media_list": [self._media(message, media_sid) for media_sid in message.media]})

    def sent_on(self, sid: str, media_sid: str) -> Answer:
        """Redirect to a store that needs no credentials, as Twilio does for media."""
        if media_sid not in self._message(sid).media:
            raise not_found(request.path)
        return "", 307, {"Location": url_for("twilio.GET_kept", media_sid=media_sid)}

    def delete_media(self, sid: str, media_sid: str) -> Answer:
        message = self._message(sid)
        if media_sid not in message.media:
            raise not_found(request.path)
        message.media.remove(media_sid)
        return "", 204

    def typing(self) -> Answer:
        self._twilio.typing(request.form.get("messageId", ""))
        return jsonify({"success": True})

    def kept(self, media_sid: str) -> Answer:
        found = self._twilio.pictures.find(media_sid)
        if found is None:
            raise not_found(request.path)
        return Response(found[1], content_type=found[0])

    def _taken(self, fault: str | None) -> Answer:
        message = self._twilio.accept(request.form, request.form.getlist("MediaUrl"))
        answer = self._shape(message)
        self._twilio.set_off(message)
        if fault == "500_after_accept":
            raise refusal("500")
        if fault == "hang_after_accept":
            return self._silent(self._twilio.faults.hang_seconds)
        return jsonify(answer), 201

    def _silent(self, seconds: float) -> Answer:
        self._twilio.closing.wait(seconds)
        line = request.environ.get("werkzeug.socket") or request.environ.get("gunicorn.socket")
        if line is not None:
            with suppress(OSError):  # the caller may have closed first
                line.shutdown(socket.SHUT_RDWR)
        return "", 500

    def _message(self, sid: str) -> PretendMessage:
        message = self._twilio.messages.get(sid)
        if message is None:
            raise not_found(request.path)
        return message

    def _finished(self, message: PretendMessage) -> None:
        if message.status not in FINAL:
            raise RefusedError(20009, "Delivery of the message has not been completed.", 409)

    def _paged(self, found: list[PretendMessage], size: int) -> Answer:
        shown, uri = found[:size], f"{self._root}/Messages.json"
        more = {**request.args.to_dict(), "PageSize": size, "PageToken": f"PA{shown[-1].number if shown else 0}"}
        page: dict[str, Any] = {
            "messages": [self._shape(message) for message in shown],
            "page": request.args.get("Page", 0, int),
            "page_size": size,
            "start": 0,
            "end": max(len(shown) - 1, 0),
            "uri": uri,
            "first_page_uri": f"{uri}?PageSize={size}",
            "previous_page_uri": None,
            "next_page_uri": f"{uri}?{urlencode(more)}" if len(found) > size else None,
        }
        return jsonify(page)

    def _shape(self, message: PretendMessage) -> dict[str, Any]:
        uri = f"{self._root}/Messages/{message.sid}"
        changed = message.events[-1][0] if message.events else message.created_at
        left = message.inbound or message.status not in ("queued", "sending")
        return {
            "account_sid": self._twilio.account_sid,
            "api_version": "2010-04-01",
            "body": message.body,
            "date_created": rfc2822(message.created_at),
            "date_sent": rfc2822(message.created_at) if left else None,
            "date_updated": rfc2822(changed),
            "direction": message.direction,
            "error_code": message.error_code,
            "error_message": WHY.get(message.error_code) if message.error_code else None,
            "from": message.from_,
            "messaging_service_sid": None,
            "num_media": str(len(message.media) or int(message.media_url is not None)),
            "num_segments": "1",
            "price": None,
            "price_unit": None,
            "sid": message.sid,
            "status": message.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": message.to,
            "uri": f"{uri}.json",
        }

    def _media(self, message: PretendMessage, sid: str) -> dict[str, Any]:
        kept = self._twilio.pictures.find(sid)
        return {
            "account_sid": self._twilio.account_sid,
            "content_type": kept[0] if kept else None,
            "date_created": rfc2822(message.created_at),
            "date_updated": rfc2822(message.created_at),
            "parent_sid": message.sid,
            "sid": sid,
            "uri": f"{self._root}/Messages/{message.sid}/Media/{sid}.json",
        }


def _sent_within(message: PretendMessage, asked: Mapping[str, str]) -> bool:
    after, before, day = asked.get("DateSent>"), asked.get("DateSent<"), asked.get("DateSent")
    return (
        (after is None or message.created_at >= instant(after))
        and (before is None or message.created_at <= instant(before))
        and (day is None or message.created_at.date() == instant(day).date())
    )
