"""One file per topic of the API; importing this declares them all."""

from api.resources import access, activities, challenges, digests, groups, me, play, roster, sharing, sign_in

__all__ = ["access", "activities", "challenges", "digests", "groups", "me", "play", "roster", "sharing", "sign_in"]
