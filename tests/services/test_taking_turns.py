"""Two changes of one group at the same time: the second one waits, and sees the result of the first."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from models import Ban, Group, Member, Membership, Role
from services.data import erasure, undo
from services.ground.refusals import NothingToUndo
from services.group import groups, roles
from tests.letters import Letters
from tests.patience import until
from tests.town import Town

Act = Callable[[Session], object]


def at_once(town: Town, first: Act, second: Act) -> Future[object]:
    """Begin the first act, and start the second, until Postgres says that it waits for the first."""

    def other() -> object:
        with town.world.sessions.begin() as session:
            return second(session)

    with ThreadPoolExecutor(1) as pool, town.world.sessions.begin() as session:
        first(session)
        session.flush()
        mine = session.scalar(select(func.pg_backend_pid()))
        waiting = pool.submit(other)
        until(lambda: waiting.done() or waits_for(town, mine))
        assert not waiting.done(), "the second one did not wait"
    return waiting


def waits_for(town: Town, pid: int) -> bool:
    """Return whether a connection waits for a lock that this one holds."""
    blocked = text("SELECT count(*) FROM pg_stat_activity WHERE :pid = ANY(pg_blocking_pids(pid))")
    with town.world.sessions() as session:
        return session.scalar(blocked, {"pid": pid}) > 0


def place(session: Session, member: Member) -> Membership:
    return session.scalars(select(Membership).where(Membership.member_id == member.id)).one()


def test_nobody_takes_back_their_leaving_while_they_are_banned(town: Town) -> None:
    letters = Letters(town)
    owner, leaver = letters.members(2)
    letters.group(owner, leaver)
    with town.world.sessions.begin() as session:
        groups.leave(session, place(session, leaver), town.clock())
    undone = at_once(
        town,
        lambda session: roles.ban(session, place(session, owner), place(session, leaver), town.clock()),
        lambda session: undo.undo(session, session.get_one(Member, leaver.id), town.clock()),
    )
    assert isinstance(undone.exception(), NothingToUndo)
    with town.world.sessions() as session:
        assert session.scalars(select(Ban.member_id)).all() == [leaver.id]
        assert place(session, leaver).left_at is not None


def test_a_group_goes_to_nobody_who_leaves_while_its_owner_is_forgotten(town: Town) -> None:
    letters = Letters(town)
    owner, admin, friend = letters.members(3)
    letters.group(owner, admin, friend)
    with town.world.sessions.begin() as session:
        place(session, admin).role = Role.ADMIN
    at_once(
        town,
        lambda session: groups.leave(session, place(session, admin), town.clock()),
        lambda session: erasure.erase(session, session.get_one(Member, owner.id), town.clock()),
    ).result()
    with town.world.sessions() as session:
        assert session.scalars(select(Group)).one().is_active
        assert place(session, friend).role is Role.OWNER
