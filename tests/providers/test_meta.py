"""The adapter for Meta's Groups API, with the pretend one, over HTTP."""

from datetime import timedelta

import pytest
from flask import Flask, Response

from providers.errors import MessengerBroken, NotSent, Refused, Unclear
from providers.messenger import RefusalMeaning
from providers.meta.meta_groups import MetaGroups
from simulator.meta import PretendGroup, PretendMeta, failure
from tests.town import Served


@pytest.fixture(scope="module")
def served() -> Served:
    return Served()


@pytest.fixture
def meta(served: Served) -> PretendMeta:
    made = PretendMeta()
    served.app = Flask("meta")
    served.app.register_blueprint(made.blueprint())
    made.groups["G1"] = PretendGroup("G1", "Sunday Legends")
    return made


@pytest.fixture
def groups(served: Served, meta: PretendMeta) -> MetaGroups:
    return MetaGroups(f"{served.url}/meta", meta.phone_number_id, meta.token)


def test_a_digest_is_posted_as_a_picture_with_its_text(meta: PretendMeta, groups: MetaGroups) -> None:
    assert groups.post("G1", "🏁 *Sunday Legends*", "https://bot.example/m/x.png").startswith("wamid.")
    [message] = meta.groups["G1"].posted
    assert (message["recipient_type"], message["to"], message["type"]) == ("group", "G1", "image")
    assert message["image"] == {"link": "https://bot.example/m/x.png", "caption": "🏁 *Sunday Legends*"}


@pytest.mark.parametrize(("text", "url"), [("hello", None), ("x" * 1_100, "https://bot.example/m/x.png")])
def test_a_text_without_a_picture_or_too_long_for_one_goes_alone(meta, groups, text, url) -> None:
    groups.post("G1", text, url)
    assert meta.groups["G1"].posted[0]["text"] == {"body": text, "preview_url": False}


def test_a_group_is_asked_for_appears_and_is_joined_by_its_link(meta: PretendMeta, groups: MetaGroups) -> None:
    assert groups.create("Office swim")
    assert groups.groups() == [("G1", "Sunday Legends")]
    [made] = meta.appear()
    assert (made.id, "Office swim") in groups.groups()
    assert groups.invite_link(made.id) == f"https://chat.whatsapp.com/{made.id}"


def test_a_number_that_may_not_use_groups_is_the_operators_matter(meta: PretendMeta, groups: MetaGroups) -> None:
    meta.eligible = False
    for call in (lambda: groups.post("G1", "x", None), lambda: groups.create("x"), groups.groups):
        with pytest.raises(MessengerBroken, match="131215"):
            call()


def test_a_wrong_token_is_too(served: Served, meta: PretendMeta) -> None:
    with pytest.raises(MessengerBroken, match="190"):
        MetaGroups(f"{served.url}/meta", meta.phone_number_id, "wrong").post("G1", "x", None)


def test_a_group_in_which_nobody_wrote_takes_no_text(meta: PretendMeta, groups: MetaGroups) -> None:
    meta.groups["G1"].window_open = False
    with pytest.raises(Refused) as refused:
        groups.post("G1", "x", None)
    assert (refused.value.code, refused.value.meaning) == (131047, RefusalMeaning.WINDOW_CLOSED)


def test_an_unknown_group_is_refused(meta: PretendMeta, groups: MetaGroups) -> None:
    with pytest.raises(Refused) as refused:
        groups.post("G2", "x", None)
    assert refused.value.code == 100


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda: failure(429, 130429, "Rate limit hit"), NotSent),
        (lambda: failure(400, 131056, "Pair rate limit hit"), NotSent),
        (lambda: failure(500, 131000, "Something went wrong"), Unclear),
        (lambda: Response("<html>gateway", 502), Unclear),
        (lambda: Response("<html>hotel", 200), Unclear),
        (lambda: Response("[]", 200, content_type="application/json"), Unclear),
        (lambda: Response('{"messages": []}', 200, content_type="application/json"), Unclear),
        (lambda: Response("nothing", 403), Refused),
    ],
)
def test_what_may_have_been_posted_is_told_from_what_was_not(served, meta, groups, answer, error) -> None:
    with served.app.app_context():
        meta.faults.append(answer())
    with pytest.raises(error):
        groups.post("G1", "x", None)
    assert meta.groups["G1"].posted == []


def test_the_wish_to_wait_is_kept(served: Served, meta: PretendMeta, groups: MetaGroups) -> None:
    with served.app.app_context():
        slow = failure(429, 4, "Application request limit reached")
    slow.headers["Retry-After"] = "17"
    meta.faults.append(slow)
    with pytest.raises(NotSent) as put_off:
        groups.post("G1", "x", None)
    assert (put_off.value.retry_after, put_off.value.throttled) == (timedelta(seconds=17), True)


def test_where_nobody_listens_nothing_was_sent() -> None:
    with pytest.raises(NotSent):
        MetaGroups("http://127.0.0.1:9/meta", "1", "t").post("G1", "x", None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_what_leads_elsewhere_is_not_followed(served: Served, meta: PretendMeta, status: int) -> None:
    """Neither the digest nor the token is sent to a host that is not the one in the settings."""
    heard: list[str] = []
    served.app = Flask("elsewhere")
    served.app.add_url_rule("/meta/<path:_>", "on", lambda _: ("", status, {"Location": "/other"}), methods=["POST"])
    served.app.add_url_rule("/other", "other", lambda: heard.append("asked") or "{}", methods=["GET", "POST"])
    with pytest.raises(NotSent, match=str(status)):
        MetaGroups(f"{served.url}/meta", meta.phone_number_id, meta.token).post("G1", "x", None)
    assert heard == []
