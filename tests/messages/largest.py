"""One fact for each name that a template may need, with the longest names and the largest figures."""

from datetime import UTC, date, datetime, time
from types import SimpleNamespace
from typing import Any

from bot import commands as _declared  # noqa: F401 - importing declares them
from bot.declaring.command import group_by_topic
from fitness.dates import Dates
from fitness.goals import forecast_goal
from fitness.impossible import Impossible, Wrong
from fitness.met import Met
from fitness.metrics import FIELDS, Metric
from fitness.points import Because, Score
from fitness.ranking import RankedPlace
from fitness.schedules import Weekly
from fitness.sports import Sport
from fitness.streaks import Streak
from messages.words import MOST, clean_name
from models import Scope
from services.ground.group_settings import GroupSettings
from services.play.contests import ContestLine
from services.play.standings import Board, BoardRow, gather_board_facts
from services.training.scoring import Leg, Recount
from services.training.totals import Totals

NAME = clean_name("שם" * MOST)
DESCRIPTION = clean_name("שם " * 200, 200)
YEAR = 8_784 * 3600.0  # the seconds of a leap year: no larger time is possible
BIG = Totals(
    9_999,
    YEAR,
    99_999_000.0,
    dict.fromkeys((Sport.STRENGTH, Sport.MULTI, Sport.CARDIO, Sport.PADDLE), YEAR),
    points=99_999.0,
    elevation=999_999.0,
)
BIGGEST = Totals(499_950, 50 * YEAR, 4_999_950_000.0, BIG.sports, points=4_999_950.0, elevation=49_999_950.0)
LITTLE = Totals(1, 36_000.0, 1_000.0, {Sport.RUN: 36_000.0}, points=100.0)
NONE = Totals()
WHEN = datetime(2026, 12, 30, 22, 58, tzinfo=UTC)
CROSSING = Dates(date(2024, 12, 30), date(2025, 12, 29))


def person(number: int = 1, name: str = NAME) -> Any:
    return SimpleNamespace(id=number, name=name)


def group(**more: Any) -> Any:
    facts = {
        "name": NAME,
        "timezone": "America/Argentina/ComodRivadavia",
        "description": DESCRIPTION,
        "next_digest_at": WHEN,
        "id": 1,
    }
    return SimpleNamespace(**(facts | more))


def membership(number: int, role: str = "member") -> Any:
    return SimpleNamespace(
        id=99_999_999 + number,
        group=group(id=number),
        group_id=number,
        member=person(number),
        role=role,
        since=WHEN,
    )


def board(rows: int, totals: Totals, together: Totals, before: float) -> dict[str, Any]:
    lines = [BoardRow(RankedPlace(i, i, totals.points, tied=False), person(i), totals, -88) for i in range(1, rows + 1)]
    recount = Recount(99, WHEN.date())
    made = Board(
        group(),
        Metric.POINTS,
        CROSSING,
        lines,
        rows,
        together,
        before,
        silent_since=WHEN,
        recount=recount,
        ranked=True,
        veiled={},
        least_metres=0.0,
    )
    return gather_board_facts(made, person(rows - 1))


ACTIVITY = SimpleNamespace(
    id=999_999_999,
    sport=Sport.STRENGTH,
    distance=9_999_999.0,
    duration=YEAR,
    local_date=WHEN.date(),
    manual=True,
    points=400.0,
    doubt="too_few_steps",
    doubt_answer=None,
    excluded_at=None,
)
RUN = SimpleNamespace(**vars(ACTIVITY) | {"manual": False, "doubt": None})
RUN_RECORDS = [
    *(SimpleNamespace(kind="split", metres=each, value=9.9 * each) for each in (1000, 1609, 5000, 10000, 21098, 42195)),
    SimpleNamespace(kind="farthest", metres=0, value=9_999_000.0),
    SimpleNamespace(kind="highest", metres=0, value=99_999.0),
    SimpleNamespace(kind="longest", metres=0, value=YEAR),
]
RECORD = SimpleNamespace(kind="split", metres=21098, value=99_999.0)
SCORE = Score(399.9, Because.LOW, 8_888.8, Met(10.5, "12050"), 9_999.9, capped=True, intensity=9_999, heart=9_999.9)
LEGS = [Leg("open_water_swimming_v2", 8_888.8, 399.9)] * 10
PLACE = SimpleNamespace(place=RankedPlace(49, 1, YEAR, tied=False), totals=BIG)
ACCOUNT = SimpleNamespace(status="linked", last_sync_at=WHEN, next_sync_at=WHEN, last_error="Down", key_ends_at=WHEN)

PRAISE = SimpleNamespace(award="regular", fit=1.0, figure=9_999, weekday=2, sport=Sport.STRENGTH)
EVENT = SimpleNamespace(at=WHEN, action="group.invited", detail={"days": 90, "uses": 500})
OTHER_EVENT = SimpleNamespace(at=WHEN, action="group.set", detail={"setting": "members_challenge", "value": False})

CHALLENGE = SimpleNamespace(
    number=88, name=NAME, contest="together", metric="distance", sport=Sport.MULTI, route=None, target=4_999_950_000.0,
    starts=WHEN.date(), ends=WHEN.date(), ended_at=None,
)  # fmt: skip
AHEAD = forecast_goal(4_999_940_000.0, 4_999_950_000.0, 1e6, CROSSING, CROSSING.end)
SLOW = forecast_goal(1.0, 1e8, 1.0, CROSSING, CROSSING.end)
LINES = [ContestLine(RankedPlace(i, i, 4_999_950_000.0, tied=False), person(i), 4_999_950_000.0) for i in range(1, 10)]
DUEL = SimpleNamespace(one_won=26, other_won=26, since=WHEN.date(), weeks=26)
TOLD = SimpleNamespace(one=person(), other=person(2), duel=DUEL, ahead=person(2), by=28_000)
SEASON = SimpleNamespace(number=99, dates=CROSSING, weeks_over=11, tally=LINES, all_time=LINES)
STANDING = SimpleNamespace(challenge=CHALLENGE, lines=LINES, sharing=50, forecast=AHEAD, is_ranked=True, days_left=366)

BAN = SimpleNamespace(id=999_999, banned_at=WHEN, group=group())

FACTS: dict[str, Any] = {
    "agent": "mozilla/5.0 (linux; android 16) samsungbrowser/29.0 chrome/140.0 mobile safari/537.36",
    "ban": BAN,
    "by": person(),
    "called": NAME,
    "found": [NAME],
    "in_doubt": False,
    "is_known": True,
    "owns": True,
    "stopped": True,
    "is_here": False,
    "rest": NAME,
    "again": "rename group",
    "unnamed": True,
    "ways": SimpleNamespace(garmin=True, others=True),
    "challenge": CHALLENGE,
    "challenges": [CHALLENGE] * 5,
    "contest": "streak",
    "ended": [CHALLENGE] * 3,
    "hidden": True,
    "placed": LINES[:8],
    "my_line": LINES[7],
    "unseen": 42,
    "number": 9_999,
    "of_group": True,
    "open_ones": [CHALLENGE] * 5,
    "other": person(2),
    "progress": SimpleNamespace(metric="distance", sport=Sport.MULTI, dates=CROSSING, forecast=AHEAD),
    "ranking": True,
    "rivals": [TOLD] * 9,
    "route": "lejog",
    "season": SEASON,
    "standing": STANDING,
    "takes_part": False,
    "told": TOLD,
    "winners": [NAME] * 50,
    "activity": ACTIVITY,
    "score": SCORE,
    "low": 9_999.9,
    "high": 9_999.9,
    "legs": LEGS,
    "speed": 999.9,
    "known": 0,
    "listed": [ACTIVITY] * 5,
    "sports": [(Sport.RUN, RUN_RECORDS), (Sport.SWIM, RUN_RECORDS[2:]), (Sport.PADDLE, RUN_RECORDS[-3:])],
    "elsewhere": list(Sport),
    "race": 21098,
    "record": RECORD,
    "streak": Streak(999, 9_999, freeze_ready=False),
    "together_weeks": 9_999,
    "counts": True,
    "dark": True,
    "day": date(2026, 12, 30),
    "landmark": SimpleNamespace(kind="way", start="New York", end="Los Angeles"),
    "metres": 42195,
    "now": YEAR,
    "praise": PRAISE,
    "seconds": YEAR,
    "times": 999,
    "together": True,
    "usual": YEAR,
    "value": YEAR,
    "weekday": 2,
    "weeks": 12,
    "which": "weekday",
    "absence": SimpleNamespace(starts=WHEN.date(), ends=WHEN.date(), shown=True),
    "account": ACCOUNT,
    "connected": [("Garmin", ACCOUNT, WHEN)],
    "source": "Garmin",
    "whom": NAME,
    "who": NAME,
    "waits": True,
    "waiting": [NAME] * 10,
    "role": "admin",
    "requests": [SimpleNamespace(member=person(number), asked_at=WHEN) for number in range(50)],
    "person": person(),
    "numbers": range(1, 11),
    "most_uses": 500,
    "most_days": 90,
    "lines": [f"Wed 30 Dec 23:59 {NAME} made {NAME} a member again"] * 20,
    "invites": [SimpleNamespace(expires_at=WHEN, uses=499, most_uses=500)] * 100,
    "for_good": True,
    "erased": [BAN] * 30,
    "event": EVENT,
    "my_act": SimpleNamespace(at=WHEN, action="operator.saw_messages", way="operator"),
    "actor": "operator",
    "acted_in": NAME,
    "count": 9_999,
    "chosen": GroupSettings(),
    "before": NAME,
    "answer": "approved",
    "admins": [NAME] * 50,
    "act": "share",
    "activities": [ACTIVITY] * 5,
    "alone": False,
    "at": time(23, 59),
    "change": "▲9,999%",
    "changed": True,
    "code": 9999,
    "command": SimpleNamespace(name="leaderboard", help="See who moved most", examples=("lb",) * 4, aliases=("lb",)),
    "current": 10,
    "dates": CROSSING,
    "days": 30,
    "against": CROSSING,
    "each": "session",
    "earlier": LITTLE,
    "then": 9_999.4,
    "end": time(7, 30),
    "enough": True,
    "excluded": True,
    "fewest": 3,
    "field": "titles",
    "over": False,
    "pair": [(person(1), BIGGEST), (person(2), BIGGEST)],
    "parts": 1.0,
    "you": 1,
    "earliest": WHEN.date(),
    "first": date(2026, 1, 1),
    "given": SimpleNamespace(giver=person(), group=group(), words="a great ride " * 6),
    "gone": 99_999,
    "group": group(),
    "groups": [NAME] * 10,
    "heirs": [(NAME, NAME)] * 3,
    "hours": 24,
    "device": NAME,
    "programs": [SimpleNamespace(device=NAME, last_used_at=WHEN)] * 50,
    "scripts": [SimpleNamespace(name=NAME, expires_at=WHEN)] * 20,
    "called_off": True,
    "feed": SimpleNamespace(group=group()),
    "feeds": [SimpleNamespace(group=group(), made_at=WHEN, last_read_at=WHEN)] * 20,
    "feed_count": 20,
    "goal": SimpleNamespace(target=99_999_000.0, metric="distance", sport=Sport.MULTI, starts=WHEN.date()),
    "run": SimpleNamespace(period_start=CROSSING.start, period_end=CROSSING.end),
    "program_count": 50,
    "script_count": 20,
    "webhooks": [SimpleNamespace(name=NAME, off_at=WHEN)] * 10,
    "webhook_count": 10,
    "webhook": SimpleNamespace(name=NAME),
    "in_group": False,
    "invitation": SimpleNamespace(code="K7QX2M", expires_at=WHEN, uses=500, group=group()),
    "inviter": person(),
    "is_for_today": True,
    "is_new": True,
    "kept": 99_999,
    "kind": "sticker",
    "languages": [NAME],
    "last": WHEN,
    "left_out": 99_999,
    "latest": WHEN.date(),
    "link": "https://wa.me/491701234567890?text=join%20K7QX2M",
    "linked": 50,
    "may": True,
    "member": person(),
    "membership": SimpleNamespace(hidden=False, anonymous=False),
    "memberships": [membership(number) for number in range(1, 11)],
    "method": "personal_key",
    "metric": Metric.DISTANCE,
    "minutes": 15,
    "most": 10,
    "name": "link garmin",
    "nearest": [1, 2, 3],
    "new": 99_999,
    "newest": ACTIVITY,
    "of": 50,
    "on": True,
    "others": [NAME] * 49,
    "in_a_row": 9_999,
    "percent": 9_999,
    "people": [membership(1, "owner"), *(membership(number) for number in range(2, 51))],
    "place": PLACE,
    "points": 4_999_950.0,
    "problem": "impossible",
    "reference": "0123abcd",
    "resumed": False,
    "schedule": Weekly(2, time(23, 59)),
    "sessions": [ACTIVITY] * 100,
    "setting": "manual_percent",
    "shares": list(FIELDS),
    "size": 50,
    "sport": Sport.STRENGTH,
    "since": WHEN,
    "start": time(21, 30),
    "starts": WHEN.date(),
    "stop": 3,
    "strange": "שם " * 2_000,
    "today": date(2026, 11, 18),
    "topic": "*x* " * 1_000,
    "topics": list(group_by_topic()),
    "neighbours": group_by_topic()["groups"],
    "totals": BIG,
    "twins": True,
    "typed": "link_garmin " * 10,
    "timed": Sport.YOGA,
    "titles": [NAME] * 3,
    "fields": ("time", "distance", "sports"),
    "unshared": list(FIELDS),
    "until": WHEN,
    "due": WHEN,
    "version": "0.10.10",
    "up_to": WHEN,
    "url": "https://a-long-name-of-somebodys-app-1234567890.herokuapp.com/link/" + "x" * 43,
    "wanted": NAME,
    "scopes": [each.value for each in Scope],
    "what": "invite people",
    "whose": NAME,
    "why": Impossible(Wrong.COMES_AFTER, "Wednesday, 29 February 2023", "Tuesday, 28 February 2023"),
    "part": "99,999 pts",
    "whole": "99,999 pts",
    "zone": "America/Argentina/ComodRivadavia",
} | board(50, BIG, BIGGEST, LITTLE.points)

# The other value, for facts that have two.
OTHERWISE: dict[str, Any] = {
    "called": None,
    "in_doubt": True,
    "is_known": False,
    "owns": False,
    "stopped": False,
    "is_here": True,
    "rest": "",
    "again": None,
    "unnamed": True,
    "ways": SimpleNamespace(garmin=False, others=False),
    "challenge": SimpleNamespace(**(vars(CHALLENGE) | {"name": None, "contest": "improved", "ended_at": WHEN})),
    "ended": [],
    "hidden": False,
    "placed": [],
    "my_line": None,
    "unseen": 0,
    "numbers": [],
    "of_group": False,
    "open_ones": [],
    "progress": SimpleNamespace(metric="time", sport=None, dates=CROSSING, forecast=SLOW),
    "ranking": False,
    "rivals": [],
    "season": SimpleNamespace(number=1, dates=CROSSING, weeks_over=0, tally=[], all_time=[]),
    "standing": SimpleNamespace(**(vars(STANDING) | {"forecast": None, "is_ranked": False, "days_left": 0})),
    "takes_part": True,
    "told": None,
    "winners": [],
    "activity": RUN,
    "counts": False,
    "elsewhere": [],
    "known": 3,
    "listed": [RUN] * 5,
    "record": SimpleNamespace(kind="highest", metres=21098, value=99_999.0),
    "score": Score(399.9, Because.LEGS, 8_888.8, Met(10.5, ""), 9_999.9, capped=True),
    "speed": None,
    "streak": Streak(0, 999, safe=False),
    "absence": SimpleNamespace(starts=date(2026, 11, 18), ends=None, shown=False),
    "account": SimpleNamespace(status="needs_relink", last_sync_at=None, last_error=None, key_ends_at=None),
    "connected": [("Garmin", SimpleNamespace(status="linked", last_sync_at=None, key_ends_at=None), None)],
    "alone": True,
    "up_to": None,
    "whom": None,
    "who": None,
    "waits": False,
    "waiting": [],
    "role": "member",
    "requests": [],
    "lines": [],
    "invites": [],
    "for_good": False,
    "event": OTHER_EVENT,
    "count": 0,
    "chosen": GroupSettings(False, 50, 100, 6, True, True, True),
    "answer": "dropped",
    "changed": False,
    "enough": False,
    "excluded": False,
    "first": None,
    "gone": None,
    "groups": [],
    "heirs": [(NAME, NAME)] * 9,
    "is_for_today": False,
    "is_new": False,
    "kept": 1,
    "kind": "text",
    "left_out": 1,
    "stop": 1,
    "linked": 0,
    "may": False,
    "memberships": [],
    "nearest": [],
    "membership": SimpleNamespace(hidden=False, anonymous=True),
    "method": "password",
    "new": 0,
    "newest": None,
    "problem": "unknown_kind",
    "on": False,
    "resumed": True,
    "schedule": None,
    "setting": "ranking",
    "sessions": [ACTIVITY],
    "shares": [],
    "sport": None,
    "start": time(7, 30),
    "titles": [],
    "topic": None,
    "twins": False,
    "unshared": [],
    "wanted": "",
    "why": Impossible(Wrong.TOO_SELDOM),
} | board(2, NONE, NONE, 0.0)
