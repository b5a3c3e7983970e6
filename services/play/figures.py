"""What each metric ranks people by: sums over activities, steps, or figures read out of points."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy.orm import Session

from fitness.metrics import Metric
from fitness.periods import Dates
from fitness.sports import Sport
from services.ground.settings import Settings
from services.play import series
from services.training.totals import Totals, figures_of, totals_and_before

LONG_AGO = date(1900, 1, 1)


@dataclass(frozen=True)
class Figures:
    """The sums of some members over a board's days, what they are ranked by in them, and in the stretch before."""

    totals: dict[int, Totals]
    now: dict[int, float]
    before: dict[int, float]


@dataclass(frozen=True)
class Asking:
    """Whose figures are wanted, by which metric, in one sport or in all, by the choices of which group."""

    session: Session
    member_ids: Collection[int]
    metric: Metric
    sport: Sport | None
    settings: Settings

    def figures(self, dates: Dates, before: Dates) -> Figures:
        """The figures over both stretches. One query; three with steps; more for what is read out of points."""
        if self.metric is Metric.STEPS:
            totals = self._with_steps(self._totals(dates, None)[0], dates)
            return Figures(
                totals, figures_of(totals, self.metric), figures_of(self._with_steps({}, before), self.metric)
            )
        metric = self.metric if self.metric.is_sum else Metric.POINTS
        totals, earlier = self._totals(dates, (before, metric))
        if self.metric.is_sum:
            return Figures(totals, figures_of(totals, self.metric), earlier)
        # Nothing comes before all time.
        spans = [dates, before] if before.end > LONG_AGO else [dates]
        now, *then = self._from_points(spans, [figures_of(totals, metric), earlier])
        return Figures(totals, now, *then or [{}])

    def _from_points(self, spans: Sequence[Dates], points: Sequence[Mapping[int, float]]) -> list[dict[int, float]]:
        """What is made of the points of these stretches day by day, or of the weeks that came before them."""
        manual, week_starts = self.settings.manual, self.settings.week_start
        if self.metric is Metric.CONSISTENCY:
            return [series.consistency_of(self.session, self.member_ids, span, manual, self.sport) for span in spans]
        if self.metric is Metric.STREAK:
            ends = [span.end for span in spans]
            streaks = series.weeks_in_a_row(self.session, self.member_ids, ends, manual, week_starts, self.sport)
            return [{key: float(weeks) for key, weeks in each.items()} for each in streaks]
        stretches = list(zip(spans, points, strict=False))
        better = series.improved_of(self.session, stretches, manual, week_starts, self.sport)
        return [{key: float(each.score) for key, each in found.items()} for found in better]

    def _totals(self, dates: Dates, before: tuple[Dates, Metric] | None) -> tuple[dict[int, Totals], dict[int, float]]:
        return totals_and_before(self.session, self.member_ids, dates, before, self.sport, self.settings.manual)

    def _with_steps(self, totals: dict[int, Totals], dates: Dates) -> dict[int, Totals]:
        steps = series.steps_of(self.session, self.member_ids, dates)
        return {key: replace(totals.get(key, Totals()), steps=steps.get(key, 0)) for key in {*totals, *steps}}
