"""How fast members went: metres and seconds of the activities that count and have both."""

from collections.abc import Collection

from sqlalchemy import Float, cast, func, select
from sqlalchemy.orm import Session

from fitness.paces import Way
from fitness.periods import Dates
from fitness.sports import Sport
from models import Activity
from services.training.totals import make_counting_conditions, match_members


def sum_ways(session: Session, member_ids: Collection[int], dates: Dates, sport: Sport) -> dict[int, Way]:
    """Return the distance and time of each of these members in one sport, without members who have
    no such activity. One query.

    Activities without a distance are left out: a run on a treadmill without a sensor would only lower the speed.
    """
    query = (
        select(Activity.member_id, cast(func.sum(Activity.distance), Float), cast(func.sum(Activity.duration), Float))
        .where(Activity.member_id == match_members(member_ids), *make_counting_conditions(dates, sport))
        .where(Activity.distance > 0, Activity.duration > 0)
        .group_by(Activity.member_id)
    )
    return {key: Way(metres, seconds) for key, metres, seconds in session.execute(query)}
