"""Stored contents: filling in their variables, and WhatsApp's approval of templates."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from simulator.twilio.values import Face

PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
KINDS = (
    "twilio/text", "twilio/media", "twilio/quick-reply", "twilio/call-to-action",
    "twilio/list-picker", "twilio/card", "whatsapp/card",
)  # fmt: skip
TEMPLATE_NAME = re.compile(r"[a-z0-9_]{1,512}")
CATEGORIES = ("UTILITY", "MARKETING", "AUTHENTICATION")


@dataclass
class PretendApproval:
    """The state of WhatsApp's approval of one content, as in the answer of ApprovalRequests."""

    status: str = "unsubmitted"
    name: str = ""
    category: str = ""
    content_type: str = ""
    rejection_reason: str = ""
    allow_category_change: bool = True


@dataclass(frozen=True)
class Decision:
    """The result of the review of a template."""

    status: str = "approved"
    reason: str = ""
    category: str = ""


@dataclass
class PretendContent:
    """A stored content. It has one of the types that we use."""

    sid: str
    friendly_name: str
    language: str
    variables: dict[str, str]
    types: dict[str, dict[str, Any]]
    created_at: datetime
    approval: PretendApproval = field(default_factory=PretendApproval)
    polls: int = 0

    @property
    def kind(self) -> str:
        return next(kind for kind in KINDS if kind in self.types)

    @property
    def face(self) -> dict[str, Any]:
        return self.types[self.kind]

    @property
    def approved(self) -> bool:
        return self.approval.status == "approved"

    def render(self, variables: Mapping[str, str]) -> Face:
        """Return the content with its variables filled in, in body, titles, ids and media; samples
        replace missing values.
        """
        values = {**self.variables, **variables}
        missing: set[str] = set()

        def fill(text: str | None) -> str:
            return PLACEHOLDER.sub(lambda found: _value(found, values, missing), text or "")

        face = self.face
        media = [fill(url) for url in face.get("media") or []]
        actions = [(fill(one.get("title")), one) for one in face.get("actions") or []]
        items = [(fill(one.get("item")), fill(one.get("id"))) for one in face.get("items") or []]
        return Face(
            body=fill(face.get("body") or face.get("title")),
            kind=self.kind,
            media_url=media[0] if media else None,
            buttons=[(title, fill(one.get("id"))) for title, one in actions if not _is_link(one)] + items,
            links=[(title, fill(one.get("url"))) for title, one in actions if _is_link(one)],
            descriptions=[fill(one.get("description")) for one in face.get("items") or []],
            list_label=fill(face.get("button")),
            missing=bool(missing),
        )

    def submit(self, name: str, category: str) -> None:
        """Submit the content for approval. Raises ValueError if the request is wrong."""
        if not TEMPLATE_NAME.fullmatch(name):
            raise ValueError("name may only hold lowercase letters, digits and underscores")
        if category not in CATEGORIES:
            raise ValueError(f"category must be one of {', '.join(CATEGORIES)}")
        if self.kind == "twilio/list-picker":
            raise ValueError("twilio/list-picker can not be submitted for approval")
        if self.approval.status != "unsubmitted":
            raise ValueError("this content was already submitted for approval")
        self.approval = PretendApproval("received", name, category, self.kind)

    def poll(self, decision: Decision, pending_polls: int) -> None:
        """Advance the review when somebody asks for it: received, pending, and then the decision."""
        if self.approval.status not in ("received", "pending"):
            return
        self.polls += 1
        if self.polls <= pending_polls:
            self.approval.status = "pending"
            return
        flaw = why_rejected(self) if decision.status == "approved" else ""
        self.decide(Decision("rejected", flaw) if flaw else decision)

    def decide(self, decision: Decision) -> None:
        """Set the outcome of the review, now or (pause, new category) long after approval."""
        self.approval.status, self.approval.rejection_reason = decision.status, decision.reason
        self.approval.category = decision.category or self.approval.category

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "created_at": self.created_at.isoformat()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "PretendContent":
        created_at = datetime.fromisoformat(data["created_at"])
        return cls(**{**data, "created_at": created_at, "approval": PretendApproval(**data["approval"])})


def why_rejected(content: PretendContent) -> str:
    """Return why WhatsApp rejects such a template automatically, or ""."""
    body = str(content.face.get("body") or "").strip()
    names = list(dict.fromkeys(PLACEHOLDER.findall(body)))
    words = PLACEHOLDER.sub(" ", body).split()
    urls = " ".join(str(one.get("url") or "") for one in content.face.get("actions") or [])
    flaws = (
        (body.startswith("{{") or body.endswith("}}"), "variables may not begin or end the body"),
        (re.search(r"\}\}\s*\{\{", body), "two variables may not stand side by side"),
        (names != [str(n) for n in range(1, len(names) + 1)], "variables must be numbered 1, 2, 3 in order"),
        (any(not content.variables.get(name) for name in names), "every variable needs a sample"),
        (names and len(words) < 2 * len(names) + 1, "too many variables for so few words"),
        ("wa.me" in urls, "buttons may not link to wa.me"),
    )
    return next((reason for flawed, reason in flaws if flawed), "")


def _value(found: re.Match[str], values: Mapping[str, str], missing: set[str]) -> str:
    if found[1] not in values:
        missing.add(found[1])
    return values.get(found[1], found[0])


def _is_link(action: Mapping[str, Any]) -> bool:
    return bool(action.get("url"))
