"""The card about a month or a year, for a member or for a group."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from fitness.landmarks import find_farthest_reached
from fitness.periods import Dates
from fitness.wrapped import (
    Award,
    DaySport,
    Praise,
    find_biggest_day,
    find_favourite_weekday,
    find_longest_streak,
    share_out,
)
from messages.render import Reader, words
from models import Group, Member
from providers.charts import ChartFact, Wrapped
from services.digest import cards
from services.digest.cards import write_label
from services.digest.stories.picture import divide_by_sport
from services.ground.group_settings import read_settings
from services.ground.recipients import make_reader
from services.group import privacy
from services.people.members import read_settings_for
from services.play import tally
from services.play.tally import MEASURE
from services.training.totals import Totals

MOST_AWARDS = 6
# Members who do not share all of these are left out of the group's card, because it has too many figures to filter
# each.
FIELDS = ("sports", "time", "distance", "count", "points")


@dataclass(frozen=True)
class Story:
    """A card and the facts for the text under it: the people, and the award of each of them (or of the member)."""

    chart: Wrapped
    totals: Totals
    dates: Dates
    praises: dict[int, Praise]

    @property
    def people(self) -> int:
        """The number of active people."""
        return len(self.praises)


def wrap_member(session: Session, member: Member, dates: Dates) -> Story | None:
    """Return the member's own card, with all of their figures; None if there are no sessions."""
    efforts = tally.read_efforts(session, [member.id], dates, read_settings_for(session, member).manual).get(member.id)
    if not efforts:
        return None
    reader, praise = make_reader(member), share_out({member.id: efforts})
    award = _award(member.name, praise[member.id], reader)
    chart = _card(session, member.name, efforts, [member.id], dates, reader, together=False)
    return Story(
        _with(chart, (award,), [member.id], dark=cards.is_dark(member)), tally.sum_efforts(efforts), dates, praise
    )


def wrap_group(session: Session, group: Group, dates: Dates, reader: Reader, *, dark: bool = False) -> Story | None:
    """Return the group's card, about the members who share all figures on it; None if there are no sessions."""
    people = {key: each.member for key, each in privacy.find_shown(session, group, FIELDS, dates.start).items()}
    found = tally.read_efforts(session, list(people), dates, read_settings(group).manual)
    efforts = [each for own in found.values() for each in own]
    if not efforts:
        return None
    praise = share_out(found)
    first = _various(praise)[:MOST_AWARDS]
    awards = tuple(_award(people[key].name, praise[key], reader) for key in first)
    chart = _card(session, group.name, efforts, list(found), dates, reader, together=len(found) > 1)
    return Story(_with(chart, awards, first, dark=dark), tally.sum_efforts(efforts), dates, praise)


def _with(chart: Wrapped, awards: tuple[ChartFact, ...], shows: Sequence[int], *, dark: bool) -> Wrapped:
    return Wrapped(**{**vars(chart), "awards": awards, "shows": tuple(shows), "dark": dark})


def _various(praises: dict[int, Praise]) -> list[int]:
    """Return the members in an order in which the best fits come first, and no award comes twice before
    all came once.
    """
    seen: Counter[Award] = Counter()
    turns = {}
    for key in sorted(praises, key=lambda key: (-praises[key].fit, key)):
        turns[key] = seen[praises[key].award]
        seen[praises[key].award] += 1
    return sorted(turns, key=lambda key: (turns[key], -praises[key].fit, key))


def _award(name: str, praise: Praise, reader: Reader) -> ChartFact:
    reason = words("pictures/award_reason", reader, praise=praise)
    return ChartFact(name, words("pictures/award", reader, praise=praise), reason)


def _card(
    session: Session,
    name: str,
    efforts: Sequence[DaySport],
    ids: Collection[int],
    dates: Dates,
    reader: Reader,
    *,
    together: bool,
) -> Wrapped:
    totals = tally.sum_efforts(efforts)
    sports = [sport for sport, _ in divide_by_sport(totals, MEASURE)]
    facts = [*_days(efforts, reader), *_sizes(totals, reader)]
    # The farthest session belongs to one member, so it is not on the group's card, which names nobody.
    facts += [] if together else _farthest(session, ids, dates, reader)
    hero = words("pictures/hero", reader, count=totals.count, together=together)
    return Wrapped(
        title=name,
        subtitle=words("pictures/span", reader, dates=dates),
        hero=ChartFact(hero, words("pictures/amount", reader, totals=totals, metric="time")),
        facts=tuple(facts),
        segments=cards.measure_segments(totals, sports),
        legend=cards.list_legend(totals, reader),
        landmark=_landmark(totals.distance, reader),
    )


def _days(efforts: Sequence[DaySport], reader: Reader) -> list[ChartFact]:
    facts = []
    if biggest := find_biggest_day(efforts):
        day, _ = biggest
        worth = tally.sum_efforts(each for each in efforts if each.day == day)
        amount = words("pictures/amount", reader, totals=worth, metric=MEASURE)
        facts.append(ChartFact(write_label("biggest_day", reader), amount, words("pictures/day", reader, day=day)))
    if favourite := find_favourite_weekday(efforts):
        weekday, count = favourite
        facts.append(
            ChartFact(
                write_label("weekday", reader),
                words("pictures/weekday", reader, weekday=weekday),
                words("pictures/sessions", reader, count=count),
            )
        )
    if streak := find_longest_streak(each.day for each in efforts):
        length, first, last = streak
        more = words("pictures/dates", reader, dates=Dates(first, last))
        facts.append(ChartFact(write_label("streak", reader), words("pictures/days", reader, count=length), more))
    return facts


def _sizes(totals: Totals, reader: Reader) -> list[ChartFact]:
    points = words("pictures/amount", reader, totals=totals, metric="points")
    facts = [ChartFact(write_label("effort", reader), points)]
    if totals.distance:
        facts.append(ChartFact(write_label("way", reader), words("pictures/far", reader, metres=totals.distance)))
    elif len(totals.sports) > 1:
        facts.append(ChartFact(write_label("sports", reader), str(len(totals.sports))))
    return facts


def _farthest(session: Session, ids: Collection[int], dates: Dates, reader: Reader) -> list[ChartFact]:
    found = tally.find_farthest(session, ids, dates)
    if found is None:
        return []
    day = words("pictures/day", reader, day=found.local_date)
    if not found.distance:
        longest = Totals(1, found.duration)
        return [
            ChartFact(
                write_label("longest", reader), words("pictures/amount", reader, totals=longest, metric="time"), day
            )
        ]
    return [ChartFact(write_label("farthest", reader), words("pictures/far", reader, metres=found.distance), day)]


def _landmark(metres: float, reader: Reader) -> str:
    found = find_farthest_reached(metres)
    return words("pictures/landmark", reader, metres=metres, landmark=found[0], times=found[1]) if found else ""
