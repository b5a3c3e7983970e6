"""What all endpoints have in common: keys, ETags, cursors, problems, limits, origins, documentation."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from redis import Redis

from api.mounting import specification
from fitness.sports import Sport
from models import CountedEvent, Group, Member, Scope
from services.group import groups
from services.training import entries
from tests.api.programs import Program, client_of, member_of, nobody, rows, script, signed_in, slug
from tests.patience import AT_MOST
from tests.town import Town
from world import World


@pytest.fixture
def ann(town: Town) -> Program:
    return signed_in(town.world, member_of(town, "Ann").id)


def has_moved(town: Town, member_id: int, days: int) -> None:
    """Add this many swims that were logged by hand, one a day, each a kilometre longer than
    the one of the day after.
    """
    with town.world.sessions.begin() as session:
        member = session.get_one(Member, member_id)
        for number in range(days):
            day = date(2026, 11, 18) - timedelta(number)
            entries.log(session, member, Sport.SWIM, 1800, 1000.0 * (number + 1), day, town.clock())


def test_a_repeated_request_does_nothing_twice_and_is_answered_the_same(town: Town, ann: Program) -> None:
    first, again = (ann.post("/groups", {"name": "Legends"}, Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(rows(town.world, Group)) == 1
    assert slug(ann.post("/groups", {"name": "Others"}, Idempotency_Key="k")) == "key-used"
    refused = [ann.post("/groups", {"name": "Legends"}, Idempotency_Key="taken") for _ in range(2)]
    assert [slug(each) for each in refused] == ["group-name-taken"] * 2
    assert refused[1].headers["Idempotency-Replayed"] == "true"
    other = signed_in(town.world, member_of(town, "Ben", 2).id)
    assert other.post("/groups", {"name": "Bens"}, Idempotency_Key="k").status_code == 201, "keys are each one's own"
    for key in ("", "a b", "k" * 256, "é"):
        assert slug(ann.post("/groups", {"name": "x"}, Idempotency_Key=key)) == "key-not-usable"
    town.clock.travel(days=1, minutes=1)
    fresh = signed_in(town.world, 1)
    ann.access, ann.session = fresh.access, fresh.session
    assert ann.post("/groups", {"name": "Thirds"}, Idempotency_Key="k").status_code == 201


def test_of_twenty_equal_requests_at_once_one_is_done(town: Town, ann: Program) -> None:
    def ask(_: int) -> int:
        program = Program(client_of(town.world), ann.access)
        return program.post("/groups", {"name": "Legends"}, Idempotency_Key="k").status_code

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(ask, range(20))) == {201}
    assert len(rows(town.world, Group)) == 1


def test_a_reader_who_has_it_already_is_told_so_and_a_writer_who_has_an_old_one_is_refused(ann: Program) -> None:
    first = ann.get("/me")
    tag = first.headers["ETag"]
    assert ann.get("/me", If_None_Match=tag).status_code == 304
    assert ann.ask("PATCH", "/me", {"name": "Anna"}, If_Match=tag).status_code == 200
    late = ann.ask("PATCH", "/me", {"name": "Annie"}, If_Match=tag)
    assert (late.status_code, slug(late)) == (412, "changed-meanwhile")
    assert ann.get("/me", If_None_Match=tag).json["data"]["name"] == "Anna"
    assert ann.ask("PATCH", "/me", {"name": "Annie"}, If_Match="*").status_code == 200
    assert ann.ask("PATCH", "/me", {"units": "imperial"}).status_code == 200


def test_of_ten_who_change_the_same_state_one_succeeds(town: Town, ann: Program) -> None:
    tag = ann.get("/me").headers["ETag"]

    def change(number: int) -> int:
        program = Program(client_of(town.world), ann.access)
        return program.ask("PATCH", "/me", {"name": f"Ann{number}"}, If_Match=tag).status_code

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(change, range(10))) == [200] + [412] * 9


@pytest.mark.parametrize("sort", ["start", "-start", "distance", "-distance", "duration", "-points"])
def test_pages_hold_everything_once_in_order_whatever_is_added_meanwhile(town: Town, ann: Program, sort: str) -> None:
    has_moved(town, 1, 7)
    whole = [each["id"] for each in ann.data(f"/activities?sort={sort}")]
    found, cursor = [], ""
    while cursor is not None:
        answer = ann.get(f"/activities?limit=3&sort={sort}{f'&cursor={cursor}' if cursor else ''}").json
        found += [each["id"] for each in answer["data"]]
        cursor = answer["pagination"]["next_cursor"]
        assert answer["pagination"]["has_more"] == (cursor is not None)
        if sort == "-start" and len(found) == 3:
            has_moved(town, 1, 1)  # this is before the items that were read, and moves none
    assert found == whole


def test_filters_hold_and_a_cursor_belongs_to_its_list(town: Town, ann: Program) -> None:
    has_moved(town, 1, 5)
    assert len(ann.data("/activities?since=2026-11-16&until=2026-11-17")) == 2
    assert ann.data("/activities?sport=run") == []
    assert ann.data("/activities?excluded=true") == []
    cursor = ann.get("/activities?limit=2").json["pagination"]["next_cursor"]
    for path in (
        f"/activities?limit=2&sort=start&cursor={cursor}",
        f"/activities?sport=swim&cursor={cursor}",
        f"/activities/files?cursor={cursor}",
        f"/activities?cursor={cursor[:-1]}x",
        "/activities?cursor=W1siaW50IiwgMV1d.0000000000000000",
    ):
        assert slug(ann.get(path)) == "cursor-not-usable", path
    for path in ("limit=0", "limit=101", "limit=x", "sort=name", "sport=chess", "since=yesterday", "lmit=3"):
        assert slug(ann.get(f"/activities?{path}")) == "not-valid", path


def test_every_error_is_a_problem(town: Town, ann: Program) -> None:
    told = {
        ("GET", "/nothing"): "not-found",
        ("GET", "/groups/12345"): "not-found",
        ("GET", "/groups/99999999999999999999999"): "not-found",
        ("PUT", "/groups"): "method-not-allowed",
        ("POST", "/groups"): "not-valid",
    }
    for (method, path), name in told.items():
        assert slug(ann.ask(method, path)) == name, path
    assert "POST" in ann.ask("PUT", "/groups").headers["Allow"]
    broken = ann.client.post(
        "/api/v1/groups",
        data="{",
        headers={"Authorization": f"Bearer {ann.access}", "Content-Type": "application/json"},
    )
    assert slug(broken) == "not-valid"
    odd = {"[" * 60_000: 422, '{"name": ' + "9" * 5_000 + "}": 422, '{"name": 1e999}': 422, "null": 422, "\xff": 422}
    head = {"Authorization": f"Bearer {ann.access}"}
    for body, status in odd.items():
        sent = body.encode("latin-1")
        answer = ann.client.post("/api/v1/groups", data=sent, headers=head | {"Content-Type": "application/json"})
        assert (answer.status_code, slug(answer)) == (status, "not-valid"), body[:20]
    assert slug(ann.client.post("/api/v1/groups", data="name=x", headers=head)) == "not-json"
    errors = ann.post("/groups", {"nme": "x"}).json["errors"]
    assert {each["pointer"] for each in errors} == {"json:/nme", "json:/name"}
    assert slug(ann.post("/groups", {"name": "a\u0000b"})) == "not-valid"
    assert slug(ann.post("/groups", {"name": "\ud800"})) == "not-valid"
    too_large = ann.ask("POST", "/activities/files?format=fit", b"x" * (128 * 1024 + 1))
    assert too_large.status_code == 413
    assert too_large.content_type == "application/problem+json"
    nameless = nobody(town.world).get("/me")
    assert nameless.headers["WWW-Authenticate"] == 'Bearer realm="gruppetto"'


def test_wrong_guesses_count_with_those_in_the_chat(town: Town, ann: Program) -> None:
    for _ in range(5):
        assert slug(ann.post("/groups/join", {"code": "AAAAAA", "agreed": True})) == "code-not-active"
    late = ann.post("/groups/join", {"code": "AAAAAA", "agreed": True})
    assert (late.status_code, slug(late)) == (429, "too-many-guesses")
    assert len(rows(town.world, CountedEvent, kind="line: refusals/code_not_active")) == 5


def limited(town: Town, **changed: object) -> World:
    return replace(town.world, settings=town.world.settings.model_copy(update=changed))


def test_who_asks_too_often_is_told_when_to_come_again_and_nobody_else_is(town: Town) -> None:
    world = limited(town, api_requests_a_minute=3)
    ann, ben = (signed_in(world, member_of(town, name, number).id) for number, name in enumerate(("Ann", "Ben"), 1))
    answers = [ann.get("/me") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert [each.headers["X-RateLimit-Remaining"] for each in answers[:3]] == ["2", "1", "0"]
    assert slug(answers[3]) == "too-many-requests"
    assert 0 <= int(answers[3].headers["Retry-After"]) <= 60
    assert ben.get("/me").status_code == 200
    assert script(world, 1, Scope.PROFILE_READ).get("/me").status_code == 200, "each token counts for itself"


def test_while_redis_is_away_one_reads_and_writes_but_does_not_sign_in(town: Town) -> None:
    ann = signed_in(town.world, member_of(town, "Ann").id)
    nowhere = Redis.from_url("redis://127.0.0.1:1/0", socket_timeout=AT_MOST)
    program = Program(client_of(replace(town.world, redis=nowhere)), ann.access)
    assert program.get("/me").status_code == 200
    assert program.ask("PATCH", "/me", {"name": "Anna"}).status_code == 200
    for path, body in (("codes", {"number": "+32470000001"}), ("tokens", {"request": "0" * 32, "code": "1"})):
        answer = program.post(f"/auth/{path}", body)
        assert (answer.status_code, slug(answer)) == (503, "busy")


def test_who_makes_tokens_up_is_slowed_and_nobody_with_a_real_one(town: Town) -> None:
    ann = signed_in(town.world, member_of(town, "Ann").id)
    program = nobody(town.world)
    codes = [Program(program.client, f"gtp_{number}").get("/me").status_code for number in range(102)]
    assert codes == [401] * 100 + [429] * 2
    assert slug(Program(program.client, "gtp_x").get("/me")) == "too-many-requests"
    assert Program(program.client, ann.access).get("/me").status_code == 200


def test_other_origins_are_let_in_only_where_they_are_named(town: Town, ann: Program) -> None:
    origin = {"Origin": "https://app.example.org"}
    asked = {**origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    for headers in (origin, asked):
        answer = ann.client.open("/api/v1/me", method="OPTIONS", headers=headers)
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
    named = client_of(limited(town, api_origins="https://app.example.org"))
    assert named.open("/api/v1/me", method="OPTIONS", headers=asked).headers["Access-Control-Allow-Origin"] == (
        "https://app.example.org"
    )
    elsewhere = named.get("/api/v1/me", headers={"Origin": "https://other.example.org"})
    assert "Access-Control-Allow-Origin" not in elsewhere.headers
    assert "Access-Control-Allow-Origin" not in named.get("/livez", headers=origin).headers


def test_the_documents_say_all_and_load_nothing_from_elsewhere(ann: Program) -> None:
    spec = ann.get("/openapi.json").json
    assert spec == specification()
    assert spec["openapi"] == "3.1.0"
    page = ann.get("/docs").text
    assert "<script" not in page
    assert not [each for each in ("cdn", 'src="http', 'href="http') if each in page]
    operations = [each for path in spec["paths"].values() for method, each in path.items() if method != "parameters"]
    assert len({each["operationId"] for each in operations}) == len(operations) > 50
    assert all(f'id="{each["operationId"]}"' in page for each in operations)
    assert all("summary" in each for each in operations)


def test_groups_that_are_somebody_elses_are_not_there(town: Town, ann: Program) -> None:
    ben = member_of(town, "Ben", 2)
    with town.world.sessions.begin() as session:
        hidden = groups.start(session, session.get_one(Member, ben.id), "Bens", town.clock()).id
    assert ann.get(f"/groups/{hidden}").json == ann.get("/groups/987654").json
