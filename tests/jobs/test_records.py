"""Records are computed automatically for members who joined before there were records, and
after a change of the rules.
"""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select, update

from jobs.records import write_anew
from models import Activity, Member, RecordSet
from services.training import records
from tests.scenes import has_moved, runs, start_group
from tests.town import Person, Town


def kept(town: Town) -> int:
    with town.world.sessions() as session:
        return session.scalar(select(func.count()).select_from(RecordSet))


def due(town: Town) -> bool:
    with town.world.sessions() as session:
        return session.scalar(select(records.has_unwritten_records()))


def test_records_of_before_come_with_the_next_tick(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(9, 16))  # stored as before there were records
    assert zoe.says("pb").startswith("I know no record of yours yet.")
    assert due(town)
    town.tick()
    assert "farthest" in zoe.says("pb")
    assert not due(town)
    assert kept(town) == kept_after_another(town)
    with town.world.sessions() as session:
        versions = dict(session.execute(select(Member.name, Member.records_version)).all())
    assert versions == {"Zoë": records.VERSION, "José": 0}, "who has no session waits for nothing"


def kept_after_another(town: Town) -> int:
    assert write_anew.body(town.world) == 0
    town.tick()
    return kept(town)


def test_other_rules_write_everything_anew_and_nothing_twice(town: Town, zoe: Person, jose: Person) -> None:
    start_group(zoe, jose)
    has_moved(zoe, runs(9, 16))
    has_moved(jose, runs(10))
    town.tick()
    before = kept(town)
    with town.world.sessions.begin() as session:
        session.execute(update(Member).values(records_version=records.VERSION - 1))
        session.execute(update(RecordSet).values(value=1.0))
    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(lambda _: write_anew.body(town.world), range(2))) == 2
    assert kept(town) == before
    with town.world.sessions() as session:
        assert session.scalar(select(func.min(RecordSet.value))) > 1.0


def test_records_wait_until_points_are_counted_by_the_newest_formula(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    has_moved(zoe, runs(16))
    with town.world.sessions.begin() as session:
        session.execute(update(Activity).values(points_version=0))
    town.tick()
    assert kept(town) == 0
    town.tick()
    assert kept(town) > 0


def test_who_is_being_read_from_garmin_is_not_waited_for(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    has_moved(zoe, runs(16))
    with town.world.sessions.begin() as reading:
        records.refresh(reading, reading.scalar(select(Member.id)))
        assert write_anew.body(town.world) == 0
    assert write_anew.body(town.world) == 1
