"""The endpoints of the API, one file per topic. Importing this declares all of them."""

from api.resources import (
    access,
    activities,
    away,
    challenges,
    digests,
    feeds,
    groups,
    me,
    play,
    rivalry,
    roster,
    sharing,
    sign_in,
    webhooks,
)

__all__ = [
    "access",
    "activities",
    "away",
    "challenges",
    "digests",
    "feeds",
    "groups",
    "me",
    "play",
    "rivalry",
    "roster",
    "sharing",
    "sign_in",
    "webhooks",
]
