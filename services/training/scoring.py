"""Effort points of stored activities: computed when a row is stored, and again when the formula has changed."""

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
# Reads a recording again from the stored raw data; returns None if that is not possible.
ReadAgain = Callable[[Mapping[str, Any]], Recording | None]


def score_row(activity: Activity) -> Score:
    """Write the points of an activity, how they were computed, and a doubt if there is one, into
    its row. Returns the score.

    If an earlier release computed its figures and they can be computed again, the row stays due for `score_some`.
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
    """Score a multisport activity by its legs. Returns False if they were already known."""
    known = activity.processed_metrics.get("legs", {})
    new = known | {str(leg.id): {"type": leg.type_key} | read_metrics(leg) for leg in legs}
    if new == known:
        return False
    activity.processed_metrics = activity.processed_metrics | {"legs": new}
    score_row(activity)
    return True


def read_score(activity: Activity) -> Score | None:
    """Return the stored score of an activity; None if no formula has scored it yet."""
    kept = activity.processed_metrics.get("score")
    if kept is None:
        return None
    return Score(**kept | {"met": Met(*kept["met"]), "because": Because(kept["because"])})


@dataclass(frozen=True)
class Leg:
    """A leg of a multisport activity: its type, its minutes and its points."""

    type: str
    minutes: float
    points: float


def find_legs(activity: Activity) -> list[Leg]:
    """Return the legs of a multisport activity that earned points, in their order; none for any other activity."""
    legs = activity.processed_metrics.get("legs", {})
    made = [(leg, score(_effort(leg["type"], manual=False, figures=leg))) for _, leg in sorted(legs.items())]
    return [Leg(leg["type"], each.minutes, each.points) for leg, each in made if each.points]


def is_due(session: Session) -> bool:
    """Return whether an activity has points of an older formula, or none."""
    return bool(session.scalar(select(has_outdated_points())))


def has_outdated_points() -> Exists:
    """Return the condition that an activity has points of an older formula, or none."""
    return exists().where(Activity.points_version < FORMULA.version)


def score_some(session: Session, read_again: ReadAgain, now: datetime, most: int = 500) -> int:
    """Score up to `most` activities whose points are outdated, and return how many. Several workers
    may do this at once.
    """
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
    """Compute the figures again if an earlier release stored fewer of them and the source's
    raw data are still stored.
    """
    figures = activity.processed_metrics
    if figures.get("version") == VERSION or not activity.raw_data:
        return
    recording = read_again(activity.raw_data)
    made = read_metrics(recording) if recording else figures | {"version": VERSION}
    activity.processed_metrics = made | {name: figures[name] for name in ("legs",) if name in figures}


def _outdated() -> Any:
    return select(Activity).where(Activity.points_version < FORMULA.version)


def measure_progress(session: Session) -> tuple[FormulaRun | None, int]:
    """Return the run of the newest formula, if it has begun, and how many activities still wait for it."""
    run = session.get(FormulaRun, FORMULA.version)
    if run is not None and run.done_at is not None:
        return run, 0
    waiting = select(func.count()).where(Activity.points_version < FORMULA.version)
    return run, session.scalar(waiting) or 0


@dataclass(frozen=True)
class Recount:
    """Points that were computed again by this version of the formula, or still are (then `since` is None)."""

    version: int
    since: date | None


def find_recount(session: Session, dates: Dates) -> Recount | None:
    """Return what to say beside the figures of these days about a formula that has changed lately; None for nothing."""
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
    """Return a measured figure, or None for a value that cannot be one: an odd row must not stop
    others from being read.
    """
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
