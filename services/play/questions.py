"""Calculations for questions in plain language."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from fitness.metrics import Metric
from fitness.periods import BadPeriod, Dates, Period
from fitness.sports import Sport
from models import Activity, Member
from services.ground.group_settings import GroupSettings
from services.play.board_figures import Asking
from services.training.totals import Totals, make_counting_conditions

EVER = Dates(date.min, date.max)
DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12}
FARTHEST = 1_000  # metres: the distance of a swim is worth telling, a yoga class has none


def count_parts(totals: Totals, each: str | None, dates: Dates, today: date) -> float | None:
    """Return by how many days, weeks, months or sessions a sum must be divided; None if no average is asked for.

    Future days do not count, and the result is at least one.
    """
    if each is None:
        return None
    if each == "session":
        return float(max(totals.count, 1))
    days = (min(dates.end, max(today, dates.start)) - dates.start).days + 1
    return max(days / DAYS[each], 1.0)


def sum_up(
    session: Session,
    member: Member,
    metric: Metric | None,
    sport: Sport | None,
    dates: Dates,
    before: Dates,
    settings: GroupSettings,
) -> tuple[Totals, float]:
    """Return a member's totals in these days, with steps if they are asked for, and the metric's figure in `before`."""
    figures = Asking(session, [member.id], metric or Metric.TIME, sport, settings).figures(dates, before)
    return figures.totals.get(member.id, Totals()), figures.before.get(member.id, 0.0)


def find_longest(session: Session, member: Member, dates: Dates | None, sport: Sport | None) -> Activity | None:
    """Return the member's farthest activity in these days; if none has a distance, the longest one."""
    query = select(Activity).where(Activity.member_id == member.id, *make_counting_conditions(dates or EVER, sport))
    far = query.where(Activity.distance >= FARTHEST).order_by(Activity.distance.desc(), Activity.id).limit(1)
    slow = query.order_by(Activity.duration.desc().nulls_last(), Activity.id).limit(1)
    return session.scalar(far) or session.scalar(slow)


def find_whole_before(period: Period, today: date) -> Dates:
    """Return the whole period before this one; before all time, the first day of the calendar."""
    try:
        return period.previous(today)
    except BadPeriod:
        return Dates(date.min, date.min)
