"""Digests that are posted into a WhatsApp group: once, and always in addition to the members' own."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

import world as worlds
from jobs import group_posts
from models import Group, GroupPost, PostState
from providers.meta.meta_groups import MetaGroups
from services.digest import group_posts as service
from simulator.meta import PretendGroup, PretendMeta, failure
from tests.letters import Letters
from tests.services.test_digests import SUNDAY, club, come, counts
from tests.town import LONG_AGO, Served, Town


@pytest.fixture
def letters(town: Town) -> Letters:
    town.clock.travel_to(SUNDAY.replace(hour=16))
    return Letters(town)


@pytest.fixture
def meta(town: Town) -> Iterator[PretendMeta]:
    """Yield Meta's pretend API, and let the world post with it."""
    made, served = PretendMeta(), Served(Flask("meta"))
    served.app.register_blueprint(made.blueprint())
    made.groups["G1"] = PretendGroup("G1", "Legends")
    transport = MetaGroups(f"{served.url}/meta", made.phone_number_id, made.token)
    worlds.use(replace(town.world, group_transport=transport))
    yield made
    served.server.shutdown()
    served.server.server_close()


def states(letters: Letters) -> list[tuple[PostState, int]]:
    with letters.town.world.sessions() as session:
        return [(post.state, post.attempts) for post in session.scalars(select(GroupPost).order_by(GroupPost.id))]


def posted(letters: Letters, **more: object) -> None:
    """Let a digest be due, and send it to everybody and into the group."""
    club(letters, whatsapp_group_id="G1", **more)
    come(letters)
    group_posts.post()


def test_a_digest_goes_into_the_group_once_and_to_everybody_as_well(letters: Letters, meta: PretendMeta) -> None:
    posted(letters)
    group_posts.post()
    [message] = meta.groups["G1"].posted
    assert message["image"]["caption"].startswith("🏁 *Legends* · 16–22 Nov")
    assert "You" not in message["image"]["caption"]
    assert "*me*" not in message["image"]["caption"]
    assert message["image"]["link"].startswith(f"{letters.town.world.settings.base_url}/m/")
    assert counts(letters) == [1, 1, 1]
    assert states(letters) == [(PostState.POSTED, 1)]


def test_a_group_without_one_of_whatsapps_is_written_to_one_by_one(letters: Letters, meta: PretendMeta) -> None:
    club(letters)
    come(letters)
    assert states(letters) == []
    assert counts(letters) == [1, 1, 1]


def test_without_permission_to_post_nothing_is_tried(letters: Letters) -> None:
    posted(letters)
    assert states(letters) == [(PostState.QUEUED, 0)]
    assert counts(letters) == [1, 1, 1]


def test_a_number_that_is_not_eligible_falls_back_to_the_roster_and_the_operator_is_told(
    letters: Letters, meta: PretendMeta, capsys: pytest.CaptureFixture
) -> None:
    meta.eligible = False
    posted(letters)
    assert states(letters) == [(PostState.FAILED, 1)]
    assert counts(letters) == [1, 1, 1]
    [told] = [line for line in capsys.readouterr().out.splitlines() if "group posts refused" in line]
    assert "[error" in told
    assert "131215" in told


def test_one_that_is_certainly_not_there_is_tried_again_a_few_times(letters: Letters, meta: PretendMeta) -> None:
    with letters.town.world.sessions() as _, Flask("x").app_context():
        meta.faults += [failure(429, 130429, "Rate limit hit") for _ in range(2)]
    posted(letters)
    assert states(letters) == [(PostState.QUEUED, 1)]
    for attempts in (2, 3):
        letters.town.clock.travel(minutes=2)
        group_posts.post()
        assert states(letters)[0][1] == attempts
    assert states(letters) == [(PostState.POSTED, 3)]
    assert len(meta.groups["G1"].posted) == 1


def test_one_that_may_be_there_is_never_sent_again(letters: Letters, meta: PretendMeta) -> None:
    with Flask("x").app_context():
        meta.faults.append(failure(500, 131000, "Something went wrong"))
    posted(letters)
    letters.town.clock.travel(hours=1)
    group_posts.post()
    assert states(letters) == [(PostState.UNKNOWN, 1)]
    assert meta.groups["G1"].posted == []


def test_one_whose_worker_died_is_never_sent_again(letters: Letters, meta: PretendMeta) -> None:
    club(letters, whatsapp_group_id="G1")
    come(letters)
    now = letters.town.clock()
    with letters.town.world.sessions.begin() as session:
        assert service.claim(session, now)
    with letters.town.world.sessions.begin() as session:
        ahead = now + timedelta(hours=1)
        assert service.claim(session, ahead) is None, "a lease does not end by another machine's clock"
        assert not session.scalar(select(service.has_due_post(ahead)))
        session.execute(update(GroupPost).values(leased_until=LONG_AGO))
        assert session.scalar(select(service.has_due_post(now)))
    group_posts.post()
    assert states(letters) == [(PostState.UNKNOWN, 1)]
    assert meta.groups["G1"].posted == []


def test_one_that_a_worker_of_an_older_release_sends_is_left_alone(letters: Letters, meta: PretendMeta) -> None:
    """That release knows no leases, and sets when the next worker may try instead."""
    club(letters, whatsapp_group_id="G1")
    come(letters)
    taken = {"state": PostState.SENDING, "next_attempt_at": letters.town.clock() + timedelta(minutes=2)}
    with letters.town.world.sessions.begin() as session:
        session.execute(update(GroupPost).values(taken))
    group_posts.post()
    assert states(letters) == [(PostState.SENDING, 0)]
    letters.town.clock.travel(minutes=2)
    group_posts.post()
    assert states(letters) == [(PostState.UNKNOWN, 0)]


def test_a_group_in_which_nobody_wrote_is_left_alone(letters: Letters, meta: PretendMeta) -> None:
    meta.groups["G1"].window_open = False
    posted(letters)
    assert states(letters) == [(PostState.FAILED, 1)]
    assert counts(letters) == [1, 1, 1]


def test_an_operator_connects_a_group(letters: Letters, meta: PretendMeta) -> None:
    from web.app import create_app

    group, _ = club(letters)
    operator = create_app(worlds.current()).test_cli_runner()
    assert "Legends\t-" in operator.invoke(args=["groups", "list"]).output
    assert operator.invoke(args=["groups", "create", str(group.id)]).output.startswith("asked for\t")
    [made] = meta.appear()
    assert made.id in operator.invoke(args=["groups", "list"]).output
    assert "https://chat.whatsapp.com/" in operator.invoke(args=["groups", "connect", str(group.id), made.id]).output
    with letters.town.world.sessions() as session:
        assert session.get(Group, group.id).whatsapp_group_id == made.id
    operator.invoke(args=["groups", "disconnect", str(group.id)])
    with letters.town.world.sessions() as session:
        assert session.get(Group, group.id).whatsapp_group_id is None


def test_a_group_that_meta_does_not_know_is_not_connected(letters: Letters, meta: PretendMeta) -> None:
    from web.app import create_app

    group, _ = club(letters)
    answer = create_app(worlds.current()).test_cli_runner().invoke(args=["groups", "connect", str(group.id), "G9"])
    assert answer.exit_code == 1
    assert "Meta did not do it" in answer.output
    with letters.town.world.sessions() as session:
        assert session.get(Group, group.id).whatsapp_group_id is None
