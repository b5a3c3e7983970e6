"""The endpoints of the API, one file per topic. Importing this declares all of them."""

from api.resources import access, activities, challenges, digests, groups, me, play, roster, sharing, sign_in, webhooks

__all__ = [
    "access",
    "activities",
    "challenges",
    "digests",
    "groups",
    "me",
    "play",
    "roster",
    "sharing",
    "sign_in",
    "webhooks",
]
