"""Signing in: the code from the chat, tokens, and everything that must be refused."""

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest

from api.declaring import tokens
from models import ApiSession, Ended, Member, Scope, SignInCode
from models.hashes import digest
from services.data import erasure
from services.people import chat_codes, signing_in
from tests.api.programs import Program, client_of, member_of, nobody, rows, script, signed_in, slug
from tests.town import Person, Town

ANN = "+32470000001"


def ask(program: Program, number: str, where: str = "203.0.113.1") -> Any:
    program.client.environ_base["REMOTE_ADDR"] = where
    return program.post("/auth/codes", {"number": number})


def give(program: Program, request: str, code: str, **more: Any) -> Any:
    return program.post("/auth/tokens", {"request": request, "code": code, **more})


def test_from_the_chat_to_a_session_that_is_ended_from_the_chat(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    program = nobody(town.world)
    asked = ask(program, "+32 470 00 00 01").json["data"]
    town.rest()
    code = re.search(r"\*(\d{6})\*", zoe.heard)[1]
    assert "Whoever is new begins there, too." in asked["detail"]
    wrong = give(program, asked["request"], str((int(code) + 1) % 1_000_000).zfill(6))
    assert (wrong.status_code, slug(wrong)) == (401, "code-wrong")
    got = give(program, asked["request"], code, device="Zoë's laptop")
    assert got.status_code == 201
    assert slug(give(program, asked["request"], code)) == "code-wrong", "it works once"
    program.access = got.json["data"]["access_token"]
    assert program.data("/me")["name"] == "Zoë"
    assert [each["device"] for each in program.data("/auth/sessions")] == ["Zoë's laptop"]
    assert "Zoë's laptop, last used" in zoe.says("signed in")
    assert zoe.says("sign out").startswith("This ends 1 session and 0 personal tokens")
    assert zoe.taps("Yes, end them").startswith("✅ Ended 1 session and 0 personal tokens.")
    assert program.get("/me").status_code == 401


def test_nothing_tells_whether_a_number_is_known(town: Town) -> None:
    member_of(town, "Ann")
    member_of(town, "Ben", 2, opted_out_at=town.clock())
    member_of(town, "Cas", 3, last_inbound_at=town.clock() - timedelta(hours=25))
    member_of(town, "Dev", 4, doubted_at=town.clock())
    program, told = nobody(town.world), []
    for number in range(1, 6):
        answer = ask(program, f"+3247{number:07}", f"203.0.113.{number}")
        headers = {name for name, _ in answer.headers if not name.startswith("X-RateLimit")}
        told.append((answer.status_code, answer.json["data"]["detail"], headers))
        assert give(program, answer.json["data"]["request"], "nocode").status_code == 401
    assert all(each == told[0] for each in told)
    assert len(rows(town.world, SignInCode)) == 1, "only to whoever wrote lately, and surely has the number"
    odd = ask(program, "four", "203.0.113.9")
    assert (odd.status_code, odd.json["errors"][0]["pointer"]) == (422, "json:/number")


def test_a_code_is_tried_five_times_and_lives_ten_minutes(town: Town) -> None:
    ann = member_of(town, "Ann")
    code = made_code(town, ann)
    for _ in range(chat_codes.MOST_TRIES):
        assert not proved(town, code, "wrong")
    assert not proved(town, code, code[1]), "five wrong ones, and the right one is over"
    late = made_code(town, ann)
    town.clock.travel(minutes=10)
    assert not proved(town, late, late[1])
    good = made_code(town, ann)
    assert proved(town, good, good[1])
    assert not proved(town, good, good[1])


def made_code(town: Town, member: Member) -> tuple[UUID, str]:
    """Store a code that the test knows."""
    request, code = uuid4(), "123456"
    with town.world.sessions.begin() as session:
        hashed = digest(session, "sign-in", f"{request}:{code}")
        until = town.clock() + chat_codes.CODE_FOR
        session.add(SignInCode(id=request, member_id=member.id, code_hash=hashed, expires_at=until))
    return request, code


def proved(town: Town, code: tuple[UUID, str], given: str) -> bool:
    with town.world.sessions.begin() as session:
        return signing_in.prove(session, code[0], given, town.clock()) is not None


def test_for_one_number_few_codes_can_be_asked_for_whoever_asks(town: Town) -> None:
    member_of(town, "Ann")
    program = nobody(town.world)
    for number in (ANN, "+32470000099"):
        answers = [ask(program, number, f"203.0.113.{place}") for place in range(4)]
        assert [each.status_code for each in answers] == [202, 202, 202, 429]
        assert slug(answers[-1]) == "enough-sign-in-codes"
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 900


def test_a_refresh_token_that_is_used_twice_ends_its_session_and_is_told_in_the_chat(town: Town, zoe: Person) -> None:
    zoe.says("hi")
    thief = signed_in(town.world, 1, device="old tablet")
    other = signed_in(town.world, 1)
    renewed = thief.renew()
    assert renewed.status_code == 200
    again = thief.renew()
    assert (again.status_code, slug(again)) == (401, "refresh-not-good")
    [ended] = rows(town.world, ApiSession, id=thief.session)
    assert ended.ended_why is Ended.REUSED
    assert thief.renew(renewed.json["data"]["refresh_token"]).status_code == 401, "the whole family is dead"
    assert thief.get("/me").status_code == 401
    assert other.get("/me").status_code == 200
    town.rest()
    assert zoe.heard.startswith("⚠️ I signed *old tablet* out of the API: one of its tokens was used a second time")
    assert zoe.buttons == ["Who is signed in", "Sign out all"]


def test_of_twenty_who_renew_at_once_one_is_let_in_and_the_session_ends(town: Town) -> None:
    program = signed_in(town.world, member_of(town, "Ann").id)
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: Program(client_of(town.world), refresh=program.refresh).renew(), range(20)))
    assert sorted(each.status_code for each in found) == [200] + [401] * 19
    [first] = [each.json["data"] for each in found if each.status_code == 200]
    program.access = first["access_token"]
    assert program.get("/me").status_code == 401
    assert program.renew(first["refresh_token"]).status_code == 401


def test_whoever_lost_the_answer_to_a_renewal_gets_it_again_with_the_same_key(town: Town) -> None:
    program = signed_in(town.world, member_of(town, "Ann").id)
    first, again = (program.renew(Idempotency_Key="a") for _ in range(2))
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert program.renew(first.json["data"]["refresh_token"]).status_code == 200, "nothing was used twice"


def forged(town: Town, program: Program, **changed: Any) -> str:
    """Return the program's token with other claims or another head, signed with our own key by default."""
    key = changed.pop("key", next(iter(tokens._keys(town.world).values())))
    head = jwt.get_unverified_header(program.access) | changed.pop("head", {})
    claims = jwt.decode(program.access, options={"verify_signature": False}) | changed
    claims = {name: value for name, value in claims.items() if value is not None}
    if head["alg"].casefold() == "none":
        parts = (base64.urlsafe_b64encode(json.dumps(each).encode()).decode().rstrip("=") for each in (head, claims))
        return ".".join([*parts, ""])
    return jwt.encode(claims, key, head["alg"], headers=head)


def seconds(town: Town, **span: float) -> int:
    return int((town.clock() + timedelta(**span)).timestamp())


FORGED: dict[str, Any] = {
    "alg none": lambda _: {"head": {"alg": "none"}},
    "alg none in capitals": lambda _: {"head": {"alg": "None"}},
    "a longer algorithm": lambda _: {"head": {"alg": "HS512"}},
    "another key": lambda _: {"key": "k" * 64},
    "an empty key": lambda _: {"key": ""},
    "kid of nobody": lambda _: {"head": {"kid": "0" * 12}},
    "kid is a path": lambda _: {"head": {"kid": "../../../../dev/null"}, "key": ""},
    "kid is SQL": lambda _: {"head": {"kid": "x' UNION SELECT 'k"}, "key": "k" * 64},
    "kid is missing": lambda _: {"head": {"kid": ""}},
    "a key comes along": lambda _: {
        "head": {"jwk": {"kty": "oct", "k": "aw"}, "jku": "http://x.example"},
        "key": "k" * 64,
    },
    "another kind": lambda _: {"head": {"typ": "JWT"}},
    "another issuer": lambda _: {"iss": "https://x.example"},
    "another audience": lambda _: {"aud": "https://x.example"},
    "no end": lambda _: {"exp": None},
    "no session": lambda _: {"sid": None},
    "a session that is none": lambda _: {"sid": "1"},
    "a session of nobody": lambda _: {"sid": str(uuid4())},
    "another member": lambda _: {"sub": "999999"},
    "a longer life": lambda town: {"exp": seconds(town, days=1)},
    "from the future": lambda town: {"iat": seconds(town, minutes=5), "exp": seconds(town, minutes=9)},
    "not yet": lambda town: {"nbf": seconds(town, minutes=1)},
    "over": lambda town: {"iat": seconds(town, hours=-1), "exp": seconds(town, minutes=-50)},
    "times are words": lambda _: {"iat": "now"},
    "times are no numbers": lambda _: {"exp": 1e400},
}


def test_forged_tokens_are_refused(town: Town) -> None:
    program = signed_in(town.world, member_of(town, "Ann").id)
    assert program.get("/me").status_code == 200
    let_in = {}
    for name, change in FORGED.items():
        try:
            token = forged(town, program, **change(town))
        except (NotImplementedError, ValueError, jwt.PyJWTError):
            token = forged(town, program, **change(town) | {"key": "k" * 64})
        let_in[name] = Program(program.client, token).get("/me").status_code
    for name, token in {"nothing": " ", "dots": "a.b.c", "long": "a" * 9_000, "unpadded": f"{program.access}x"}.items():
        let_in[name] = Program(program.client, token).get("/me").status_code
    assert {name: code for name, code in let_in.items() if code != 401} == {}
    assert Program(program.client, headers={"Authorization": f"Basic {program.access}"}).get("/me").status_code == 401


def test_clocks_may_differ_by_half_a_minute(town: Town) -> None:
    program = signed_in(town.world, member_of(town, "Ann").id)
    town.clock.travel(seconds=-29)
    assert program.get("/me").status_code == 200
    town.clock.travel(seconds=-2)
    assert slug(program.get("/me")) == "not-signed-in"
    town.clock.travel(seconds=31 + 600 + 29)
    assert program.get("/me").status_code == 200
    town.clock.travel(seconds=1)
    assert slug(program.get("/me")) == "token-over"


def test_a_session_that_is_not_kept_up_ends_after_thirty_days(town: Town) -> None:
    program = signed_in(town.world, member_of(town, "Ann").id)
    for _ in range(3):
        town.clock.travel(days=29)
        program.refresh = program.renew().json["data"]["refresh_token"]
    town.clock.travel(days=30)
    assert program.renew().status_code == 401


def test_a_new_secret_key_is_taken_over_without_signing_anybody_out(town: Town) -> None:
    ann = member_of(town, "Ann").id
    program = signed_in(town.world, ann)
    new = "another-secret-key-for-the-tests-only-0123456789"
    vault = replace(town.world.vault, secrets=(new, *town.world.vault.secrets))
    after = replace(town.world, vault=vault)
    program.client = client_of(after)
    assert program.get("/me").status_code == 200
    program.client = client_of(replace(town.world, vault=replace(vault, secrets=(new,))))
    assert program.get("/me").status_code == 401


def test_the_token_of_somebody_who_was_erased_opens_nothing(town: Town) -> None:
    ann = member_of(town, "Ann")
    program, helper = signed_in(town.world, ann.id), script(town.world, ann.id, Scope.PROFILE_READ)
    assert helper.get("/me").status_code == 200
    with town.world.sessions.begin() as session:
        erasure.erase(session, session.get_one(Member, ann.id), town.clock())
    assert [each.get("/me").status_code for each in (program, helper)] == [401, 401]
    assert program.renew().status_code == 401
    assert rows(town.world, ApiSession) == []


def test_whoever_may_be_somebody_else_is_not_let_in(town: Town) -> None:
    ann = member_of(town, "Ann")
    program = signed_in(town.world, ann.id)
    with town.world.sessions.begin() as session:
        session.get_one(Member, ann.id).doubted_at = town.clock()
    assert slug(program.get("/me")) == "number-in-doubt"


def test_no_scope_grows(town: Town) -> None:
    ann = member_of(town, "Ann")
    program = signed_in(town.world, ann.id, scopes=[Scope.PROFILE_READ, Scope.ACCOUNT])
    assert program.get("/groups").json["scope"] == "groups:read"
    renewed = program.post("/auth/tokens/refresh", {"refresh_token": program.refresh, "scopes": ["groups:read"]})
    assert renewed.status_code == 422
    renewed = program.renew().json["data"]
    assert renewed["scopes"] == ["profile:read", "account"]
    wider = program.post("/auth/personal-tokens", {"name": "x", "scopes": ["groups:read"]})
    assert (wider.status_code, wider.json["scope"]) == (403, "groups:read")
    assert program.post("/auth/personal-tokens", {"name": "x", "scopes": ["account"]}).status_code == 422
    made = program.post("/auth/personal-tokens", {"name": "x", "scopes": ["profile:read"]})
    helper = Program(program.client, made.json["data"]["token"])
    assert helper.get("/me").status_code == 200
    for method, path in (("GET", "/auth/sessions"), ("POST", "/me/exports"), ("POST", "/auth/personal-tokens")):
        assert slug(helper.ask(method, path, {} if method == "POST" else None)) == "scope-missing"
    town.clock.travel(minutes=16)
    program.access = program.renew(renewed["refresh_token"]).json["data"]["access_token"]
    assert slug(program.post("/auth/personal-tokens", {"name": "x", "scopes": ["profile:read"]})) == "sign-in-again"


def test_a_personal_token_ends_when_it_should(town: Town) -> None:
    ann = member_of(town, "Ann")
    program, helper = signed_in(town.world, ann.id), script(town.world, ann.id, Scope.PROFILE_READ)
    [listed] = program.data("/auth/personal-tokens")
    assert "token" not in listed
    assert nobody(town.world).post("/auth/tokens/verify", {"token": helper.access}).json["data"]["active"]
    town.clock.travel(days=29, hours=23)
    assert helper.get("/me").status_code == 200
    town.clock.travel(hours=2)
    assert helper.get("/me").status_code == 401
    again = script(town.world, ann.id, Scope.PROFILE_READ)
    program = signed_in(town.world, ann.id)
    [good] = program.data("/auth/personal-tokens")
    assert program.ask("DELETE", f"/auth/personal-tokens/{good['id']}").status_code == 204
    assert again.get("/me").status_code == 401
    assert nobody(town.world).post("/auth/tokens/verify", {"token": again.access}).json["data"] == {"active": False}


def test_sessions_are_ended_one_by_one_or_all(town: Town) -> None:
    ann, ben = member_of(town, "Ann"), member_of(town, "Ben", 2)
    here, there, bens = (signed_in(town.world, each) for each in (ann.id, ann.id, ben.id))
    assert here.ask("DELETE", f"/auth/sessions/{bens.session}").status_code == 404
    assert here.ask("DELETE", f"/auth/sessions/{there.session}").status_code == 204
    assert there.get("/me").status_code == 401
    assert there.renew().status_code == 401
    assert here.ask("DELETE", "/auth/sessions").json["data"] == {"ended": 1}
    assert (here.get("/me").status_code, bens.get("/me").status_code) == (401, 200)


@pytest.mark.parametrize("end", [10**18, -(10**15), 253_402_300_800])
def test_no_date_breaks_the_reading_of_a_token(town: Town, end: int) -> None:
    program = signed_in(town.world, member_of(town, "Ann").id)
    assert Program(program.client, forged(town, program, exp=end)).get("/me").status_code == 401
