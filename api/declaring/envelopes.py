"""The form of every answer: {"data": …}, and for lists {"data": […], "pagination": …}."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from api.declaring.endpoints import Endpoint

MOST, AT_FIRST = 100, 25


class Strict(Schema):
    """A schema of input that refuses unknown fields, so that a misspelt name is noticed."""

    class Meta:
        """marshmallow's options."""

        unknown = RAISE


class PageQuery(Strict):
    """The parameters that choose a part of a list."""

    limit = fields.Integer(
        load_default=AT_FIRST, validate=validate.Range(1, MOST), metadata={"description": "How many at most."}
    )
    cursor = fields.String(
        load_default=None,
        validate=validate.Length(1, 500),
        metadata={
            "description": "Where to go on: `next_cursor` of the page before, with the same filters and sorting."
        },
    )


class Pagination(Schema):
    """Where the next page of a list begins."""

    next_cursor = fields.String(required=True, allow_none=True)
    has_more = fields.Boolean(required=True)


class ProblemSchema(Schema):
    """A problem (RFC 9457)."""

    type = fields.String(required=True, metadata={"description": "Names the problem; leads to its explanation."})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Dict(), metadata={"description": "Which fields are wrong: `pointer` and `detail`."})
    scope = fields.String(metadata={"description": "What a token would need."})


@dataclass(frozen=True)
class Page:
    """A part of a list, and the cursor of the next part."""

    items: Sequence[Any]
    next_cursor: str | None = None


def enveloped(endpoint: Endpoint, result: Any) -> Any:
    """Return a result in the form of its schema."""
    if endpoint.gives is None or not endpoint.many:
        return {"data": result}
    page = result if isinstance(result, Page) else Page(result)
    told = {"next_cursor": page.next_cursor, "has_more": page.next_cursor is not None}
    return {"data": page.items, "pagination": told}


def schema_of(endpoint: Endpoint) -> type[Schema] | None:
    """Return the schema of a whole answer; None if the answer has no body."""
    if endpoint.gives is None:
        return None
    key = (endpoint.gives, endpoint.many)
    if key not in _made:
        nested = fields.Nested(endpoint.gives)
        name = endpoint.gives.__name__.removesuffix("Schema")
        if endpoint.many:
            parts = {"data": fields.List(nested, required=True), "pagination": fields.Nested(Pagination, required=True)}
            _made[key] = Schema.from_dict(parts, name=f"{name}List")
        else:
            _made[key] = Schema.from_dict({"data": fields.Nested(endpoint.gives, required=True)}, name=f"{name}Answer")
    return _made[key]


_made: dict[tuple[type[Schema], bool], type[Schema]] = {}
