"""How fast people went: metres and seconds of the activities that count and have both."""

from collections.abc import Collection

from sqlalchemy import Float, cast, func, select
from sqlalchemy.orm import Session

from fitness.paces import Way
from fitness.periods import Dates
from fitness.sports import Sport
from models import Activity
from services.training.totals import make_counting_conditions, match_members


def sum_ways(session: Session, member_ids: Collection[int], dates: Dates, sport: Sport) -> dict[int, Way]:
    """What each of these members covered in one sport; who has no such activity is not in the answer. One query.

    An activity without a distance, such as a run on a treadmill without a sensor, would only make its owner slower.
    """
    query = (
        select(Activity.member_id, cast(func.sum(Activity.distance), Float), cast(func.sum(Activity.duration), Float))
        .where(Activity.member_id == match_members(member_ids), *make_counting_conditions(dates, sport))
        .where(Activity.distance > 0, Activity.duration > 0)
        .group_by(Activity.member_id)
    )
    return {key: Way(metres, seconds) for key, metres, seconds in session.execute(query)}
