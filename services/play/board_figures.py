"""The figure that each metric ranks members by: sums over activities, steps, speed, or figures computed from points."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from fitness import paces
from fitness.metrics import Made, Metric
from fitness.periods import Dates
from fitness.sports import Sport
from services.ground.group_settings import GroupSettings
from services.ground.refusals import NoPace
from services.play import series
from services.training import speeds
from services.training.totals import Totals, rank_figures, sum_totals, sum_totals_and_before

LONG_AGO = date(1900, 1, 1)


@dataclass(frozen=True)
class Figures:
    """The sums of some members over a board's days, their figures in these days, and their
    figures in the days before.
    """

    totals: dict[int, Totals]
    now: dict[int, float]
    before: dict[int, float]


@dataclass(frozen=True)
class Asking:
    """A request for figures: of which members, by which metric, in which sport (None for all), with
    which group's settings.

    With `held_against`, a speed is left out if the distance is too short for a comparison (`fitness.paces`).
    """

    session: Session
    member_ids: Collection[int]
    metric: Metric
    sport: Sport | None
    settings: GroupSettings
    held_against: bool = False

    def figures(self, dates: Dates, before: Dates) -> Figures:
        """Return the figures over both spans. One query; three by steps or speed; more for figures
        computed from points.
        """
        match self.metric.made:
            case Made.BY_DAY:
                return self._by_day(dates, before)
            case Made.SPEED:
                return self._by_speed(dates, before)
        metric = self.metric if self.metric.is_sum else Metric.POINTS
        totals, earlier = self._totals(dates, (before, metric))
        if self.metric.is_sum:
            return Figures(totals, rank_figures(totals, self.metric), earlier)
        now, *then = self._from_points(_both(dates, before), [rank_figures(totals, metric), earlier])
        return Figures(totals, now, *then or [{}])

    def _by_day(self, dates: Dates, before: Dates) -> Figures:
        now, then = (series.sum_steps(self.session, self.member_ids, span) for span in (dates, before))
        totals = self._and_more(self._totals(dates, None)[0], now)
        return Figures(totals, rank_figures(totals, self.metric), {key: float(steps) for key, steps in then.items()})

    def _by_speed(self, dates: Dates, before: Dates) -> Figures:
        """Return the figures in metres per second."""
        sport = self.sport or paces.USUAL
        if sport not in paces.LEAST:
            return Figures({}, {}, {})
        ways = [speeds.sum_ways(self.session, self.member_ids, span, sport) for span in _both(dates, before)]
        totals = sum_totals(self.session, self.member_ids, dates, sport, self.settings.manual)
        least = paces.compute_least_metres(sport, dates) if self.held_against else 0.0
        now, *then = ({key: way.speed for key, way in each.items() if way.metres >= least} for each in ways)
        more = {key: way.speed for key, way in ways[0].items()}
        return Figures(self._and_more(totals, more), now, *then or [{}])

    def _from_points(self, spans: Sequence[Dates], points: Sequence[Mapping[int, float]]) -> list[dict[int, float]]:
        """Return the metric's figures for these spans. It is computed from their points by day, or
        from the weeks before them.
        """
        manual, week_starts = self.settings.manual, self.settings.week_start
        if self.metric is Metric.CONSISTENCY:
            return [series.score_consistency(self.session, self.member_ids, span, manual, self.sport) for span in spans]
        if self.metric is Metric.STREAK:
            ends = [span.end for span in spans]
            streaks = series.count_weeks_in_a_row(self.session, self.member_ids, ends, manual, week_starts, self.sport)
            return [{key: float(weeks) for key, weeks in each.items()} for each in streaks]
        stretches = list(zip(spans, points, strict=False))
        better = series.measure_improvement(self.session, stretches, manual, week_starts, self.sport)
        return [{key: float(each.score) for key, each in found.items()} for found in better]

    def _totals(self, dates: Dates, before: tuple[Dates, Metric] | None) -> tuple[dict[int, Totals], dict[int, float]]:
        asked = self.metric if self.metric.made is Made.ADDED_UP else None
        return sum_totals_and_before(
            self.session, self.member_ids, dates, before, self.sport, self.settings.manual, asked
        )

    def _and_more(self, totals: dict[int, Totals], figures: Mapping[int, float]) -> dict[int, Totals]:
        return {
            key: replace(totals.get(key, Totals()), more={self.metric: figures.get(key, 0.0)})
            for key in {*totals, *figures}
        }


def choose_sport(metric: Metric, sport: Sport | None) -> Sport | None:
    """Return the sport of a figure: pace is of runs if no sport is named. Raises `NoPace` for sports without pace."""
    if metric.made is not Made.SPEED:
        return sport
    if sport is not None and sport not in paces.LEAST:
        raise NoPace(timed=sport)
    return sport or paces.USUAL


def _both(dates: Dates, before: Dates) -> list[Dates]:
    """Return both spans; there is none before all time."""
    return [dates, before] if before.end > LONG_AGO else [dates]
