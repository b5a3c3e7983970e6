"""The pretend Groups API of Meta, over HTTP: who may use it, its limits, and its errors."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from flask import Blueprint, Response, jsonify, request

MOST_SUBJECT, MOST_TEXT, MOST_CAPTION = 128, 4096, 1024
SENDABLE = ("text", "image", "video", "audio", "document", "template")


@dataclass
class PretendGroup:
    """A group: whether somebody has written in it within 24 hours, and its posts."""

    id: str
    subject: str
    window_open: bool = True
    posted: list[dict[str, Any]] = field(default_factory=list)


class PretendMeta:
    """One business number. `eligible` means that it has an Official Business Account. `faults` are answered
    first, in turn.
    """

    def __init__(self, phone_number_id: str = "1060001", token: str = "a-pretend-meta-token") -> None:
        self.phone_number_id, self.token, self.eligible = phone_number_id, token, True
        self.groups: dict[str, PretendGroup] = {}
        self.requested: list[PretendGroup] = []
        self.faults: list[Response] = []

    def appear(self) -> list[PretendGroup]:
        """Create the requested groups and return them, as the webhook `group_lifecycle_update` would announce."""
        made, self.requested = self.requested, []
        self.groups |= {group.id: group for group in made}
        return made

    def blueprint(self) -> Blueprint:
        """Give the routes of graph.facebook.com, below /meta."""
        routes = Blueprint("meta", __name__, url_prefix="/meta")
        routes.before_request(self._let_in)
        routes.add_url_rule(f"/{self.phone_number_id}/groups", "create", self._create, methods=["POST"])
        routes.add_url_rule(f"/{self.phone_number_id}/groups", "list", self._list, methods=["GET"])
        routes.add_url_rule(f"/{self.phone_number_id}/messages", "send", self._send, methods=["POST"])
        routes.add_url_rule("/<group_id>/invite_link", "invite", self._invite, methods=["GET", "POST"])
        return routes

    def _let_in(self) -> Response | None:
        if self.faults:
            return self.faults.pop(0)
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return failure(401, 190, "Invalid OAuth access token")
        if not self.eligible:
            return failure(400, 131215, "This phone number is not eligible for groups")
        return None

    def _create(self) -> Response:
        wish = request.get_json()
        if wish.get("messaging_product") != "whatsapp" or not 1 <= len(wish.get("subject", "")) <= MOST_SUBJECT:
            return failure(400, 100, "Invalid parameter")
        self.requested.append(PretendGroup(uuid4().hex[:20].upper(), wish["subject"]))
        return jsonify(messaging_product="whatsapp", request_id=uuid4().hex)

    def _list(self) -> Response:
        listed = [{"id": group.id, "subject": group.subject} for group in self.groups.values()]
        return jsonify(data={"groups": listed}, paging={})

    def _invite(self, group_id: str) -> Response:
        if group_id not in self.groups:
            return failure(404, 100, "Unknown group")
        return jsonify(messaging_product="whatsapp", invite_link=f"https://chat.whatsapp.com/{group_id}")

    def _send(self) -> Response:
        message = request.get_json()
        group = self.groups.get(message.get("to", ""))
        kind = message.get("type")
        if message.get("recipient_type") != "group" or group is None or kind not in SENDABLE:
            return failure(400, 100, "Invalid parameter")
        if len(message.get("text", {}).get("body", "")) > MOST_TEXT:
            return failure(400, 100, "Text is too long")
        if len(message.get("image", {}).get("caption", "")) > MOST_CAPTION:
            return failure(400, 100, "Caption is too long")
        if not group.window_open and kind != "template":
            return failure(400, 131047, "Re-engagement message")
        group.posted.append(message)
        return jsonify(messaging_product="whatsapp", messages=[{"id": f"wamid.{uuid4().hex}"}])


def failure(status: int, code: int, message: str) -> Response:
    """Return an error in Meta's form."""
    answer = jsonify(error={"message": message, "type": "OAuthException", "code": code, "fbtrace_id": uuid4().hex[:11]})
    answer.status_code = status
    return answer
