"""The operator's page: how one gets in, what it shows, what it never shows, and what the audit keeps of it."""

import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from pyotp import TOTP
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import text
from werkzeug.test import TestResponse

import logs
from config import Settings
from jobs import operator_look
from jobs.health import Doctor
from jobs.queue import JsonJob, enqueue
from models import (
    AuditEvent,
    Breaker,
    MessageKind,
    MessageState,
    OperatorCode,
    OperatorLink,
    OperatorSession,
    OutboundMessage,
)
from services.data import restoring, retention
from services.ground import breakers
from services.health.message_lists import ON_A_PAGE, MessageList
from services.health.processes import WEB
from simulator.forms import Form
from tests.api.programs import member_of, rows
from tests.patience import AT_MOST
from tests.town import BriefWorker, Person, Town
from web.app import create_app
from web.operator_page.routes import OPERATOR_FORMS, OPERATOR_PAGES
from world import World

TOKEN = "an-operators-token-for-the-tests-only"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NUMBER = "whatsapp:+32470000099"
BOTH = {"operator_token": TOKEN, "operator_totp": SECRET, "operator_whatsapp": NUMBER}


def world_with(town: Town, **chosen: str) -> World:
    return replace(town.world, settings=Settings(**town.world.settings.model_dump() | chosen))


@pytest.fixture
def world(town: Town) -> World:
    return world_with(town, **BOTH)


@pytest.fixture
def client(world: World) -> FlaskClient:
    return create_app(world).test_client()


def code_at(world: World, **later: float) -> str:
    return TOTP(SECRET).at(world.now() + timedelta(**later))


def sign_in(client: FlaskClient, token: str = TOKEN, code: str = "", way: str = "code", **more: object) -> TestResponse:
    return client.post("/operator/sign-in", data={"token": token, "code": code, "way": way}, **more)


@pytest.fixture
def operator(world: World, client: FlaskClient) -> FlaskClient:
    """The operator's browser, signed in."""
    assert sign_in(client, code=code_at(world)).status_code == 303
    return client


@contextmanager
def logged() -> Iterator[io.StringIO]:
    said = io.StringIO()
    logs.configure("json", said)
    handler = logging.StreamHandler(said)
    logging.getLogger().addHandler(handler)
    try:
        yield said
    finally:
        logging.getLogger().removeHandler(handler)


def acts(world: World) -> list[str]:
    return [each.action for each in sorted(rows(world, AuditEvent), key=lambda each: each.id)]


# Getting in.


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"operator_token": TOKEN},
        {"operator_whatsapp": NUMBER},
    ],
)
@pytest.mark.parametrize("path", ["/operator/", "/operator/sign-in", "/operator/messages/failed", "/operator/enter/x"])
def test_without_its_settings_there_is_no_page(town: Town, chosen: dict[str, str], path: str) -> None:
    client = create_app(world_with(town, **chosen)).test_client()
    assert client.get(path).status_code == 404
    assert client.post(path, data={"token": TOKEN}).status_code in {404, 405}


@pytest.mark.parametrize(
    "wrong",
    [
        {"operator_token": "short"},
        {"operator_totp": SECRET},
        {"operator_token": TOKEN, "operator_totp": "JBSWY3DPEHPK3PXP"},
        {"operator_token": TOKEN, "operator_totp": SECRET.lower()},
    ],
)
def test_settings_that_would_be_weak_are_refused(town: Town, wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="OPERATOR_TO"):
        world_with(town, **wrong)


@pytest.mark.parametrize("name", [*OPERATOR_PAGES, *OPERATOR_FORMS])
def test_every_page_and_form_needs_the_operator(client: FlaskClient, name: str) -> None:
    path, _ = {**OPERATOR_PAGES, **OPERATOR_FORMS}[name]
    address = "/operator" + path.replace("<which>", "failed").replace("<name>", "garmin")
    answer = client.post(address) if name in OPERATOR_FORMS else client.get(address)
    assert (answer.status_code, answer.location) == (303, "/operator/sign-in")
    client.set_cookie("operator", "x" * 43)
    assert client.get("/operator/").location == "/operator/sign-in"


def test_token_and_code_sign_a_browser_in(world: World, client: FlaskClient) -> None:
    assert "OPERATOR_TOKEN" in client.get("/operator/sign-in").text
    assert sign_in(client, code=code_at(world)).location == "/operator/"
    assert "Overview" in client.get("/operator/").text
    assert acts(world) == ["operator.signed_in", "operator.overview_opened"]


def test_neither_is_enough_and_the_answer_does_not_say_which_was_wrong(world: World, client: FlaskClient) -> None:
    answers = [
        sign_in(client, "another-token-of-the-same-length-here", code_at(world)),
        sign_in(client, TOKEN, "000000"),
        sign_in(client, TOKEN, ""),
        sign_in(client, "", code_at(world)),
        sign_in(client, "ü" * 300, "١٢٣٤٥٦"),
    ]
    assert {each.status_code for each in answers} == {403}
    assert len({each.text for each in answers}) == 1
    assert rows(world, OperatorSession) == []


def test_a_code_is_good_once_and_so_is_none_before_it(town: Town, world: World, client: FlaskClient) -> None:
    code, older = code_at(world), code_at(world, seconds=-30)
    assert sign_in(client, code=code).status_code == 303
    others = create_app(world).test_client()
    assert sign_in(others, code=code).status_code == 403
    assert sign_in(others, code=older).status_code == 403, "of an earlier step"
    town.clock.travel(seconds=30)
    assert sign_in(others, code=code_at(world)).status_code == 303
    [kept] = rows(world, OperatorCode)
    assert SECRET not in kept.secret_hash


@pytest.mark.parametrize(("seconds", "status"), [(-60, 403), (-30, 303), (30, 303), (60, 403)])
def test_a_clock_may_be_thirty_seconds_off(world: World, client: FlaskClient, seconds: int, status: int) -> None:
    assert sign_in(client, code=code_at(world, seconds=seconds)).status_code == status


def test_wrong_codes_are_limited_and_logged_as_errors(world: World, client: FlaskClient) -> None:
    with logged() as said:
        answers = [sign_in(client, code=f"{number:06}").status_code for number in range(5)]
        assert answers == [403] * 5
        assert sign_in(client, code=code_at(world)).status_code == 429, "not even the right one is checked now"
    lines = [line for line in said.getvalue().splitlines() if "operator code wrong" in line]
    assert len(lines) == 5
    assert all('"level": "error"' in line or '"level":"error"' in line for line in lines)
    assert TOKEN not in said.getvalue()
    assert SECRET not in said.getvalue()


def test_strangers_are_limited_and_lock_nobody_out(world: World, client: FlaskClient) -> None:
    with logged() as said:
        answers = [sign_in(client, f"{number:040}", "000000").status_code for number in range(12)]
    assert answers == [403] * 10 + [429] * 2
    assert "operator token wrong" in said.getvalue()
    assert sign_in(client, code=code_at(world)).status_code == 303


def test_while_redis_is_away_nobody_gets_in_and_who_is_in_stays(world: World, operator: FlaskClient) -> None:
    redis = Redis.from_url("redis://127.0.0.1:9", socket_connect_timeout=AT_MOST)
    without = create_app(replace(world, redis=redis)).test_client()
    answer = sign_in(without, code=code_at(world, seconds=30))
    assert answer.status_code == 503
    assert "Redis does not answer" in answer.text
    without.set_cookie("operator", operator.get_cookie("operator").value)
    page = without.get("/operator/")
    assert page.status_code == 200
    assert "No answer came from redis: what is known there is missing" in page.text
    redis.close()


def test_a_link_comes_to_the_operators_number_and_works_once(town: Town, world: World, client: FlaskClient) -> None:
    phone = town.person("Operator", NUMBER.removeprefix("whatsapp:"))
    phone.says("hi")  # opens the 24 hours, so that the message is plain text
    assert sign_in(client, "no-token-of-ours-but-of-the-same-length", way="link").status_code == 403
    assert "A link is on its way" in sign_in(client, way="link").text
    link = re.search(r"/operator/enter/\S+", phone.phone.heard[-1].text)[0]
    assert rows(world, OperatorSession) == []
    assert "Open it in this browser" in client.get(link).text, "a preview may open it"
    assert client.post(link).location == "/operator/"
    assert client.get("/operator/").status_code == 200
    other = create_app(world).test_client()
    assert other.post(link).status_code == 410
    [made] = rows(world, OperatorLink)
    assert made.token_hash not in link


def test_a_link_ends_after_ten_minutes_and_by_a_newer_one(town: Town, world: World, client: FlaskClient) -> None:
    phone = town.person("Operator", NUMBER.removeprefix("whatsapp:"))
    phone.says("hi")
    links = []
    for _ in range(3):
        assert sign_in(client, way="link").status_code == 200
        links.append(re.search(r"/operator/enter/\S+", phone.phone.heard[-1].text)[0])
    assert sign_in(client, way="link").status_code == 429
    assert client.post(links[0]).status_code == 410
    town.clock.travel(minutes=10)
    assert client.post(links[2]).status_code == 410


def test_links_that_do_not_exist_are_counted_as_guesses(client: FlaskClient) -> None:
    answers = [client.post(f"/operator/enter/{number:043}").status_code for number in range(102)]
    assert answers == [410] * 100 + [429] * 2


def test_a_session_ends_after_eight_hours_and_after_one_unused(town: Town, world: World, client: FlaskClient) -> None:
    assert sign_in(client, code=code_at(world)).status_code == 303
    for _ in range(9):
        town.clock.travel(minutes=53)
        assert client.get("/operator/").status_code == 200
    town.clock.travel(minutes=5)
    assert client.get("/operator/").status_code == 303, "it is eight hours old"
    assert sign_in(client, code=code_at(world)).status_code == 303
    town.clock.travel(hours=1)
    assert client.get("/operator/").status_code == 303, "it was not used for an hour"


def test_signing_out_ends_one_session_or_all(town: Town, world: World, operator: FlaskClient) -> None:
    town.clock.travel(seconds=30)
    other = create_app(world).test_client()
    assert sign_in(other, code=code_at(world)).status_code == 303
    csrf = Form(other.get("/operator/").text, having="csrf").fields["csrf"]
    assert "You are signed out." in other.post("/operator/sign-out", data={"csrf": csrf, "which": "this"}).text
    assert other.get("/operator/").status_code == 303
    assert operator.get("/operator/").status_code == 200
    town.clock.travel(seconds=30)
    assert sign_in(other, code=code_at(world)).status_code == 303
    csrf = Form(other.get("/operator/").text, having="csrf").fields["csrf"]
    other.post("/operator/sign-out", data={"csrf": csrf, "which": "all"})
    assert operator.get("/operator/").status_code == 303


def test_a_new_token_ends_every_session(town: Town, operator: FlaskClient) -> None:
    changed = create_app(world_with(town, **BOTH | {"operator_token": TOKEN[::-1]})).test_client()
    changed.set_cookie("operator", operator.get_cookie("operator").value)
    assert changed.get("/operator/").status_code == 303


def test_a_restored_backup_opens_no_session_again(town: Town, world: World, operator: FlaskClient) -> None:
    with world.sessions.begin() as session:
        restoring.settle_restored(session, [], town.clock(), town.clock())
    assert operator.get("/operator/").status_code == 303


@pytest.mark.parametrize("is_https", [False, True])
def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(town: Town, is_https: bool) -> None:
    base = "https://bot.example.org" if is_https else town.world.settings.base_url
    world = world_with(town, **BOTH, public_base_url=base)
    client = create_app(world).test_client()
    cookie = sign_in(client, code=code_at(world), base_url=base).headers["Set-Cookie"]
    assert cookie.startswith("__Host-operator=" if is_https else "operator=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/", f"Max-Age={8 * 3600}"} <= set(cookie.split("; "))
    assert ("Secure" in cookie.split("; ")) is is_https


def test_forms_of_other_sites_and_without_their_token_are_refused(world: World, operator: FlaskClient) -> None:
    assert (
        sign_in(operator, code=code_at(world, seconds=30), headers={"Origin": "https://evil.example"}).status_code
        == 403
    )
    assert operator.post("/operator/sign-out", headers={"Origin": "https://evil.example"}).status_code == 403
    assert operator.post("/operator/sign-out").status_code == 400
    assert operator.get("/operator/").status_code == 200


def test_secrets_are_neither_stored_nor_logged(town: Town, world: World, client: FlaskClient) -> None:
    with logged() as said:
        code = code_at(world)
        assert sign_in(client, code=code).status_code == 303
        client.get("/operator/messages/failed")
    cookie = client.get_cookie("operator").value
    [row] = rows(world, OperatorSession)
    kept = str([row.browser_hash, *(each.detail for each in rows(world, AuditEvent))])
    for secret in (cookie, TOKEN, SECRET):
        assert secret not in said.getvalue()
        assert secret not in kept


def test_old_sessions_and_links_are_deleted(town: Town, world: World, operator: FlaskClient) -> None:
    sign_in(create_app(world).test_client(), way="link")
    with world.sessions.begin() as session:
        retention.sweep_old(session, town.clock() + timedelta(days=29))
    assert (len(rows(world, OperatorSession)), len(rows(world, OperatorLink))) == (1, 1)
    with world.sessions.begin() as session:
        retention.sweep_old(session, town.clock() + timedelta(days=31))
    assert (rows(world, OperatorSession), rows(world, OperatorLink)) == ([], [])


# What it shows.


def have_messages(town: Town, count: int, **columns: object) -> list[OutboundMessage]:
    """Write messages to a member, each a minute older than the one before, without the chat."""
    member = member_of(town, "Zoë", 4711)
    now = town.clock()
    made = [
        OutboundMessage(
            member_id=member.id,
            kind=MessageKind.REPLY,
            dedupe_key=f"{uuid4()}",
            content=b"sealed text",
            next_attempt_at=now,
            expires_at=now + timedelta(hours=1),
            created_at=now - timedelta(minutes=number),
            **columns,
        )
        for number in range(count)
    ]
    with town.world.sessions.begin() as session:
        session.add_all(made)
    return made


def test_each_figure_leads_to_exactly_its_messages(town: Town, operator: FlaskClient) -> None:
    failed = have_messages(town, ON_A_PAGE + 3, state=MessageState.FAILED, error_code=63016)
    page = operator.get("/operator/").text
    href, count = re.search(r'href="(/operator/messages/failed)".*?<strong>([\d,]+)</strong>', page, re.DOTALL).groups()
    first = operator.get(href).text
    second = operator.get(re.search(r'href="([^"]+)">Older', first)[1]).text
    shown = re.findall(r"<code>([0-9a-f-]{36})</code>", first + second)
    assert int(count) == len(shown) == len(failed)
    assert set(shown) == {str(each.id) for each in failed}
    assert "Older" not in second
    assert operator.get("/operator/messages/failed?page=3").status_code == 404
    assert operator.get("/operator/messages/nonsense").status_code == 404


@pytest.mark.parametrize("which", list(MessageList))
def test_a_list_shows_no_text_and_no_number(town: Town, zoe: Person, operator: FlaskClient, which: MessageList) -> None:
    zoe.says("hi")
    have_messages(town, 1, state=MessageState.FAILED)
    have_messages_of = {MessageList.IN_DOUBT: MessageState.UNKNOWN, MessageList.WAITING: MessageState.QUEUED}
    if which in have_messages_of:
        with town.world.sessions.begin() as session:
            session.execute(text("UPDATE outbound_messages SET state = :state"), {"state": have_messages_of[which]})
    page = operator.get(f"/operator/messages/{which.value}").text
    assert "There are no such messages" not in page
    assert re.search(r"<bdi>\+32 … \d\d</bdi>", page)
    for hidden in ("470000001", "470004711", "Zoë", zoe.heard[:30]):
        assert hidden not in page


def test_who_was_in_a_list_can_see_that_and_opening_anything_is_in_the_audit(town: Town, operator: FlaskClient) -> None:
    [message] = have_messages(town, 1, state=MessageState.FAILED)
    operator.get("/operator/messages/failed")
    operator.get("/operator/messages/waiting")
    seen = [(each.action, each.member_id, each.detail) for each in rows(town.world, AuditEvent)]
    assert ("operator.messages_opened", None, {"which": "failed", "page": 1}) in seen
    assert ("operator.messages_opened", None, {"which": "waiting", "page": 1}) in seen
    assert [each for each in seen if each[1] is not None] == [
        ("operator.saw_messages", message.member_id, {"which": "failed"})
    ]


def test_page_and_status_say_the_same(town: Town, world: World, zoe: Person, operator: FlaskClient) -> None:
    zoe.says("new group Sunday Legends")
    zoe.connects_garmin()
    have_messages(town, 2, state=MessageState.FAILED)
    with world.sessions.begin() as session:
        breakers.shut(session, "garmin", town.clock(), timedelta(hours=1), "429")
    facts = operator_look.look_for_operator(world, Doctor(world, WEB).look()).facts
    topics = {each.topic for each in facts}
    assert topics >= {"messages", "spending", "coming", "breakers", "templates", "syncs", "waiting", "broken jobs"}
    page = operator.get("/operator/").text
    status = create_app(world).test_cli_runner().invoke(args=["status"]).output
    for each in facts:
        if each.topic in {"findings", "process"}:
            continue  # they differ by the process that looks, and by when
        assert operator_look.describe_fact(each) in status
        assert each.name in page
        assert each.value in page
    assert "paused until" in page


def test_the_free_allowance_counts_what_was_no_template_this_month(town: Town, world: World) -> None:
    now = town.clock()
    sent = {"state": MessageState.DELIVERED, "first_attempt_at": now}
    have_messages(town, 3, **sent, said_as="text")
    with world.sessions.begin() as session:
        rows_ = list(session.query(OutboundMessage).order_by(OutboundMessage.created_at))
        rows_[0].said_as = "digest_ready"
        rows_[1].first_attempt_at = now.replace(day=1) - timedelta(days=1)
    [free] = [
        each
        for each in operator_look.look_for_operator(world, Doctor(world, WEB).look()).facts
        if each.name == "free allowance"
    ]
    assert (free.value, free.of) == ("1", "1,000")


def break_jobs(world: World, count: int) -> None:
    """Let jobs end by an error, as a bug would end them."""
    for _ in range(count):
        enqueue(world.redis, "tests.web.test_operator_page.fail", "work", timeout=AT_MOST)
    queues = [Queue("work", connection=world.redis, serializer=JSONSerializer)]
    worker = BriefWorker(queues, connection=world.redis, serializer=JSONSerializer, job_class=JsonJob)
    worker.log.setLevel(logging.CRITICAL)
    worker.work(burst=True, logging_level="CRITICAL")


def fail() -> None:
    raise KeyError("a text that is not shown")


def test_broken_jobs_are_named_and_counted_without_their_arguments(world: World, operator: FlaskClient) -> None:
    break_jobs(world, 2)
    page = operator.get("/operator/").text
    assert "tests.web.test_operator_page.fail" in page
    assert "2 times" in page
    assert "a text that is not shown" not in page


# What can be done.


def test_a_pause_is_ended_after_a_question_and_the_audit_keeps_it(
    town: Town, world: World, operator: FlaskClient
) -> None:
    with world.sessions.begin() as session:
        breakers.shut(session, "garmin", town.clock(), timedelta(hours=1), "429")
    link = re.search(r'href="(/operator/breakers/garmin)"', operator.get("/operator/").text)[1]
    question = operator.get(link).text
    assert "End the pause of garmin?" in question
    with world.sessions() as session:
        assert breakers.is_shut(session, "garmin", town.clock())
    csrf = Form(question, having="csrf").fields["csrf"]
    done = operator.post(link, data={"csrf": csrf})
    assert "The pause has ended" in operator.get(done.location).text
    with world.sessions() as session:
        assert not breakers.is_shut(session, "garmin", town.clock())
    assert rows(world, Breaker)[0].trips == 1
    assert "operator.pause_ended" in acts(world)
    assert operator.get(link).status_code == 404
    assert operator.post(link, data={"csrf": csrf}).status_code == 404
