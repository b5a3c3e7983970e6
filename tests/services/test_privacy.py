"""What a group may see of a member: shared fields, and nothing of members who hide."""

from sqlalchemy import select

from fitness.metrics import Metric
from fitness.periods import Dates
from fitness.sports import Sport
from models import Group, Identity, Member, Membership
from services.group import privacy
from services.play import standings
from services.training.totals import Totals
from tests.scenes import code_in, has_moved, november, runs, start_group
from tests.town import Person, Town

WEEK = Dates(november(16).date(), november(22).date())
BEFORE = Dates(november(9).date(), november(15).date())


def board(session, metric: Metric = Metric.TIME, sport: Sport | None = None) -> standings.Board:
    return standings.make_board(session, session.scalar(select(Group)), metric, WEEK, BEFORE, sport)


def membership(session, person: Person) -> Membership:
    query = select(Membership).join(Member, Membership.member_id == Member.id).join(Identity)
    return session.scalar(query.where(Identity.value == person.phone.number))


def test_a_field_that_is_not_shared_is_in_no_row_and_in_no_sum(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(16))
    has_moved(jose, runs(17, metres=7_000))
    with town.world.sessions() as session:
        privacy.share(session, membership(session, jose), "distance", town.clock(), on=False)
        by_time = board(session)
        assert [row.totals.distance for row in by_time.rows] == [0, 10_000]
        assert (by_time.together.time, by_time.together.distance) == (7_200, 10_000)
        assert [row.member.name for row in board(session, Metric.DISTANCE).rows] == ["Zoë"]


def test_who_does_not_share_sports_is_on_no_board_of_one(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(16))
    has_moved(jose, runs(17))
    with town.world.sessions() as session:
        privacy.share(session, membership(session, jose), "sports", town.clock(), on=False)
        assert [row.member.name for row in board(session, sport=Sport.RUN).rows] == ["Zoë"]
        whole = board(session)
        assert len(whole.rows) == 2
        assert whole.together.sports == {Sport.RUN: 3_600}


def test_who_hides_or_has_left_is_nowhere(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(jose, runs(17))
    with town.world.sessions() as session:
        group, mine = session.scalar(select(Group)), membership(session, jose)
        assert mine.member_id in privacy.find_sharing(session, group, "points")
        assert privacy.hide(session, mine, town.clock())
        session.flush()
        assert mine.member_id not in privacy.find_sharing(session, group, "points")
        assert board(session).together == Totals()
        assert privacy.hide(session, mine, town.clock(), on=False)
        session.flush()
        assert board(session).together.time == 3_600
        mine.left_at = town.clock()
        session.flush()
        assert mine.member_id not in privacy.find_sharing(session, group, "points")


def test_nameless_rows_begin_anew_when_an_admin_removes_one_of_them(
    town: Town, zoe: Person, jose: Person, sara: Person
) -> None:
    ann = town.person("Ann", "+32470000009")
    start_group(zoe, jose, sara, ann)
    with town.world.sessions.begin() as session:
        for each in (jose, sara, ann):
            mine = membership(session, each)
            mine.anonymous, mine.seen_from = True, november(1).date()
        session.flush()
        assert len(privacy.find_on_board(session, session.scalar(select(Group)), ["time"], WEEK.start)[1]) == 3
    zoe.says("kick Ann")
    zoe.says("yes")
    dan = town.person("Dan", "+32470000010")
    dan.says(f"join {code_in(zoe.says('invite'))} yes")
    with town.world.sessions() as session:
        membership(session, dan).anonymous = True
        session.flush()
        assert privacy.find_on_board(session, session.scalar(select(Group)), ["time"], WEEK.start)[1] == {}
