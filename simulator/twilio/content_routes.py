"""The routes of content.twilio.com: stored contents and the review of templates."""

from collections.abc import Callable
from datetime import UTC
from typing import Any
from uuid import uuid4

from flask import jsonify, request

from simulator.twilio.account import Account
from simulator.twilio.answers import Answer, json_body, not_found
from simulator.twilio.contents import KINDS, PretendApproval, PretendContent
from simulator.twilio.rules import RefusedError

CONTENT_HOST = "https://content.twilio.com"


class ContentsApi:
    """The routes, and contents in Twilio's form."""

    def __init__(self, twilio: Account) -> None:
        self._twilio = twilio

    def routes(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        return [
            ("/content/v1/Content", "POST", self.create_content),
            ("/content/v1/Content", "GET", self.contents),
            ("/content/v1/Content/<sid>", "GET", self.fetch_content),
            ("/content/v1/Content/<sid>", "DELETE", self.delete_content),
            ("/content/v1/Content/<sid>/ApprovalRequests/whatsapp", "POST", self.submit),
            ("/content/v1/Content/<sid>/ApprovalRequests", "GET", self.approval),
            ("/content/v1/ContentAndApprovals", "GET", self.contents_and_approvals),
        ]

    def create_content(self) -> Answer:
        pushed = json_body()
        types = {kind: face for kind, face in (pushed.get("types") or {}).items() if face and kind in KINDS}
        if len(types) != 1:
            raise RefusedError(20001, f"types must hold exactly one of {', '.join(KINDS)}")
        content = PretendContent(
            sid=f"HX{uuid4().hex}",
            friendly_name=str(pushed.get("friendly_name") or ""),
            language=str(pushed.get("language") or "en"),
            variables=dict(pushed.get("variables") or {}),
            types=types,
            created_at=self._twilio.now(),
        )
        self._twilio.contents[content.sid] = content
        return jsonify(self._shape(content)), 201

    def contents(self) -> Answer:
        return self._paged("Content", self._shape)

    def contents_and_approvals(self) -> Answer:
        return self._paged("ContentAndApprovals", self._with_approval)

    def fetch_content(self, sid: str) -> Answer:
        return jsonify(self._shape(self._content(sid)))

    def delete_content(self, sid: str) -> Answer:
        del self._twilio.contents[self._content(sid).sid]
        return "", 204

    def submit(self, sid: str) -> Answer:
        content, asked = self._content(sid), json_body()
        try:
            content.submit(str(asked.get("name") or ""), str(asked.get("category") or ""))
        except ValueError as flaw:
            raise RefusedError(20001, str(flaw)) from flaw
        return jsonify(_review(content.approval)), 201

    def approval(self, sid: str) -> Answer:
        content = self._content(sid)
        self._twilio.poll_approval(content)
        whatsapp = {"type": "whatsapp", **_review(content.approval)}
        url = f"{CONTENT_HOST}/v1/Content/{sid}/ApprovalRequests"
        return jsonify({"sid": sid, "account_sid": self._twilio.account_sid, "whatsapp": whatsapp, "url": url})

    def _content(self, sid: str) -> PretendContent:
        content = self._twilio.contents.get(sid)
        if content is None:
            raise not_found(request.path)
        return content

    def _with_approval(self, content: PretendContent) -> dict[str, Any]:
        self._twilio.poll_approval(content)
        return self._shape(content) | {"approval_requests": _review(content.approval)}

    def _paged(self, resource: str, shape: Callable[[PretendContent], dict[str, Any]]) -> Answer:
        size, page = request.args.get("PageSize", 50, int), request.args.get("Page", 0, int)
        found = list(self._twilio.contents.values())[page * size : (page + 1) * size + 1]
        url = f"{CONTENT_HOST}/v1/{resource}?PageSize={size}&Page="
        meta = {
            "page": page,
            "page_size": size,
            "key": "contents",
            "url": f"{url}{page}",
            "first_page_url": f"{url}0",
            "previous_page_url": f"{url}{page - 1}" if page else None,
            "next_page_url": f"{url}{page + 1}" if len(found) > size else None,
        }
        return jsonify({"meta": meta, "contents": [shape(content) for content in found[:size]]})

    def _shape(self, content: PretendContent) -> dict[str, Any]:
        url, created = f"{CONTENT_HOST}/v1/Content/{content.sid}", content.created_at.astimezone(UTC)
        return {
            "sid": content.sid,
            "account_sid": self._twilio.account_sid,
            "friendly_name": content.friendly_name,
            "language": content.language,
            "variables": content.variables,
            "types": content.types,
            "date_created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "date_updated": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "url": url,
            "links": {
                "approval_create": f"{url}/ApprovalRequests/whatsapp",
                "approval_fetch": f"{url}/ApprovalRequests",
            },
        }


def _review(approval: PretendApproval) -> dict[str, Any]:
    return {
        "name": approval.name,
        "category": approval.category,
        "content_type": approval.content_type,
        "status": approval.status,
        "rejection_reason": approval.rejection_reason,
        "allow_category_change": approval.allow_category_change,
    }
