"""Invented groups: of one to a thousand, hidden, away, unlinked, resting, with names in any script.

`python -m tests.stories.invented 20 7` prints the digests of twenty, from a seed, to be read as a friend would.
"""

import sys
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from fitness.dates import Dates, month_of
from fitness.metrics import Metric
from fitness.ranking import movers, rank
from fitness.sports import Sport
from messages.render import Reader
from messages.words import clean_name
from models import Group, Member
from services.standings import Board, Row, Totals
from services.stories import kinds as _declared  # noqa: F401 - importing declares them
from services.stories.scene import Correction, Past, Scene
from services.stories.text import Form, Me, Teller

MONDAY = date(2026, 11, 16)
WEEK = timedelta(7)
SPORTS = (Sport.RUN, Sport.RIDE, Sport.SWIM, Sport.WALK, Sport.HIKE, Sport.STRENGTH, Sport.YOGA, Sport.ROW)
METRES_A_SECOND = {Sport.RUN: 2.8, Sport.RIDE: 6.9, Sport.SWIM: 0.7, Sport.WALK: 1.5, Sport.HIKE: 1.1, Sport.ROW: 2.5}
HARD = {Sport.RUN: 1.6, Sport.SWIM: 1.2, Sport.RIDE: 1.1, Sport.WALK: 0.5, Sport.YOGA: 0.4}  # points a minute
FIELDS = ("points", "time", "count", "distance", "sports")
NAMES = (
    "Anna", "Ben", "Chloé", "Dev", "Eva", "Finn", "Gül", "Hugo", "Iris", "Jo", "Kim", "Léa", "Mia", "Noor", "Olu",
    "Pim", "سارة", "محمد عبد الله", "小明", "さくら", "Ганна", "Ελένη", "דניאל", "ज्ञानेश्वरी", "🚴 Max",
    "👩‍👩‍👧‍👦", "W" * 40,
    "Zoë-Ann O'Neill-Łukasiewicz the Third of It", "و" * 40,
)  # fmt: skip


@dataclass
class Friend:
    """One invented member, and what they did in each week by sport: (sessions, seconds, metres, longest metres)."""

    member: Member
    fields: frozenset[str]
    hidden: bool = False
    linked: bool = True
    weeks: dict[date, dict[Sport, tuple[int, float, float, float]]] = field(default_factory=dict)

    def totals(self, dates: Dates) -> Totals:
        """The sum of all weeks that begin in these days."""
        sums = Totals()
        for monday, sports in self.weeks.items():
            if monday in dates:
                for sport, (count, seconds, metres, _) in sports.items():
                    points = seconds / 60 * HARD.get(sport, 0.8)
                    sums += Totals(count, seconds, metres, {sport: seconds}, points, 0.0, {sport: points})
        return sums

    def past(self, dates: Dates) -> list[Past]:
        """As `history.past` reads it."""
        found = []
        for sport in Sport:
            done = [(monday, week[sport]) for monday, week in self.weeks.items() if sport in week]
            now = [each for monday, each in done if monday in dates]
            before = [(monday, each) for monday, each in done if monday < dates.start]
            if now or before:
                found.append(
                    Past(
                        self.member.id,
                        sport,
                        sum(each[0] for each in now),
                        max((each[3] for each in now), default=0.0),
                        sum(each[0] for _, each in before),
                        max((each[3] for _, each in before), default=0.0),
                        max((monday for monday, _ in before), default=None),
                    )
                )
        return found


@dataclass
class Club:
    """An invented group, and the days that its digest is about."""

    group: Group
    friends: list[Friend]
    dates: Dates
    ranking: bool
    cheer_below: int
    more: dict[str, Any]

    def scene(self) -> Scene:
        """What the group may see, as `scenes.scene_of` reads it."""
        visible = {each.member.id: each for each in self.friends if not each.hidden and "points" in each.fields}
        before = self.dates.moved(-7) if self.dates.days == 7 else month_of(self.dates.start - timedelta(1))
        now, earlier = (
            {key: each.totals(dates).seen(each.fields) for key, each in visible.items()}
            for dates in (self.dates, before)
        )
        places, placed = (
            rank({key: each.points for key, each in totals.items() if each.points > 0}) for totals in (now, earlier)
        )
        moved = movers(places, placed)
        rows = [Row(each, visible[each.key].member, now[each.key], moved.get(each.key)) for each in places]
        sums = [sum(each.values(), Totals()) for each in (now, earlier)]
        board = Board(self.group, Metric.POINTS, self.dates, rows, len(visible), *sums)
        mondays = sorted({monday for each in visible.values() for monday in each.weeks if monday <= self.dates.end})
        return Scene(
            board=board,
            ranked=self.ranking and len(rows) >= self.cheer_below,
            cheer_below=self.cheer_below if self.ranking else 0,
            past=[past for each in visible.values() for past in each.past(self.dates)],
            weeks={
                monday: {
                    key: each.totals(Dates(monday, monday)).points
                    for key, each in visible.items()
                    if monday in each.weeks
                }
                for monday in mondays
            },
            visible=frozenset(visible),
            shared={what: frozenset(key for key, each in visible.items() if what in each.fields) for what in FIELDS},
            **self._more(visible),
        )

    def _more(self, visible: dict[int, Friend]) -> dict[str, Any]:
        some = [each.member for each in list(visible.values())[:2]]
        more: dict[str, Any] = {"said": self.more["said"]}
        if self.more["corrected"] and some:
            more["correction"] = Correction(self.dates.moved(-7), [(each, i) for i, each in enumerate(some, 1)])
        if self.more["away"] and some:
            more["away"] = [(some[-1], self.dates.end + timedelta(9))]
        return more

    def me(self, friend: Friend) -> Me:
        """One of them as the digest's reader."""
        return Me(friend.member, friend.totals(self.dates), friend.linked)


def invent(seed: int) -> Club:
    """A group that nobody founded; the same for the same seed."""
    random = Random(seed)
    count = max(1, min(1_000, round(10 ** random.triangular(0, 3, 0.75))))
    dates = month_of(MONDAY) if random.random() < 0.15 else Dates(MONDAY, MONDAY + timedelta(6))
    typical = tuple(random.choice((0.0, 0.3, 0.8, 0.97)) for _ in range(2))
    friends = [_friend(number, random, *typical) for number in range(1, count + 1)]
    group = Group(
        id=seed + 1, name=clean_name(random.choice(("Sunday Legends", "Office swim", *NAMES))), timezone="UTC"
    )
    chances = {key: random.random() < 0.2 for key in ("corrected", "away")}
    kinds = ("lead", "longest", "first_since", "group_streak", "best_week")
    said = {kind: random.randrange(3) for kind in kinds if random.random() < 0.5}
    ranking, cheer_below = random.random() < 0.85, random.choice((1, 2, 2, 2, 3, 5))
    return Club(group, friends, dates, ranking, cheer_below, chances | {"said": said})


def _friend(number: int, random: Random, keen: float, open_: float) -> Friend:
    name = random.choice(NAMES)
    if random.random() < 0.3:
        name = f"{name[:30]} {number}"
    member = Member(
        id=number, name=clean_name(name), units=random.choice(("metric", "metric", "imperial")), locale="en"
    )
    fields = frozenset(each for each in FIELDS if random.random() < max(open_, 0.85))
    friend = Friend(member, fields, random.random() < 0.12, random.random() < 0.9)
    if friend.linked:
        strength, liked = random.uniform(0.4, 2.5), random.sample(SPORTS, random.randint(1, 4))
        for back in range(random.choice((1, 4, 12, 30))):
            if random.random() < max(keen, 0.25):
                friend.weeks[MONDAY - back * WEEK] = _week(random, strength, liked)
    return friend


def _week(random: Random, strength: float, liked: list[Sport]) -> dict[Sport, tuple[int, float, float, float]]:
    week = {}
    for sport in random.sample(liked, random.randint(1, len(liked))):
        count = random.randint(1, 4)
        sessions = [random.uniform(1_200, 5_400) * strength for _ in range(count)]
        pace = METRES_A_SECOND.get(sport, 0.0)
        week[sport] = (count, sum(sessions), pace * sum(sessions), pace * max(sessions))
    return week


def main(count: int, seed: int) -> None:
    """Print digests: of small groups mostly, each for one of its members."""
    shown = 0
    while shown < count:
        club = invent(seed)
        seed += 1
        if len(club.friends) > 40:
            continue
        random = Random(seed)
        friend = random.choice(club.friends)
        form = random.choice((Form.TABLE, Form.TABLE, Form.STORY))
        reader = Reader(units=friend.member.units)
        text = Teller(club.scene()).text(club.me(friend), reader, form)
        sys.stdout.write(
            f"──── seed {seed - 1}, for {friend.member.name}{' (hidden)' if friend.hidden else ''}\n{text}\n\n"
        )
        shown += 1


if __name__ == "__main__":
    main(*(int(each) for each in (*sys.argv[1:], "20", "1")[:2]))
