"""The CPU time that thousands of tiny activities of one member cost when something changes afterwards."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import Activity, GarminAccount, Member
from services.training import binding, merging, records
from tests.bot.test_costs import ATTEMPTS, MOST_SECONDS
from tests.scenes import has_moved, november, runs, sent_before
from tests.town import Person, Town

MANY = 5_000  # as many as a member could send in a day before there was a limit
APART = {"one instant": timedelta(0), "one minute": timedelta(milliseconds=10), "years": timedelta(hours=8)}


def cpu(town: Town, work: Callable[[Session], object]) -> float:
    """Return the CPU seconds of the fastest of several attempts, each rolled back."""
    taken = []
    for _ in range(ATTEMPTS):
        with town.world.sessions() as session:
            began = time.thread_time()
            work(session)
            session.flush()
            taken.append(time.thread_time() - began)
    return min(taken)


@pytest.mark.parametrize("apart", APART)
def test_disconnecting_an_account_costs_a_web_process_little(town: Town, zoe: Person, apart: str) -> None:
    zoe.says("hi")
    has_moved(zoe, runs(1, 18))
    sent_before(zoe, MANY, november(1), APART[apart])
    with town.world.sessions.begin() as session:
        records.refresh(session, session.scalars(select(Member.id)).one())  # as after each file

    def forget(session: Session) -> None:
        assert binding._forget(session, session.scalars(select(GarminAccount)).one()) == 2

    assert cpu(town, forget) < MOST_SECONDS


@pytest.mark.parametrize("apart", APART)
def test_one_more_file_costs_a_worker_little(town: Town, zoe: Person, apart: str) -> None:
    zoe.says("hi")
    sent_before(zoe, MANY, november(1), APART[apart])
    start = november(1).date()
    assert cpu(town, lambda session: merging.mark_twins(session, 1, start)) < MOST_SECONDS


def test_what_counts_after_the_twins_were_told_is_known_to_the_session_that_told_them(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    sent_before(zoe, 3, november(1), timedelta(0))
    with town.world.sessions.begin() as session:
        member = session.scalars(select(Member)).one()
        rows = session.scalars(select(Activity).order_by(Activity.duration)).all()
        assert [row.twin_of for row in rows] == [None] * 3
        merging.mark_twins(session, member.id, november(1).date())
        assert [row.twin_of for row in rows] == [rows[2].id, rows[2].id, None]
    told = [row.updated_at for row in rows]
    with town.world.sessions.begin() as session:
        merging.mark_twins(session, member.id, november(1).date())
        again = session.scalars(select(Activity).order_by(Activity.duration)).all()
        assert [row.updated_at for row in again] == told, "what is told rightly is not written"
