"""Reads a scene from the database, and returns what a run must store about it."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from fitness.dates import Dates, find_month
from fitness.metrics import Metric
from models import DigestRun, Group, RunStatus
from services.digest.stories import corrections, history
from services.digest.stories.scene import Scene
from services.digest.stories.text import Teller
from services.ground.group_settings import GroupSettings, read_settings
from services.group import away, privacy
from services.play import challenges, goals, rivalry, series, standings
from services.play.standings import Board
from services.training import records

METRIC = Metric.POINTS
DAYS_IN_WEEK = 7
FIELDS = ("count", "time", "distance", "sports", "elevation")


def make_scene(session: Session, group: Group, dates: Dates, before: Dates | None = None) -> Scene:
    """Return the scene of a group's days, compared with the days `before`; by default as many days just before them."""
    board = make_digest_board(session, group, dates, before)
    shown = privacy.find_shown(session, group, [METRIC], dates.start)
    visible = {key: each.member for key, each in shown.items()}
    last = find_last_before(session, group, dates)
    said: Mapping[str, int] = (last.content or {}).get("said", {}) if last else {}
    settings = read_settings(group)
    weeks = history.read_weeks(session, visible, dates, settings.manual)
    return Scene(
        board=board,
        ranked=settings.is_ranked(len(board.rows)),
        cheer_below=settings.cheer_below if settings.ranking else 0,
        away=[(each.member, each.until) for each in away.list_shown(session, visible, dates.end)],
        past=history.read_past(session, visible, dates),
        weeks=_named(shown, weeks.points),
        streaks=_streaks(session, shown, weeks, dates, settings),
        visible=frozenset(visible),
        shared={what: frozenset(key for key, each in shown.items() if what in each.fields) for what in FIELDS},
        said=said,
        records=records.list_records(session, list(visible), dates),
        goal=goals.measure_progress(session, group, dates.end),
        challenges=challenges.list_running(session, group, dates.end),
        rivalry=rivalry.find_rivalry_of_week(session, group, dates) if dates.days == DAYS_IN_WEEK else None,
        correction=corrections.find_corrections(last, visible) if last else None,
    )


def make_digest_board(session: Session, group: Group, dates: Dates, before: Dates | None = None) -> Board:
    """Return the board that a digest is about."""
    return standings.make_board(session, group, METRIC, dates, before or find_stretch_before(dates))


def make_content(teller: Teller) -> dict[str, Any]:
    """Return what a run stores: everybody's place, for corrections, and the chosen texts, for the next digest."""
    scene = teller.scene
    return {
        "metric": scene.board.metric,
        "places": {str(row.member.id): row.place.place for row in scene.rows},
        "values": {str(row.member.id): row.place.value for row in scene.rows},
        "visible": sorted(scene.visible),
        "ranked": scene.ranked,
        "seconds": scene.board.together.time,
        "sessions": scene.board.together.count,
        "said": teller.said,
    }


def find_last_before(session: Session, group: Group, dates: Dates) -> DigestRun | None:
    """Return the newest digest that was sent about days before these, or None."""
    query = select(DigestRun).where(
        DigestRun.group_id == group.id, DigestRun.status == RunStatus.SENT, DigestRun.period_end < dates.start
    )
    return session.scalar(query.order_by(DigestRun.period_end.desc()).limit(1))


def _named(
    shown: Mapping[int, privacy.SharedWithGroup], weeks: Mapping[date, Mapping[int, float]]
) -> Mapping[date, Mapping[int, float]]:
    """Return the weeks without the values of members who were shown without a name in them."""
    return {
        week: {key: value for key, value in values.items() if shown[key].may_be_named_on(week)}
        for week, values in weeks.items()
    }


def _streaks(
    session: Session,
    shown: Mapping[int, privacy.SharedWithGroup],
    weeks: history.PastWeeks,
    dates: Dates,
    settings: GroupSettings,
) -> Mapping[int, int]:
    """Return the active weeks in a row of each member whose name may be shown for all weeks that can
    belong to the streak.
    """
    first = dates.start - series.HISTORY
    people = [key for key, each in shown.items() if "count" in each.fields and each.may_be_named_on(first)]
    if dates.days != DAYS_IN_WEEK or not people:
        return {}
    found = history.read_streaks(session, people, weeks, dates, settings)
    return {key: each.weeks for key, each in found.items() if each.safe}


def find_stretch_before(dates: Dates) -> Dates:
    """Return the month before if the days are a month, else as many days just before them."""
    eve = dates.start - timedelta(1)
    return find_month(eve) if dates == find_month(dates.start) else dates.moved(-dates.days)
