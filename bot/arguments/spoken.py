"""The words for the values of arguments."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from bot.arguments.choices import Each, Picture, Setting
from bot.words.lines import Word

Found = tuple[Any, Sequence[int]]
Reader = Callable[[Sequence[Word]], Found | None]
FIELDS = {
    "sports": "sports sport types",
    "time": "time duration hours",
    "distance": "distance km kilometres miles",
    "count": "count sessions number",
    "points": "points score",
    "elevation": "elevation climb ascent",
    "steps": "steps",
    "calories": "calories kcal",
    "titles": "titles title names",
}
YES = {"yes", "y", "ok", "okay", "sure", "agree", "agreed", "yep", "yeah", "ja", "oui", "si", "👍"}
PLAINLY_YES = {"yes", "y", "ok", "okay", "yep", "yeah"}
SETTINGS = {
    "ranking": Setting.RANKING, "rankings": Setting.RANKING, "medals": Setting.RANKING, "places": Setting.RANKING,
    "cheer": Setting.CHEER_BELOW, "cheering": Setting.CHEER_BELOW,
    "manual": Setting.MANUAL_PERCENT, "hand": Setting.MANUAL_PERCENT,
    "week": Setting.WEEK_START, "weeks": Setting.WEEK_START,
    "approval": Setting.APPROVAL, "approvals": Setting.APPROVAL, "approve": Setting.APPROVAL,
    "invite": Setting.MEMBERS_INVITE, "invites": Setting.MEMBERS_INVITE, "inviting": Setting.MEMBERS_INVITE,
    "challenge": Setting.MEMBERS_CHALLENGE, "challenges": Setting.MEMBERS_CHALLENGE,
}  # fmt: skip
AROUND_SETTINGS = {
    "below", "under", "entries", "entered", "percent", "count", "counts", "start", "starts", "begins", "members",
    "everybody", "everyone", "may", "can", "new", "mode",
}  # fmt: skip
OFF = {"off", "never", "stop", "none", "no"}
EACH = {"daily": Each.DAY, "weekly": Each.WEEK, "monthly": Each.MONTH}
ON = {"on", "enable", "enabled", "start"}
PICTURES = (
    ({"week", "days", "today"}, Picture.WEEK),
    ({"trend", "trends", "weeks", "history", "progress"}, Picture.TREND),
    ({"sport", "sports", "mix", "split"}, Picture.SPORT),
)
WEEKS_IN = {"week": 1, "fortnight": 2, "month": 4, "year": 52}
SESSIONS = {
    "one", "session", "activity", "workout", "training", "run", "ride", "swim", "walk", "hike", "jog", "entry",
}  # fmt: skip
BESIDE_A_NAME = {"myself", "vs", "versus", "against", "v"}  # "compare myself with Ben"
POSSESSIVE = re.compile(r"['’]s$", re.IGNORECASE)
CODE = re.compile(r"[A-HJKMNP-Z2-9]{6}")
LINK_CODE = re.compile(r"[BCDFGHJKLMNPQRSTVWXZ]{6}")  # the letters of `services.training.binding`; a test compares them
