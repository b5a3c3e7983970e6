"""The contents of pictures: the board's points by sport, a usual week, and only what may be seen."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from fitness.dates import Dates
from messages.render import Reader
from models import Activity, Membership
from services.digest import cards, wrapped
from services.digest.stories import scenes
from services.digest.stories.picture import make_picture
from tests.letters import Letters
from tests.town import Town

MONDAY = date(2026, 11, 16)
WEEK = Dates(MONDAY, date(2026, 11, 22))
NOVEMBER = Dates(date(2026, 11, 1), date(2026, 11, 30))


@pytest.fixture
def letters(town: Town) -> Letters:
    return Letters(town)


def score(letters: Letters) -> None:
    """Give each activity one point per minute."""
    with letters.town.world.sessions.begin() as session:
        session.execute(update(Activity).values(points=Activity.duration / 60))


def test_a_usual_week_is_marked_once_three_are_known(letters: Letters) -> None:
    zoe, jose = letters.members(2)
    group = letters.group(zoe, jose)
    for weeks, seconds in ((0, 3600), (1, 1800), (2, 7200), (4, 5400)):
        letters.moved(zoe, MONDAY - timedelta(weeks=weeks), seconds)
    for weeks in (0, 1, 2):
        letters.moved(jose, MONDAY - timedelta(weeks=weeks), 1800)
    score(letters)
    with letters.town.world.sessions() as session:
        chart = make_picture(scenes.make_scene(session, group, WEEK))
    marked = {bar.name: bar.usual / bar.value for bar in chart.bars}
    assert marked == {zoe.name: 1.5, jose.name: 0.0}
    assert chart.usual == "usual week"


def test_a_bar_is_stacked_of_sports(letters: Letters) -> None:
    zoe = letters.member()
    group = letters.group(zoe)
    for sport in ("run", "ride", "swim", "walk", "yoga", "ski"):
        letters.moved(zoe, MONDAY, 600 if sport in ("yoga", "ski") else 3600, sport=sport)
    score(letters)
    with letters.town.world.sessions() as session:
        [bar] = make_picture(scenes.make_scene(session, group, WEEK)).bars
    assert [part.sport for part in bar.segments] == ["ride", "run", "swim", "walk", "other"]
    assert bar.segments[-1].value == bar.segments[0].value / 3


def test_the_groups_mean_is_of_those_whom_it_may_see(letters: Letters) -> None:
    zoe, jose, sara = letters.members(3)
    group = letters.group(zoe, jose, sara)
    for member, minutes in ((zoe, 60), (jose, 120), (sara, 1000)):
        letters.moved(member, MONDAY, 60 * minutes)
    score(letters)
    with letters.town.world.sessions.begin() as session:
        session.scalar(select(Membership).where(Membership.member_id == sara.id)).hidden = True
    with letters.town.world.sessions() as session:
        card = cards.make_trend(session, zoe, group, MONDAY)
        alone = cards.make_trend(session, zoe, None, MONDAY)
    assert (card.chart.marks[-1].value, card.chart.marks[-1].beside) == (60, 90)
    assert alone.chart.beside == ""


def test_who_keeps_one_figure_to_themselves_is_on_no_card_of_the_group(letters: Letters) -> None:
    zoe, jose, sara = letters.members(3)
    group = letters.group(zoe, jose, sara)
    for member in (zoe, jose, sara):
        letters.moved(member, MONDAY)
    with letters.town.world.sessions.begin() as session:
        own = session.scalar(select(Membership).where(Membership.member_id == sara.id))
        own.shares = [field for field in own.shares if field != "distance"]
    with letters.town.world.sessions() as session:
        story = wrapped.wrap_group(session, group, NOVEMBER, Reader())
    assert story.people == 2
    assert sara.name not in story.chart.alt
    assert {award.label for award in story.chart.awards} == {zoe.name, jose.name}
    assert story.chart.hero.label == "together in 2 sessions"


def test_one_who_is_alone_in_a_group_is_not_together(letters: Letters) -> None:
    zoe = letters.member()
    letters.moved(zoe, MONDAY)
    group = letters.group(zoe)
    with letters.town.world.sessions() as session:
        story = wrapped.wrap_group(session, group, NOVEMBER, Reader())
    assert story.chart.hero.label == "in 1 session"


def test_a_group_of_forty_has_six_awards_on_its_card_and_all_get_one(letters: Letters) -> None:
    members = letters.members(40)
    for number, member in enumerate(members):
        for day in range(1 + number % 5):
            letters.moved(member, MONDAY + timedelta(day), 1800 + 600 * number)
    group = letters.group(*members)
    with letters.town.world.sessions() as session:
        story = wrapped.wrap_group(session, group, NOVEMBER, Reader())
    assert story.people == 40
    assert len(story.chart.awards) == 6
    assert len({award.value for award in story.chart.awards}) > 3
