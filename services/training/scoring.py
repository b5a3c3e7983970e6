"""Effort points of stored activities: computed when a row is stored, and anew when the formula has changed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Exists, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from fitness.met import Met
from fitness.periods import Dates
from fitness.points import FORMULA, Because, Score, ScoredEffort, score, score_legs
from fitness.sanity import find_doubt
from models import Activity, FormulaRun
from providers.recordings import Recording
from services.training.activity_figures import VERSION, read_metrics

SAID_FOR = timedelta(days=7)
# How the recording is read again from what was kept of it; None where it cannot be.
ReadAgain = Callable[[Mapping[str, Any]], Recording | None]


def score_row(activity: Activity) -> Score:
    """Write points, the way to them, and what is strange about it, into a row. Gives the way.

    A row whose figures an earlier release made stays due, if they can be made anew: `score_some` does that.
    """
    figures = activity.processed_metrics
    effort = _effort(activity.type, activity.manual, figures)
    legs = [score(_effort(leg["type"], manual=False, figures=leg)) for leg in figures.get("legs", {}).values()]
    made = score_legs(legs) if legs else score(effort)
    is_old = figures.get("version") != VERSION and activity.raw_data
    activity.points, activity.points_version = made.points, 0 if is_old else made.version
    activity.processed_metrics = figures | {"score": _written(made)}
    activity.doubt = find_doubt(effort, _sound(figures.get("steps")))
    return made


def add_legs(activity: Activity, legs: Iterable[Recording]) -> bool:
    """Let a multisport session be scored by its parts. False when they were known."""
    known = activity.processed_metrics.get("legs", {})
    new = known | {str(leg.id): {"type": leg.type_key} | read_metrics(leg) for leg in legs}
    if new == known:
        return False
    activity.processed_metrics = activity.processed_metrics | {"legs": new}
    score_row(activity)
    return True


def read_score(activity: Activity) -> Score | None:
    """The way to an activity's points as it was stored; None where no formula has looked at it yet."""
    kept = activity.processed_metrics.get("score")
    if kept is None:
        return None
    return Score(**kept | {"met": Met(*kept["met"]), "because": Because(kept["because"])})


@dataclass(frozen=True)
class Leg:
    """A part of a multisport session: its type, its minutes and its points."""

    type: str
    minutes: float
    points: float


def find_legs(activity: Activity) -> list[Leg]:
    """The parts of a multisport session that earned something, in their order; none of any other."""
    legs = activity.processed_metrics.get("legs", {})
    made = [(leg, score(_effort(leg["type"], manual=False, figures=leg))) for _, leg in sorted(legs.items())]
    return [Leg(leg["type"], each.minutes, each.points) for leg, each in made if each.points]


def is_due(session: Session) -> bool:
    """Whether an activity has points of an older formula, or none."""
    return bool(session.scalar(select(has_outdated_points())))


def has_outdated_points() -> Exists:
    """The condition that an activity has points of an older formula, or none."""
    return exists().where(Activity.points_version < FORMULA.version)


def score_some(session: Session, read_again: ReadAgain, now: datetime, most: int = 500) -> int:
    """Score some activities that an older formula scored. Any number may do this at once. Gives how many."""
    rows = list(session.scalars(_outdated().limit(most).with_for_update(skip_locked=True)))
    for row in rows:
        _renew_figures(row, read_again)
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


def _renew_figures(activity: Activity, read_again: ReadAgain) -> None:
    """Make the figures anew where an earlier release kept fewer, as long as we have what the source told."""
    figures = activity.processed_metrics
    if figures.get("version") == VERSION or not activity.raw_data:
        return
    recording = read_again(activity.raw_data)
    made = read_metrics(recording) if recording else figures | {"version": VERSION}
    activity.processed_metrics = made | {name: figures[name] for name in ("legs",) if name in figures}


def _outdated() -> Any:
    return select(Activity).where(Activity.points_version < FORMULA.version)


def measure_progress(session: Session) -> tuple[FormulaRun | None, int]:
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


def find_recount(session: Session, dates: Dates) -> Recount | None:
    """What to say beside figures of these days about a formula that has just changed."""
    run = session.get(FormulaRun, FORMULA.version)
    if run is None:
        return None
    if run.done_at is None:
        return Recount(run.version, None)
    since = run.done_at.date()
    return Recount(run.version, since) if dates.start <= since <= dates.end + SAID_FOR else None


def _effort(type_key: str, manual: bool, figures: dict[str, Any]) -> ScoredEffort:
    parent, known = figures.get("parent_type"), {name: _sound(figures.get(key)) for name, key in MEASURED.items()}
    return ScoredEffort(
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
