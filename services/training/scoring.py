"""Effort points of stored activities: computed when a row is stored, and anew when the formula has changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Exists, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from fitness.met import Met
from fitness.periods import Dates
from fitness.points import FORMULA, Because, Effort, Score, score, score_legs
from fitness.sanity import doubt_about
from models import Activity, FormulaRun
from services.training.metrics import VERSION, metrics_of

SAID_FOR = timedelta(days=7)


def score_row(activity: Activity) -> Score:
    """Write points, the way to them, and what is strange about it, into a row. Gives the way."""
    figures = activity.processed_metrics
    if figures.get("version") != VERSION and activity.raw_data:  # an earlier release kept less: made anew, once
        figures = metrics_of(activity.raw_data) | _kept_legs(figures)
    effort = _effort(activity.type, activity.manual, figures)
    legs = [score(_effort(leg["type"], manual=False, figures=leg)) for leg in figures.get("legs", {}).values()]
    made = score_legs(legs) if legs else score(effort)
    activity.points, activity.points_version = made.points, made.version
    activity.processed_metrics = figures | {"score": _written(made)}
    activity.doubt = doubt_about(effort, _sound(figures.get("steps")))
    return made


def add_legs(activity: Activity, legs: Iterable[dict[str, Any]]) -> bool:
    """Let a multisport session be scored by its parts, rows of Garmin's list. False when they were known."""
    known = activity.processed_metrics.get("legs", {})
    new = known | {str(leg["activityId"]): _leg(leg) for leg in legs}
    if new == known:
        return False
    activity.processed_metrics = activity.processed_metrics | {"legs": new}
    score_row(activity)
    return True


def score_of(activity: Activity) -> Score | None:
    """The way to an activity's points as it was stored; None where no formula has looked at it yet."""
    kept = activity.processed_metrics.get("score")
    if kept is None:
        return None
    return Score(**kept | {"met": Met(*kept["met"]), "because": Because(kept["because"])})


@dataclass(frozen=True)
class Leg:
    """A part of a multisport session: Garmin's name for its kind, its minutes and its points."""

    type: str
    minutes: float
    points: float


def legs_of(activity: Activity) -> list[Leg]:
    """The parts of a multisport session that earned something, in their order; none of any other."""
    legs = activity.processed_metrics.get("legs", {})
    made = [(leg, score(_effort(leg["type"], manual=False, figures=leg))) for _, leg in sorted(legs.items())]
    return [Leg(leg["type"], each.minutes, each.points) for leg, each in made if each.points]


def is_due(session: Session) -> bool:
    """Whether an activity has points of an older formula, or none."""
    return bool(session.scalar(select(outdated())))


def outdated() -> Exists:
    """The condition that an activity has points of an older formula, or none."""
    return exists().where(Activity.points_version < FORMULA.version)


def score_some(session: Session, now: datetime, most: int = 500) -> int:
    """Score some activities that an older formula scored. Any number may do this at once. Gives how many."""
    rows = list(session.scalars(_outdated().limit(most).with_for_update(skip_locked=True)))
    for row in rows:
        score_row(row)
    if rows:
        opened = insert(FormulaRun).values(version=FORMULA.version, began_at=now, activities=len(rows))
        more = {"activities": FormulaRun.activities + len(rows), "done_at": None}
        session.execute(opened.on_conflict_do_update(index_elements=["version"], set_=more))
    session.flush()
    if len(rows) < most and not is_due(session):
        run = session.get(FormulaRun, FORMULA.version, populate_existing=True)
        if run is not None and run.done_at is None:
            run.done_at = now
    return len(rows)


def _outdated() -> Any:
    return select(Activity).where(Activity.points_version < FORMULA.version)


def progress(session: Session) -> tuple[FormulaRun | None, int]:
    """How far the newest formula has come, and how many activities wait for it."""
    run = session.get(FormulaRun, FORMULA.version)
    if run is not None and run.done_at is not None:
        return run, 0
    waiting = select(func.count()).where(Activity.points_version < FORMULA.version)
    return run, session.scalar(waiting) or 0


@dataclass(frozen=True)
class Recount:
    """Points that were counted anew, or are being so (`since` is None), by the formula of this version."""

    version: int
    since: date | None


def recount(session: Session, dates: Dates) -> Recount | None:
    """What to say beside figures of these days about a formula that has just changed."""
    run = session.get(FormulaRun, FORMULA.version)
    if run is None:
        return None
    if run.done_at is None:
        return Recount(run.version, None)
    since = run.done_at.date()
    return Recount(run.version, since) if dates.start <= since <= dates.end + SAID_FOR else None


def _effort(type_key: str, manual: bool, figures: dict[str, Any]) -> Effort:
    parent, known = figures.get("parent_type"), {name: _sound(figures.get(key)) for name, key in MEASURED.items()}
    return Effort(
        type_key=type_key,
        parent_id=parent if isinstance(parent, int) else None,
        minutes=known.pop("minutes") or 0.0,
        manual=manual,
        **known,
    )


MEASURED = {
    "minutes": "minutes",
    "moving_minutes": "moving_minutes",
    "km": "km",
    "climb": "climb",
    "watts": "power",
    "heart_rate": "heart_rate",
    "moderate": "moderate_minutes",
    "vigorous": "vigorous_minutes",
}


def _sound(value: Any) -> float | None:
    """A measured figure, or None for what cannot be one: a row that is odd must not keep others from being read."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < MOST else None


MOST = 1e9


def _leg(raw: dict[str, Any]) -> dict[str, Any]:
    return {"type": str((raw.get("activityType") or {}).get("typeKey") or "other")} | metrics_of(raw)


def _kept_legs(figures: dict[str, Any]) -> dict[str, Any]:
    return {"legs": figures["legs"]} if "legs" in figures else {}


def _written(made: Score) -> dict[str, Any]:
    return {
        "points": made.points,
        "because": made.because.value,
        "minutes": made.minutes,
        "met": [made.met.value, made.met.code, made.met.edition],
        "table": made.table,
        "intensity": made.intensity,
        "heart": made.heart,
        "capped": made.capped,
        "version": made.version,
    }
