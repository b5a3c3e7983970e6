"""The contents of a member's own pictures: their weeks beside the group's, the days of this week, and their sports."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from sqlalchemy.orm import Session

from fitness.periods import Dates
from fitness.sports import Sport
from fitness.wrapped import DaySport
from messages.render import Reader, words
from models import Group, Member
from providers.charts import Chart, ChartFact, ChartPart, Legend, Mark, Mix, Segment, Trend, WeekChart
from services.digest.stories.picture import divide_by_sport
from services.ground.recipients import make_reader
from services.group import privacy
from services.people.members import read_settings_for
from services.play import tally
from services.play.tally import MEASURE
from services.training.totals import Totals

WEEKS, MIX_WEEKS = 8, 12
MOST_SPORTS, MOST_PARTS = 4, 6
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Card:
    """A picture, and the facts for the text under it. `weeks` are the values of the weeks, oldest first."""

    chart: Chart
    totals: Totals
    dates: Dates
    weeks: tuple[float, ...] = ()

    @property
    def usual(self) -> float:
        """The median of the earlier weeks with a value above zero; 0 if there are none."""
        moved = [week for week in self.weeks[:-1] if week > 0]
        return median(moved) if moved else 0.0


def make_trend(session: Session, member: Member, group: Group | None, today: date) -> Card:
    """Return the card with the member's last weeks, and the mean of the group members who share this figure."""
    dates = _last_weeks(today, WEEKS)
    reader = make_reader(member)
    others = list(privacy.find_sharing(session, group, MEASURE, dates.start)) if group else []
    manual = read_settings_for(session, member).manual
    found = tally.read_efforts(session, {member.id, *others}, dates, manual)
    mine = _weekly(found.get(member.id, ()), dates)
    together = [_weekly(found.get(key, ()), dates) for key in others]
    means = [sum(week) / len(others) for week in zip(*together, strict=True)] if len(others) > 1 else [None] * WEEKS
    marks = tuple(
        Mark(
            _short(dates.start + n * 7 * DAY, reader), mine[n], _brief(mine[n], reader), (), mean, _brief(mean, reader)
        )
        for n, mean in enumerate(means)
    )
    chart = Trend(
        words("pictures/trend_title", reader, name=member.name, weeks=WEEKS),
        words("pictures/trend_subtitle", reader, dates=dates, metric=MEASURE),
        marks,
        write_label("you", reader),
        write_label("average", reader) if len(others) > 1 else "",
        dark=is_dark(member),
        shows=(member.id,),
    )
    return Card(chart, tally.sum_efforts(found.get(member.id, ())), dates, tuple(mine))


def make_week(session: Session, member: Member, today: date) -> Card:
    """Return the card with the days of the member's week."""
    dates = _last_weeks(today, 1)
    reader = make_reader(member)
    efforts = tally.read_efforts(session, [member.id], dates, read_settings_for(session, member).manual).get(
        member.id, []
    )
    days, totals = tally.divide_by_day(efforts), tally.sum_efforts(efforts)
    marks = tuple(
        _day_mark(dates.start + n * DAY, days.get(dates.start + n * DAY, []), totals, reader) for n in range(7)
    )
    facts = (
        ChartFact(write_label("points", reader), words("pictures/brief", reader, value=totals.points, metric="points")),
        ChartFact(write_label("time", reader), words("pictures/amount", reader, totals=totals, metric="time")),
        ChartFact(write_label("count", reader), str(totals.count)),
        *(
            [ChartFact(write_label("way", reader), words("pictures/far", reader, metres=totals.distance))]
            if totals.distance
            else []
        ),
    )
    chart = WeekChart(
        words("pictures/week_title", reader, name=member.name),
        words("pictures/dates", reader, dates=dates),
        facts,
        marks,
        list_legend(totals, reader),
        dark=is_dark(member),
        shows=(member.id,),
    )
    return Card(chart, totals, dates)


def make_mix(session: Session, member: Member, today: date) -> Card:
    """Return the card that shows how the member's time was divided among sports."""
    dates = _last_weeks(today, MIX_WEEKS)
    reader = make_reader(member)
    efforts = tally.read_efforts(session, [member.id], dates, read_settings_for(session, member).manual).get(
        member.id, []
    )
    totals = tally.sum_efforts(efforts)
    sports = [sport for sport, _ in totals.by_sport]
    shown = sports if len(sports) <= MOST_PARTS else sports[: MOST_PARTS - 1]
    groups = [(sport, [each for each in efforts if each.sport is sport]) for sport in shown]
    rest = [each for each in efforts if each.sport not in shown]
    parts = [_part(sport, own, totals.time, reader) for sport, own in groups]
    parts += [_part(None, rest, totals.time, reader)] if rest else []
    chart = Mix(
        words("pictures/mix_title", reader, name=member.name),
        words("pictures/dates", reader, dates=dates),
        words("pictures/amount", reader, totals=totals, metric="time"),
        words("pictures/mix_whole", reader, weeks=MIX_WEEKS),
        tuple(parts),
        dark=is_dark(member),
        shows=(member.id,),
    )
    return Card(chart, totals, dates)


def write_label(which: str, reader: Reader) -> str:
    """Return the label of a figure."""
    return words("pictures/label", reader, which=which)


def list_legend(totals: Totals, reader: Reader) -> Legend:
    """Return the sports with a colour of their own on a picture, and one entry for all others."""
    sports = [sport for sport, _ in divide_by_sport(totals, MEASURE)]
    shown = [(sport.value, words("digest/sport", reader, sport=sport)) for sport in sports[:MOST_SPORTS]]
    others = [("other", words("digest/sport", reader, sport=None))] if len(sports) > MOST_SPORTS else []
    return (*shown, *others)


def measure_segments(totals: Totals, sports: Sequence[Sport]) -> tuple[Segment, ...]:
    """Return the value of each sport in the order of the legend, and the sum of the others."""
    parts = dict(divide_by_sport(totals, MEASURE))
    own = [Segment(sport.value, parts.pop(sport, 0.0)) for sport in sports[:MOST_SPORTS]]
    return tuple(each for each in (*own, Segment("other", sum(parts.values()))) if each.value > 0)


def is_dark(member: Member) -> bool:
    """Return whether the member wants dark pictures."""
    return member.preferences.get("pictures") == "dark"


def choose_light(member: Member, *, dark: bool) -> None:
    """Store whether the member wants dark pictures."""
    member.preferences = {**member.preferences, "pictures": "dark" if dark else "light"}


def _last_weeks(today: date, count: int) -> Dates:
    monday = today - timedelta(days=today.weekday())
    return Dates(monday - (count - 1) * 7 * DAY, monday + 6 * DAY)


def _weekly(efforts: Iterable[DaySport], dates: Dates) -> list[float]:
    weeks = [0.0] * (dates.days // 7)
    for each in efforts:
        weeks[(each.day - dates.start).days // 7] += each.value
    return weeks


def _day_mark(day: date, efforts: Sequence[DaySport], whole: Totals, reader: Reader) -> Mark:
    worth = tally.measure_worth(efforts)
    sports = [sport for sport, _ in divide_by_sport(whole, MEASURE)]
    parts = measure_segments(tally.sum_efforts(efforts), sports)
    name = words("pictures/short_day", reader, day=day)
    return Mark(name, worth, _brief(worth, reader) if worth else "", parts)


def _part(sport: Sport | None, efforts: Sequence[DaySport], whole: float, reader: Reader) -> ChartPart:
    own = tally.sum_efforts(efforts)
    said = words("pictures/part", reader, seconds=own.time, metres=own.distance)
    share = f"{round(100 * own.time / whole)}%" if whole else ""
    return ChartPart(
        sport.value if sport else "other", words("digest/sport", reader, sport=sport), own.time, said, share
    )


def _brief(value: float | None, reader: Reader) -> str:
    return "" if value is None else words("pictures/brief", reader, value=value, metric=MEASURE)


def _short(day: date, reader: Reader) -> str:
    return words("pictures/dates", reader, dates=Dates(day, day))
