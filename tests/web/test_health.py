"""/livez, /readyz and /health: whether the process is alive, what does not work, and how to repair it.

The worlds here have a clock that moves, because the check of clocks compares it with the database's.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from redis import Redis
from sqlalchemy import text, update
from werkzeug.test import TestResponse

import world as worlds
from bot import receiving
from config import Settings
from jobs import heartbeats, knocks, troubles
from jobs.health import Doctor
from jobs.heartbeats import Heart
from jobs.tick import tick
from models import Content, OutboundMessage
from models.base import make_sessions, open_engine
from models.vault import Vault, new_key
from providers.cards.resvg import Resvg
from providers.charts import Charts
from providers.clock import read_system_clock
from services.health import database
from services.health.findings import MENDS
from services.health.processes import CLOCK, WEB, WORKER
from tests.conftest import Servers
from tests.patience import AT_MOST, RUNS_OUT
from tests.town import ACCOUNT, Person, Served, Town
from web.app import create_app
from world import World

Examine = Callable[..., list[tuple[str, str, str]]]
TOKEN = "a-token-for-the-tests-only"
OTHER_ACCOUNT = "AC" + "1" * 32


@dataclass
class Deployment:
    """A town's servers as a deployment on the real day: a worker and a clock with heartbeats, and a web process."""

    town: Town
    world: World
    served: Served  # handles the town's webhooks

    def beats(self, kind: str, world: World | None = None, name: str = "") -> None:
        """Write the heartbeat of a process of this kind."""
        heart = Heart(world or self.world, kind)
        heart.instance = f"elsewhere:{name or kind}"
        heart.beat()

    def names(self, world: World | None = None) -> set[str]:
        """Return the checks that /readyz names as degraded."""
        code, _, names = told(asked(world or self.world))
        assert code == 200
        return names

    def says(self, name: str, world: World | None = None) -> str:
        """Return what /health says of one degraded check."""
        return details(world or self.world)[name]["says"]


@pytest.fixture
def deployment(town: Town, servers: Servers) -> Deployment:
    return deployed(town, servers)


def deployed(town: Town, servers: Servers) -> Deployment:
    """The town as a deployment without problems."""
    chosen = Settings(**town.world.settings.model_dump() | {"health_token": TOKEN})
    sessions = make_sessions(town.world.sessions.kw["bind"], town.world.vault, read_system_clock)
    made = Deployment(town, replace(town.world, settings=chosen, now=read_system_clock, sessions=sessions), servers.app)
    made.beats(WORKER)
    made.beats(CLOCK)
    tick.body(made.world)
    return made


def asked(world: World, path: str = "/readyz", token: str | None = None) -> TestResponse:
    with create_app(world).test_client() as client:
        return client.get(path, headers={"Authorization": f"Bearer {token}"} if token else {})


def told(answer: TestResponse) -> tuple[int, str, set[str]]:
    """Return the status, and the names of the degraded checks."""
    facts = answer.json
    assert facts.keys() == {"status", "degraded", "remarks"}
    return answer.status_code, facts["status"], set(facts["degraded"])


def details(world: World) -> dict[str, dict]:
    """Return what /health says of each check."""
    return {each["name"]: each for each in asked(world, "/health", TOKEN).json["checks"]}


@contextmanager
def without_redis(world: World) -> Iterator[World]:
    redis = Redis.from_url("redis://127.0.0.1:9", socket_connect_timeout=AT_MOST)
    yield replace(world, redis=redis)
    redis.close()


@contextmanager
def with_database(world: World, url: str, patience: str = "") -> Iterator[World]:
    engine = open_engine(url, patience)
    yield replace(world, sessions=make_sessions(engine, world.vault, world.now))
    engine.dispose()


def with_settings(world: World, **changes: object) -> World:
    """Return the world of a process that was started with other settings."""
    known = {name: getattr(world.settings, name) for name in Settings.model_fields}
    return replace(World.from_settings(Settings(**known | changes), world.now), redis=world.redis, charts=world.charts)


def with_keys(world: World, ring: str) -> World:
    vault = Vault.from_text(ring, *world.vault.secrets)
    return replace(world, vault=vault, sessions=make_sessions(world.sessions.kw["bind"], vault, world.now))


# ---- the three addresses


def test_a_probe_that_finds_all_well(deployment: Deployment) -> None:
    world = replace(deployment.world, charts=WithFonts())
    deployment.town.world.redis.delete(heartbeats.BEATS)
    for kind in (WORKER, CLOCK):
        deployment.beats(kind, world)
    assert told(asked(world)) == (200, "ready", set())
    assert all(each["state"] == "ok" for each in details(world).values())


def test_the_addresses_over_http(town: Town) -> None:
    base = town.world.settings.base_url
    alive = requests.get(f"{base}/livez", timeout=AT_MOST)
    assert (alive.status_code, alive.text.splitlines()[0]) == (200, "alive")
    for path in ("/livez", "/readyz"):
        head = requests.head(base + path, timeout=AT_MOST)
        assert (head.status_code, head.text) == (200, "")
        assert head.headers["Cache-Control"] == "no-store"
        assert requests.post(base + path, timeout=AT_MOST).status_code == 405


def test_details_are_for_whoever_has_the_token(deployment: Deployment) -> None:
    assert asked(deployment.world, "/health", TOKEN).status_code == 200
    for wrong in (None, "", TOKEN + "x", TOKEN[:-1], "ключ"):
        assert asked(deployment.world, "/health", wrong and wrong.encode().decode("latin-1")).status_code == 404
    closed = with_settings(deployment.world, health_token="")
    assert {asked(closed, "/health", token).status_code for token in (None, "", TOKEN)} == {404}


def test_details_tell_since_when_with_which_figures_and_what_mends_it(deployment: Deployment) -> None:
    deployment.town.world.redis.delete(heartbeats.BEATS)
    before = read_system_clock()
    worker = details(deployment.world)["worker"]
    assert worker["state"] == "degraded"
    assert worker["mend"] == MENDS["worker"]
    assert before.isoformat() <= worker["since"] <= read_system_clock().isoformat()
    assert details(deployment.world)["worker"]["since"] == worker["since"]
    everything = asked(deployment.world, "/health", TOKEN).json
    assert [each["kind"] for each in everything["processes"]] == [WEB]


def test_no_secret_is_in_redis_or_in_the_details(deployment: Deployment, zoe: Person) -> None:
    zoe.says("help")
    settings = deployment.world.settings
    key = settings.data_keys.get_secret_value().split(":")[1]
    beats = b" ".join(deployment.town.world.redis.hgetall(heartbeats.BEATS).values()).decode()
    for text_ in (asked(deployment.world, "/health", TOKEN).text, beats):
        for secret in (settings.secret_key, settings.twilio_auth_token, settings.health_token):
            assert secret.get_secret_value() not in text_
        assert key not in text_
        assert "32470000001" not in text_


def test_every_check_is_explained_to_operators() -> None:
    page = (Path(__file__).parents[2] / "docs" / "health.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(MENDS)


# ---- in service, or not


def test_without_redis_the_process_stays_in_service(deployment: Deployment) -> None:
    with without_redis(deployment.world) as world:
        assert deployment.names(world) == {"redis"}
        assert asked(world, "/livez").status_code == 200, "a process is not restarted for what it cannot help"


def test_without_postgres_lines_are_kept_so_the_process_stays_in_service(deployment: Deployment) -> None:
    with with_database(deployment.world, "postgresql://somebody:canary@127.0.0.1:9/none") as world:
        assert deployment.names(world) == {"database"}
        assert "canary" not in asked(world, "/health", TOKEN).text
        assert asked(world, "/livez").status_code == 200


def test_when_a_line_can_neither_be_answered_nor_kept_the_process_is_taken_out_of_service(
    deployment: Deployment, servers: Servers
) -> None:
    empty = servers.database_url.rsplit("/", 1)[0] + "/template1"
    for url, name in (("postgresql://u@127.0.0.1:9/none", "database"), (empty, "schema")):
        with without_redis(deployment.world) as lonely, with_database(lonely, url) as world:
            code, status, names = told(asked(world))
            assert (code, status) == (503, "unavailable")
            assert {name, "redis"} <= names


# ---- one misconfiguration after the other


def test_a_schema_behind(deployment: Deployment) -> None:
    with behind(deployment.world):
        assert deployment.names() == {"schema"}
        assert database.find_expected_schema() in deployment.says("schema")
    assert deployment.names() == set()


def test_a_postgres_without_a_schema(deployment: Deployment, servers: Servers) -> None:
    empty = servers.database_url.rsplit("/", 1)[0] + "/template1"
    with with_database(deployment.world, empty) as world:
        assert deployment.names(world) == {"schema"}


def test_a_postgres_that_only_reads(deployment: Deployment) -> None:
    url = deployment.world.settings.database_url
    with with_database(deployment.world, url, "-c default_transaction_read_only=on") as world:
        assert deployment.names(world) == {"database"}
        assert "no writes" in deployment.says("database", world)


def test_a_redis_that_is_full(deployment: Deployment) -> None:
    with full(deployment.town.world.redis):
        assert deployment.names() == {"redis"}
        assert "full" in deployment.says("redis")
    assert deployment.names() == set()


def test_a_redis_address_with_the_wrong_scheme(deployment: Deployment) -> None:
    url = deployment.world.settings.redis_url.replace("redis://", "rediss://")
    redis = Redis.from_url(url, socket_connect_timeout=RUNS_OUT, socket_timeout=RUNS_OUT)
    assert deployment.names(replace(deployment.world, redis=redis)) == {"redis"}
    redis.close()


@pytest.mark.parametrize("kind", [WORKER, CLOCK])
def test_no_worker_and_no_clock(deployment: Deployment, kind: str) -> None:
    redis = deployment.town.world.redis
    instance = f"elsewhere:{kind}"
    age(redis, instance, heartbeats.ALIVE_FOR - 5)
    assert deployment.names() == set(), "a beat or two may be late"
    age(redis, instance, 6)
    assert deployment.names() == {kind}
    deployment.beats(kind)
    assert deployment.names() == set()


def test_a_process_that_ends_by_itself_says_so(deployment: Deployment) -> None:
    heart = Heart(deployment.world, WORKER)
    heart.instance = "elsewhere:worker"
    heart.stop()
    assert deployment.names() == {"worker"}


def test_whoever_looks_counts_where_it_beats_itself(deployment: Deployment) -> None:
    """A process that runs the checks counts as running only if it writes heartbeats: a clock does,
    a worker's job does not.
    """
    redis = deployment.town.world.redis
    redis.delete(heartbeats.BEATS)
    Heart(deployment.world, CLOCK).beat()
    assert set(Doctor(deployment.world, CLOCK).examine().degraded) == {"worker"}
    redis.delete(heartbeats.BEATS)
    assert set(Doctor(deployment.world, WORKER).examine().degraded) == {"worker", "clock"}


def test_no_tick(deployment: Deployment) -> None:
    later = replace(deployment.world, now=lambda: read_system_clock() + timedelta(seconds=55))
    assert deployment.names(later) == set()
    sign(deployment, "tick", timedelta(seconds=181))
    assert deployment.names() == {"tick"}


@pytest.mark.parametrize(("minutes", "word"), [(15, "ahead"), (-15, "behind")])
def test_a_workers_clock_that_is_wrong(deployment: Deployment, minutes: int, word: str) -> None:
    elsewhere = replace(deployment.world, now=lambda: read_system_clock() + timedelta(minutes=minutes))
    deployment.beats(WORKER, elsewhere)
    assert deployment.names() == {"time"}
    assert re.search(rf"the clock of worker elsewhere:worker is \d+ s {word}", deployment.says("time"))


def test_a_clock_that_can_be_moved_is_for_the_demo(deployment: Deployment) -> None:
    moved = with_settings(deployment.world, pretend_clock=True, twilio_api_base_url=None)
    assert deployment.names(moved) == {"time", "settings"}
    assert "PRETEND_CLOCK is set" in deployment.says("time", moved)
    assert deployment.says("settings", moved) == "Processes have different values of PRETEND_CLOCK"
    for kind in (WORKER, CLOCK):
        deployment.beats(kind, moved)
    assert deployment.names(moved) == {"time"}
    demo = with_settings(deployment.world, pretend_clock=True)
    assert demo.settings.twilio_api_base_url
    ahead = replace(demo, now=lambda: read_system_clock() + timedelta(minutes=2))
    assert deployment.names(ahead) == set(), "there it is moved on purpose"


def test_the_clock_of_the_one_that_looks(deployment: Deployment) -> None:
    ahead = replace(deployment.world, now=lambda: read_system_clock() + timedelta(seconds=90))
    assert deployment.names(ahead) == {"time"}


def test_a_wrong_token(deployment: Deployment, zoe: Person) -> None:
    """The first tick notices it, even if nobody writes."""
    tick.body(deployment.world)
    deployment.town.work()
    assert deployment.names() == set()
    wrong = with_settings(deployment.world, twilio_auth_token="of another account")
    deployment.town.twilio.webhook_url = "http://127.0.0.1:9/"
    answer_kept(wrong)
    assert "twilio" in deployment.names(wrong)
    assert "refused" in deployment.says("twilio", wrong)
    later = replace(deployment.world, now=lambda: read_system_clock() + timedelta(minutes=3))
    assert "twilio" in deployment.names(later), "until the vendor has accepted the account again"
    answer_kept(deployment.world)
    assert "twilio" not in deployment.names(later)


@pytest.mark.parametrize("change", ["token", "address"])
def test_signatures_that_do_not_match(deployment: Deployment, zoe: Person, change: str) -> None:
    mistakes = {
        "token": {"twilio_auth_token": "of another account"},
        "address": {"public_base_url": "https://wrong.example.org"},
    }
    with served_by(deployment, with_settings(deployment.world, **mistakes[change])):
        zoe.phone.says("hi")
        zoe.phone.says("help")
        assert "webhooks" in deployment.names()
    zoe.phone.says("hi")
    assert "webhooks" not in deployment.names(), "one that matches proves token and address"


@pytest.mark.parametrize(("trusted", "proxies"), [(0, 1), (1, 0), (1, 2), (2, 1)])
def test_a_wrong_number_of_proxies(deployment: Deployment, zoe: Person, trusted: int, proxies: int) -> None:
    """Only webhooks with Twilio's signature show the number of proxies, and nothing that a stranger writes."""
    twilio = deployment.town.twilio
    told_of = with_settings(deployment.world, trusted_hops=trusted)
    with served_by(deployment, told_of):
        strangers = {"X-Forwarded-For": "198.51.100.1, 198.51.100.2, 198.51.100.3"}
        base = deployment.town.world.settings.base_url
        requests.post(f"{base}/webhooks/twilio/inbound", data={"Body": "hi"}, headers=strangers, timeout=AT_MOST)
        requests.get(f"{base}/s/guess", headers=strangers, timeout=AT_MOST)
        assert deployment.names(told_of) == set()
        twilio.rules = replace(twilio.rules, proxies=proxies)
        zoe.phone.says("hi")
        assert deployment.names(told_of) == {"hops"}
        said = deployment.says("hops", told_of)
        assert f"through {proxies} proxies, and TRUSTED_HOPS is {trusted}" in said
        assert deployment.names(with_settings(deployment.world, trusted_hops=proxies)) == set(), "mended by a restart"
        twilio.rules = replace(twilio.rules, proxies=trusted)
        zoe.phone.says("help")
        assert deployment.names(told_of) == set(), "mended by another proxy"


def test_a_worker_does_not_need_trusted_hops(deployment: Deployment, zoe: Person) -> None:
    twilio = deployment.town.twilio
    twilio.rules = replace(twilio.rules, proxies=1)
    zoe.phone.says("hi")
    assert "hops" in deployment.names()
    assert "hops" not in Doctor(deployment.world, WORKER).examine().degraded


def knock(deployment: Deployment, account: str, times: int = 5) -> None:
    """Post webhooks of this account as a stranger who knows no secret."""
    address = f"{deployment.town.world.settings.base_url}/webhooks/twilio/inbound"
    for _ in range(times):
        form, headers = {"AccountSid": account, "Body": "hi"}, {"X-Twilio-Signature": "nonsense"}
        assert requests.post(address, data=form, headers=headers, timeout=AT_MOST).status_code == 403


def test_a_stranger_who_knocks_is_no_trouble(deployment: Deployment, zoe: Person) -> None:
    knock(deployment, "no account at all")
    assert deployment.names() == set(), "not even before the first webhook that is good"
    with served_by(deployment, deployment.world):
        zoe.phone.says("hi")
        knock(deployment, OTHER_ACCOUNT)
    assert deployment.names() == set()
    assert deployment.town.world.redis.exists(knocks.BAD), "they were counted"


@pytest.mark.parametrize("had_good_ones", [False, True])
def test_a_number_that_belongs_to_another_account_than_the_settings_name(
    deployment: Deployment, zoe: Person, had_good_ones: bool
) -> None:
    """A subaccount's number with the main account's SID and token, or the reverse; perhaps after a change."""
    if had_good_ones:
        zoe.phone.says("hi")
    wrong = with_settings(deployment.world, twilio_account_sid=OTHER_ACCOUNT, twilio_auth_token="of another account")
    with served_by(deployment, wrong):
        zoe.phone.says("hi")
        assert "webhooks" not in deployment.names(wrong), "one could be anybody's joke"
        zoe.phone.says("help")
        assert "webhooks" in deployment.names(wrong)
        assert deployment.says("webhooks", wrong) == (
            f"2 webhooks in a row were of account {ACCOUNT}, and TWILIO_ACCOUNT_SID is {OTHER_ACCOUNT}"
        )
    zoe.phone.says("hi")
    assert "webhooks" not in deployment.names()


def test_a_wrong_sender(deployment: Deployment, zoe: Person) -> None:
    deployment.town.twilio.faults.next.append("400:63007")
    zoe.says("hi")
    assert deployment.names() == {"sender"}
    assert "63007" in deployment.says("sender")
    zoe.says("help")
    assert deployment.names() == set(), "what arrives proves that the sender is ours"


def test_a_sender_that_twilio_does_not_know(deployment: Deployment, zoe: Person) -> None:
    """Lines are addressed to a number that is not ours, and we send from a number that is not the account's."""
    wrong = with_settings(deployment.world, twilio_whatsapp_from="whatsapp:+15550000000")
    with served_by(deployment, wrong):
        zoe.phone.says("hi")
        zoe.phone.says("help")
        assert "webhooks" in deployment.names(wrong)
        assert "another number than ours" in deployment.says("webhooks", wrong)
    zoe.phone.says("hi")
    worlds.use(replace(wrong, now=deployment.town.clock))
    deployment.town.work()
    worlds.use(deployment.town.world)
    assert "sender" in deployment.names()
    assert "21606" in deployment.says("sender")


def test_templates_that_were_never_pushed(deployment: Deployment) -> None:
    with deployment.world.sessions.begin() as session:
        session.execute(text("DELETE FROM contents"))
    assert deployment.names() == {"templates"}
    assert "never pushed" in deployment.says("templates")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"status": "rejected"}, "not approved: digest_ready"),
        ({"status": "pending"}, "not approved: digest_ready"),
        ({"fingerprint": "old"}, "changed since they were pushed: digest_ready"),
        ({"account": f"AC{'1' * 32}"}, "of another Twilio account: digest_ready"),
    ],
)
def test_templates_that_cannot_be_used(deployment: Deployment, changes: dict[str, str], says: str) -> None:
    with deployment.world.sessions.begin() as session:
        session.execute(update(Content).where(Content.name == "digest_ready").values(changes))
    assert deployment.names() == {"templates"}
    assert says in deployment.says("templates")


def test_an_account_that_was_changed(deployment: Deployment) -> None:
    moved = with_settings(deployment.world, twilio_account_sid=f"AC{'1' * 32}")
    assert deployment.names(moved) == {"templates", "settings"}
    assert "of another Twilio account: account_notice" in deployment.says("templates", moved)


def test_a_key_that_is_missing(deployment: Deployment, zoe: Person) -> None:
    zoe.connects_garmin()
    lacking = with_keys(deployment.world, new_key("t2"))
    deployment.beats(WORKER, lacking)
    assert deployment.names(lacking) == {"keys"}
    assert "lacks the key t1" in deployment.says("keys", lacking)
    assert deployment.names() == {"keys"}, "the web process has it, and the worker has not"


def test_other_keys_in_web_and_worker(deployment: Deployment) -> None:
    old, new = new_key("old"), new_key("new")
    for web, worker, is_well in (
        (f"{new},{old}", f"{new},{old}", True),
        (f"{new},{old}", f"{old},{new}", True),  # during a rotation
        (new, old, False),
        (f"{new},{old}", old, False),
        (new_key("same"), new_key("same"), False),  # one name for two keys
    ):
        deployment.beats(WORKER, with_keys(deployment.world, worker))
        deployment.beats(CLOCK, with_keys(deployment.world, web))
        assert deployment.names(with_keys(deployment.world, web)) == (set() if is_well else {"keys"}), (web, worker)


def test_other_settings_in_web_and_worker(deployment: Deployment) -> None:
    deployment.beats(WORKER, with_settings(deployment.world, twilio_auth_token="of another account"))
    assert deployment.names() == {"settings"}
    assert deployment.says("settings") == "Processes have different values of TWILIO_AUTH_TOKEN"
    deployment.beats(WORKER, with_settings(deployment.world, secret_key="another secret key of 32 characters"))
    assert deployment.says("settings") == "Processes have different values of SECRET_KEY"


def test_fonts_that_are_missing(deployment: Deployment, tmp_path: Path) -> None:
    bare = replace(deployment.world, charts=Resvg(folders=[tmp_path]))
    deployment.beats(WORKER, bare)
    said = asked(replace(deployment.world, charts=WithFonts()))
    assert (said.status_code, said.json) == (200, {"status": "ready", "degraded": [], "remarks": ["fonts"]})
    fonts = details(deployment.world)["fonts"]
    assert (fonts["state"], fonts["mend"]) == ("remark", MENDS["fonts"])
    assert "Arabic" in fonts["says"]


def test_a_remark_is_logged_once_as_a_warning(
    deployment: Deployment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def logged(charts: Charts) -> list[tuple[str, str]]:
        doctor = Doctor(replace(deployment.world, charts=charts), WORKER)
        deployment.town.world.redis.delete(heartbeats.BEATS)
        for kind in (WORKER, CLOCK):
            deployment.beats(kind, doctor.world)
        capsys.readouterr()
        doctor.examine()
        if doctor.world.charts.lacks:
            lasts_since(deployment, "fonts", 40)
        for _ in range(2):
            doctor.examine()
        return re.findall(r"\[(\w+) *\] ([a-z ]+?) +check=fonts", capsys.readouterr().out)

    assert logged(Resvg(folders=[tmp_path])) == [("warning", "worth a remark")]
    assert logged(WithFonts()) == [("info", "well again")]


def test_messages_that_wait(deployment: Deployment, zoe: Person) -> None:
    zoe.phone.says("hi")
    written(deployment, timedelta(seconds=40))
    assert "messages" not in deployment.names()
    written(deployment, timedelta(seconds=90))
    assert "messages" in deployment.names(), "though it may leave only now"
    assert re.fullmatch(r"a reply has waited for \d+ s", deployment.says("messages"))


def test_jobs_that_wait(deployment: Deployment, zoe: Person) -> None:
    zoe.phone.says("hi")
    redis = deployment.town.world.redis
    [job] = redis.lrange("rq:queue:deliver", 0, 0)
    assert "jobs" not in deployment.names()
    redis.hset(f"rq:job:{job.decode()}", "enqueued_at", (read_system_clock() - timedelta(seconds=61)).isoformat())
    assert "jobs" in deployment.names()
    assert "deliver" in deployment.says("jobs")


def test_lines_that_are_kept(deployment: Deployment, zoe: Person) -> None:
    with without_postgres(deployment) as world, served_by(deployment, world):
        zoe.phone.says("help")
    assert deployment.names() == set(), "a moment is nothing"
    later = replace(deployment.world, now=lambda: read_system_clock() + timedelta(seconds=59))
    assert "kept" not in deployment.names(later)
    later = replace(deployment.world, now=lambda: read_system_clock() + timedelta(seconds=121))
    assert "kept" in deployment.names(later)


# ---- each problem is logged once


def test_a_trouble_is_logged_once_when_it_begins_and_once_when_it_ends(
    heard_in_log: Examine, deployment: Deployment
) -> None:
    doctors = [Doctor(deployment.world, WEB) for _ in range(4)]
    with deployment.world.sessions.begin() as session:
        session.execute(update(Content).values(status="rejected"))
    assert heard_in_log(*doctors, *doctors) == [("error", "degraded", "templates")]
    with deployment.world.sessions.begin() as session:
        session.execute(update(Content).values(status="approved", category="UTILITY"))
    doctors = [Doctor(deployment.world, WEB) for _ in range(4)]
    assert heard_in_log(*doctors, *doctors) == [("info", "well again", "templates")]


def test_what_a_deploy_brings_with_it_is_logged_only_if_it_lasts(heard_in_log: Examine, deployment: Deployment) -> None:
    deployment.town.world.redis.hdel(heartbeats.BEATS, "elsewhere:worker")
    web = Doctor(deployment.world, WEB)
    assert heard_in_log(web, web) == []
    lasts_since(deployment, "worker", 31)
    assert heard_in_log(web, web) == [("error", "degraded", "worker")]
    deployment.beats(WORKER)
    assert heard_in_log(web, web) == [("info", "well again", "worker")]


def test_another_kind_of_process_does_not_take_back_what_it_does_not_see(
    heard_in_log: Examine, deployment: Deployment
) -> None:
    with with_database(deployment.world, "postgresql://u@127.0.0.1:9/none") as cut_off:
        lonely, other = Doctor(cut_off, WEB), Doctor(deployment.world, CLOCK)
        assert heard_in_log(lonely, other, lonely, other) == [("error", "degraded", "database")]
    assert heard_in_log(Doctor(deployment.world, WEB)) == [("info", "well again", "database")]


def test_what_cannot_be_looked_at_is_neither_begun_nor_ended(heard_in_log: Examine, deployment: Deployment) -> None:
    with deployment.world.sessions.begin() as session:
        session.execute(text("DELETE FROM contents"))
    web = Doctor(deployment.world, WEB)
    assert heard_in_log(web) == [("error", "degraded", "templates")]
    with with_database(deployment.world, "postgresql://u@127.0.0.1:9/none") as cut_off:
        assert heard_in_log(Doctor(cut_off, WEB)) == [("error", "degraded", "database")]
    assert heard_in_log(web) == [("info", "well again", "database")]


def test_without_redis_a_process_keeps_for_itself_what_it_told(heard_in_log: Examine, deployment: Deployment) -> None:
    with without_redis(deployment.world) as world:
        lonely = Doctor(world, WEB)
        assert heard_in_log(lonely, lonely, lonely) == [("error", "degraded", "redis")]
    web = Doctor(deployment.world, WEB)
    assert heard_in_log(web, web) == [("info", "well again", "redis")]


def test_the_tick_tells_though_nobody_asks(capsys: pytest.CaptureFixture[str], deployment: Deployment) -> None:
    with deployment.world.sessions.begin() as session:
        session.execute(text("DELETE FROM contents"))
    tick.body(deployment.world)
    assert "degraded" not in capsys.readouterr().out, "somebody has looked a moment ago"
    deployment.town.world.redis.delete(troubles.LOOKED)
    tick.body(deployment.world)
    assert re.findall(r"\[error *\] degraded +check=(\w+)", capsys.readouterr().out) == ["templates"]


def test_a_trouble_that_only_a_vanished_process_saw_is_over_after_ten_minutes(
    heard_in_log: Examine, deployment: Deployment
) -> None:
    lasts_since(deployment, "database", troubles.ANYBODY_AFTER - 20)
    assert heard_in_log(Doctor(deployment.world, WEB)) == []
    lasts_since(deployment, "database", troubles.ANYBODY_AFTER + 1)
    assert heard_in_log(Doctor(deployment.world, WEB)) == [("info", "well again", "database")]


def test_how_long_a_trouble_lasts_is_not_told_by_the_clock_of_whoever_looks(
    heard_in_log: Examine, deployment: Deployment
) -> None:
    """A clock process whose clock is 11 minutes ahead does not end a problem that only web processes notice."""
    ahead = replace(deployment.world, now=lambda: read_system_clock() + timedelta(minutes=11))
    with with_database(deployment.world, "postgresql://u@127.0.0.1:9/none") as cut_off:
        lonely, other = Doctor(cut_off, WEB), Doctor(ahead, CLOCK)
        told = heard_in_log(lonely, other, lonely, other)
    assert [line for line in told if line[2] == "database"] == [("error", "degraded", "database")]


# ---- helpers


class WithFonts:
    """Charts as on a machine that has all fonts."""

    lacks = ()


@pytest.fixture
def heard_in_log(capsys: pytest.CaptureFixture[str]) -> Callable[..., list[tuple[str, str, str]]]:
    """Return a function that runs the checks and returns what they log, without the check of fonts."""

    def examine(*doctors: Doctor) -> list[tuple[str, str, str]]:
        capsys.readouterr()
        for doctor in doctors:
            doctor.examine()
        lines = re.findall(r"\[(\w+) *\] (degraded|well again) +check=(\w+)", capsys.readouterr().out)
        return [line for line in lines if line[2] != "fonts"]

    return examine


def age(redis: Redis, instance: str, seconds: float) -> None:
    """Make the last heartbeat of a process older by this many seconds."""
    at, facts = redis.hget(heartbeats.BEATS, instance).decode().split(" ", 1)
    redis.hset(heartbeats.BEATS, instance, f"{float(at) - seconds} {facts}")


def written(deployment: Deployment, ago: timedelta) -> None:
    """Change all messages as if they had been written so long ago and tried repeatedly since."""
    with deployment.world.sessions.begin() as session:
        now = read_system_clock()
        session.execute(update(OutboundMessage).values(created_at=now - ago, next_attempt_at=now))


def lasts_since(deployment: Deployment, name: str, seconds: float, by: str = WORKER) -> None:
    """Make a problem older by this many seconds of Redis's clock. It stays with the process that noticed it."""
    redis = deployment.town.world.redis
    now, _ = redis.time()
    kept = json.loads(redis.hget(troubles.TROUBLES, name) or json.dumps({"by": by, "told": True}))
    redis.hset(troubles.TROUBLES, name, json.dumps(kept | {"since": now - seconds}))


def sign(deployment: Deployment, name: str, ago: timedelta) -> None:
    with deployment.world.sessions.begin() as session:
        session.execute(
            text("UPDATE signs SET at = :at WHERE name = :name"), {"name": name, "at": read_system_clock() - ago}
        )


@contextmanager
def behind(world: World) -> Iterator[None]:
    """Make the schema one migration older than the code, as when web is started before the release has run."""

    def stamp(version: str) -> None:
        with world.sessions.begin() as session:
            session.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})

    stamp("0021_records_of_before")
    try:
        yield
    finally:
        stamp(database.find_expected_schema())


@contextmanager
def full(redis: Redis) -> Iterator[None]:
    """Make Redis full, with the policy `noeviction`, which hosts set."""
    redis.config_set("maxmemory-policy", "noeviction")
    redis.config_set("maxmemory", "1")
    try:
        yield
    finally:
        redis.config_set("maxmemory", "0")


@contextmanager
def without_postgres(deployment: Deployment) -> Iterator[World]:
    with with_database(deployment.world, "postgresql://u@127.0.0.1:9/none") as world:
        yield world


@contextmanager
def served_by(deployment: Deployment, world: World) -> Iterator[None]:
    """Let a web process of this world handle the town's webhooks."""
    before, deployment.served.app = deployment.served.app, create_app(world)
    yield
    deployment.served.app = before


def answer_kept(world: World) -> None:
    """Do what the tick starts: process the lines that were kept, and ask the vendor for missed ones."""
    receiving.ingest.body(world)
