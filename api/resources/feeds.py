"""Addresses for calendar apps and feed readers, which need no token."""

from typing import Any
from uuid import UUID

from api.declaring import paging
from api.declaring.call import Call
from api.declaring.endpoints import endpoint
from api.declaring.envelopes import PageQuery
from api.declaring.problems import refuse
from api.schemas.feeds import FeedSchema, NewFeedBody, NewFeedSchema
from models import FeedKind, Scope
from services.people import feeds


@endpoint("GET", "/feeds", scope=Scope.ACCOUNT, query=PageQuery, gives=FeedSchema, many=True)
def list_feeds(call: Call, query: dict[str, Any]) -> Any:
    """List your addresses for calendar apps and feed readers, the oldest first."""
    return paging.of_list(call, feeds.list_feeds(call.session, call.member), query)


@endpoint("POST", "/feeds", scope=Scope.ACCOUNT, body=NewFeedBody, gives=NewFeedSchema, status=201)
def make_feed(call: Call, body: dict[str, Any]) -> Any:
    """Make an address: a calendar of all your groups, or the digests of one group. Whoever has it can read it."""
    kind = FeedKind(body["kind"])
    if (body["group_id"] is None) != (kind is FeedKind.CALENDAR):
        detail = "It belongs to the kind digests, and to that alone."
        refuse("not-valid", errors=[{"pointer": "json:/group_id", "detail": detail}])
    group = call.place(body["group_id"]).group if body["group_id"] is not None else None
    row, path = feeds.make_feed(call.session, call.member, kind, call.now, group)
    told = {name: getattr(row, name) for name in FeedSchema().fields}
    return {**told, "url": f"{call.world.settings.base_url}{path}"}


@endpoint("DELETE", "/feeds/<uuid:feed_id>", scope=Scope.ACCOUNT, status=204)
def end_feed(call: Call, feed_id: UUID) -> None:
    """End an address at once."""
    feeds.end_feed(call.session, feeds.find_mine(call.session, call.member, feed_id) or refuse("not-found"), call.now)
