"""What each metric ranks people by: sums over activities, steps, or figures read out of points."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from fitness.consistency import consistency
from fitness.metrics import Metric
from fitness.periods import Dates
from fitness.sports import Sport
from services import series
from services.settings import Settings
from services.totals import Totals, totals_and_before

LONG_AGO = date(1900, 1, 1)  # nothing comes before all time


@dataclass(frozen=True)
class Figures:
    """The figures of these members by one metric, in one sport or in all."""

    session: Session
    member_ids: Collection[int]
    metric: Metric
    sport: Sport | None
    settings: Settings

    def of(self, dates: Dates, before: Dates) -> tuple[dict[int, Totals], dict[int, Totals]]:
        """Sums over both stretches, with the steps where those are asked for. One query, or three with steps."""
        manual = self.settings.manual_percent / 100
        both = totals_and_before(self.session, self.member_ids, dates, before, self.sport, manual)
        if self.metric is not Metric.STEPS:
            return both
        return self._with_steps(both[0], dates), self._with_steps(both[1], before)

    def values(self, totals: Mapping[int, Totals], dates: Dates) -> dict[int, float]:
        """What everybody is ranked by in these days."""
        if self.metric.is_sum:
            return {key: each.value(self.metric) for key, each in totals.items()}
        if dates.end < LONG_AGO:
            return {}
        if self.metric is Metric.CONSISTENCY:
            days = series.points_by_day(self.session, self.member_ids, dates, self.sport)
            return {key: consistency(mine) for key, mine in days.items()}
        week_starts = self.settings.week_start
        if self.metric is Metric.STREAK:
            streaks = series.streaks_of(self.session, self.member_ids, dates.end, week_starts, self.sport)
            return {key: float(each.weeks) for key, each in streaks.items()}
        better = series.improved_of(self.session, self.member_ids, dates, week_starts, self.sport)
        return {key: float(each.score) for key, each in better.items()}

    def _with_steps(self, totals: dict[int, Totals], dates: Dates) -> dict[int, Totals]:
        steps = series.steps_of(self.session, self.member_ids, dates)
        return {key: replace(totals.get(key, Totals()), steps=steps.get(key, 0)) for key in {*totals, *steps}}
