"""The standing of a challenge: how much each participant has done.

It counts only participants who share with the group what the challenge needs. Hidden members are in
no list, sum or count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from fitness.challenges import Contest, count_challenge_streak
from fitness.goals import Forecast, forecast_goal, look_back
from fitness.improved import LOOK_BACK, compare_with_usual, find_usual_week
from fitness.metrics import METRICS, Metric
from fitness.periods import Dates
from fitness.ranking import RankedPlace, rank
from fitness.routes import Route
from fitness.sports import Sport
from messages.words import folded
from models import Challenge, Member, Participant
from services.ground.group_settings import read_settings
from services.group import away, privacy
from services.group.privacy import VisibleMember
from services.play import weekly
from services.play.goals import SPORTS
from services.training.totals import sum_metric, sum_totals

ROWS = 8
CONTESTS = {contest.value: contest for contest in Contest}


@dataclass(frozen=True)
class ContestLine:
    """A participant's line. `value` is in the metric's unit, in weeks in a row, or as a fraction of the usual week."""

    place: RankedPlace
    member: VisibleMember
    value: float


@dataclass(frozen=True)
class Standing:
    """The standing of a challenge.

    `lines` are sorted best first if people are ranked, otherwise by name; a common challenge has none. `sharing` is the
    number of participants who may be seen. `forecast` belongs to the common sum.
    """

    challenge: Challenge
    lines: Sequence[ContestLine]
    sharing: int
    done: float
    forecast: Forecast | None
    is_ranked: bool
    days_left: int

    @property
    def contest(self) -> Contest:
        """The kind of challenge."""
        return CONTESTS[self.challenge.contest]

    @property
    def route(self) -> Route | None:
        """The route that is covered together, if there is one."""
        return Route(self.challenge.route) if self.challenge.route else None

    @property
    def dates(self) -> Dates:
        """The days of the challenge."""
        return find_days(self.challenge)

    def line_of(self, member: Member) -> ContestLine | None:
        """Return the member's own line; None if there is none."""
        return next((line for line in self.lines if line.member.id == member.id), None)

    def shown_to(self, member: Member) -> list[ContestLine]:
        """Return the first lines, with the member's own line as the last one if it is below them."""
        mine, shown = self.line_of(member), list(self.lines[:ROWS])
        if mine and mine not in shown:
            shown[-1:] = [mine]
        return shown


def find_days(challenge: Challenge) -> Dates:
    """Return the days of a challenge."""
    return Dates(challenge.starts, challenge.ends)


def measure_contest(session: Session, challenge: Challenge, today: date) -> Standing:
    """Compute the standing of a challenge from the current activities."""
    contest, people = CONTESTS[challenge.contest], find_seen(session, challenge)
    values = _values(session, challenge, list(people), today)
    left = max((challenge.ends - max(today, challenge.starts)).days + 1, 0)
    done = sum(values.values()) if not contest.is_ranked else 0.0
    ahead = None
    if challenge.target is not None:
        recent = sum(_sums(session, challenge, list(people), look_back(today)).values()) if people else 0.0
        ahead = forecast_goal(done, challenge.target, recent, find_days(challenge), today)
    places = rank(values, order=lambda key: (folded(people[key].name), key)) if contest.is_ranked else []
    lines = [ContestLine(place, people[place.key], place.value) for place in places]
    is_ranked = contest.is_ranked and read_settings(challenge.group).is_ranked(len(lines))
    if not is_ranked:
        lines.sort(key=lambda line: (folded(line.member.name), line.member.id))
    return Standing(challenge, lines, len(people), done, ahead, is_ranked, left)


def find_seen(session: Session, challenge: Challenge) -> dict[int, VisibleMember]:
    """Return the participants who share what the challenge needs and were not anonymous on any day since it began."""
    fields = {*METRICS[challenge.metric].fields, *(["sports"] if challenge.sport else [])}
    if challenge.contest == Contest.STREAK:
        fields |= {"points", "count"}
    part = set(session.scalars(select(Participant.member_id).where(Participant.challenge_id == challenge.id)))
    shown = privacy.find_shown(session, challenge.group, sorted(fields), challenge.starts)
    return {key: each.member for key, each in shown.items() if key in part}


def _values(session: Session, challenge: Challenge, people: list[int], today: date) -> dict[int, float]:
    """Return the value of each participant, without those who have none."""
    if not people:
        return {}
    match CONTESTS[challenge.contest]:
        case Contest.IMPROVED:
            return _improved(session, challenge, people, today)
        case Contest.STREAK:
            return _streaks(session, challenge, people)
        case _:
            found = _sums(session, challenge, people, find_days(challenge))
            return {key: value for key, value in found.items() if value > 0}


def _sums(session: Session, challenge: Challenge, people: list[int], dates: Dates) -> dict[int, float]:
    return sum_metric(session, people, dates, METRICS[challenge.metric], _sport(challenge), _manual(challenge))


def _streaks(session: Session, challenge: Challenge, people: list[int]) -> dict[int, float]:
    dates = find_days(challenge)
    days = weekly.list_days_done(session, people, dates, _manual(challenge), _sport(challenge))
    gone = away.list_days_away(session, people, dates)
    weeks = {key: count_challenge_streak(days.get(key, ()), gone.get(key, ()), dates) for key in people}
    return {key: float(count) for key, count in weeks.items() if count}


def _improved(session: Session, challenge: Challenge, people: list[int], today: date) -> dict[int, float]:
    """Compare the points so far, scaled to a week, with the usual week before the challenge."""
    dates, sport, manual = find_days(challenge), _sport(challenge), _manual(challenge)
    before = Dates(dates.start - LOOK_BACK, dates.start - timedelta(1))
    earlier = weekly.sum_points_by_week(session, people, before, manual, sport)
    gone = away.list_days_away(session, people, before)
    totals = sum_totals(session, people, dates, sport, manual)
    elapsed = min((today - dates.start).days + 1, dates.days)
    found: dict[int, float] = {}
    for key, each in totals.items():
        weeks = earlier.get(key, {})
        absent = [week for week in weeks if _is_gone(week, gone.get(key, ()))]
        change = compare_with_usual(
            each.value(Metric.POINTS) * 7 / max(elapsed, 1), find_usual_week(weeks, dates.start, absent)
        )
        if change is not None:
            found[key] = change.change
    return found


def _is_gone(week: date, gone: Sequence[Dates]) -> bool:
    return any(each.start <= week + timedelta(6) and week <= each.end for each in gone)


def _manual(challenge: Challenge) -> float:
    """Return the part of its points that an activity logged by hand keeps in this group, as on its boards."""
    return read_settings(challenge.group).manual


def _sport(challenge: Challenge) -> Sport | None:
    return SPORTS[challenge.sport] if challenge.sport else None
