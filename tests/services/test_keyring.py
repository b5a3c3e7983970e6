"""Changing the key that seals: nothing is lost if the command is killed, and a lost key costs one
message for each value.

KILLS=50 kills the command fifty times.
"""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from jobs.garmin import drain
from jobs.syncing import sync_next
from models import AttemptStep, GarminAccount, GarminMethod, GarminStatus, LinkAttempt, LinkPurpose, Member, OneTimeLink
from models.base import make_sessions
from models.vault import UnknownKey, Vault, new_key
from providers.sources import Typed
from services.data import keyring
from services.ground import breakers
from services.training import accounts, binding, one_time_links, sign_ins
from tests.accounts import every, link, said
from tests.letters import Letters
from tests.patience import AT_MOST, until
from tests.town import Town
from tests.town import settings as settings_of

ROOT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("KILLS", "8"))
OLD, NEW = new_key("old"), new_key("new")
COLUMNS = [each.name for each in keyring.SEALED]


class Operator:
    """An operator at a terminal, with a ring in DATA_KEYS."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        chosen = settings_of(database_url, redis_url, "http://127.0.0.1:9", "http://127.0.0.1:9")
        facts = {name: getattr(chosen, name) for name in ("database_url", "redis_url", "twilio_account_sid")}
        facts |= {"secret_key": chosen.secret_key.get_secret_value(), "public_base_url": str(chosen.public_base_url)}
        facts |= {"twilio_auth_token": "t", "twilio_whatsapp_from": chosen.twilio_whatsapp_from}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.services.rotator", json.dumps(facts)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.reader = ThreadPoolExecutor(1)

    def types(self, words: str, ring: str, *, killed_when: Callable[[], bool] | None = None) -> tuple[int, str]:
        """Run `flask …`, and kill it as soon as `killed_when` is true. Returns its exit code and its output."""
        self.process.stdin.write(f"{ring} {words}\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline())
        ending = self.reader.submit(self.process.stdout.readline)
        if killed_when is not None:
            until(lambda: ending.done() or killed_when())
            os.kill(child, signal.SIGKILL)  # this does nothing if it has ended already
        code, printed = json.loads(ending.result())
        return code, printed

    def close(self) -> None:
        self.reader.shutdown()
        self.process.stdin.close()
        self.process.wait(AT_MOST)
        self.process.stdout.close()


@pytest.fixture(scope="module")
def operator(servers) -> Iterator[Operator]:
    made = Operator(servers.database_url, servers.redis_url)
    yield made
    made.close()


def sealed(town: Town, count: int, ring: str) -> dict[int, str]:
    """Store this many accounts with tokens and passwords sealed by the first key of the ring.
    Returns the tokens by member.
    """
    now, vault = town.clock(), Vault.from_text(ring)
    members = Letters(town).members(count)
    with town.world.sessions.begin() as session:
        for each in members:
            tokens = vault.seal("garmin-tokens", each.id, f"token {each.id}")
            password = vault.seal("kept-password", each.id, f"password {each.id}")
            names = {"method": "password", "garmin_id": str(each.id), "display_name": "d"}
            session.add(
                GarminAccount(
                    member_id=each.id, tokens=tokens, password=password, linked_at=now, next_sync_at=now, **names
                )
            )
    return {each.id: f"token {each.id}" for each in members}


def read(town: Town, ring: str) -> tuple[dict[int, str], dict[int, str]]:
    """Return all tokens and all passwords, opened like a worker with this ring."""
    vault, accounts = Vault.from_text(ring), every(town, GarminAccount)
    tokens = {each.member_id: vault.open("garmin-tokens", each.member_id, each.tokens) for each in accounts}
    return tokens, {each.member_id: vault.open("kept-password", each.member_id, each.password) for each in accounts}


def sealed_with(town: Town) -> Counter[str]:
    """Return how many tokens and passwords are sealed with each key."""
    with town.world.sessions() as session:
        rows = session.execute(select(GarminAccount.tokens, GarminAccount.password)).all()
    return Counter(Vault.key_of(value) for row in rows for value in row)


def test_killed_at_any_moment_every_token_is_readable(town: Town, operator: Operator) -> None:
    """Change between two keys repeatedly. The command may also end before it is killed.

    It is killed after a number of values, not after some seconds, because machines differ in speed.
    """
    draw, tokens, killed, half_way = Random(KILLS), sealed(town, 450, OLD), 0, 0
    passwords = {member: f"password {member}" for member in tokens}
    for number in range(KILLS * 6):
        if number >= KILLS and killed > KILLS // 4 and half_way:
            break
        before = sealed_with(town)
        ring, to = (f"{OLD},{NEW}", "old") if before.keys() == {"new"} else (f"{NEW},{OLD}", "new")
        enough = draw.randrange(before[to], before.total())
        code, _ = operator.types("keys rotate", ring, killed_when=lambda: sealed_with(town)[to] >= enough)  # noqa: B023
        killed += code == -9
        half_way += len(sealed_with(town)) == 2
        assert read(town, ring) == (tokens, passwords), f"after {number + 1} kills"
    assert killed > KILLS // 4
    assert half_way > 0, "some died between two batches"
    assert operator.types("keys rotate", f"{NEW},{OLD}")[0] == 0
    assert read(town, NEW) == (tokens, passwords), "the old key may go"
    assert operator.types("keys verify", NEW)[0] == 0


def test_what_an_operator_sees(town: Town, operator: Operator) -> None:
    sealed(town, 3, OLD)
    code, printed = operator.types("keys status", f"{NEW},{OLD}")
    assert code == 0, printed
    assert printed == "garmin_accounts.tokens\told\t3\ngarmin_accounts.password\told\t3\n"
    counts = {name: 3 if name.startswith("garmin_accounts") else 0 for name in COLUMNS}
    for done in (counts, dict.fromkeys(COLUMNS, 0)):
        code, printed = operator.types("keys rotate", f"{NEW},{OLD}")
        expected = [f"{name}\t{number} sealed anew\t0 unreadable" for name, number in done.items()]
        assert (code, printed.splitlines()) == (0, expected), "to repeat it does nothing"
    assert operator.types("keys status", NEW)[1].count("\tnew\t3\n") == 2
    code, printed = operator.types("keys verify", NEW)
    assert (code, printed.splitlines()) == (0, [f"{name}\t0 unreadable" for name in COLUMNS])
    code, printed = operator.types("keys verify", OLD)
    assert (code, printed.splitlines()[0]) == (1, "garmin_accounts.tokens\t3 unreadable")
    code, printed = operator.types("keys rotate", OLD)
    assert printed.splitlines()[0] == "garmin_accounts.tokens\t0 sealed anew\t3 unreadable"
    assert sealed_with(town).keys() == {"new"}, "what cannot be read is left as it is"


def test_a_generated_key_can_be_used_as_it_is_printed(operator: Operator) -> None:
    for words, name in (("keys generate", "k1"), ("keys generate k7", "k7")):
        code, printed = operator.types(words, OLD)
        assert code == 0
        assert Vault.from_text(printed.strip()).writes_with == name
        assert len(printed.splitlines()) == 1
    assert operator.types("keys generate", OLD)[1] != operator.types("keys generate", OLD)[1]


def test_every_sealed_column_is_known(town: Town) -> None:
    """Every column of bytes is either listed here as sealed, or is a picture."""
    tables = GarminAccount.metadata.sorted_tables
    found = {
        f"{table.name}.{each.name}" for table in tables for each in table.columns if each.type.python_type is bytes
    }
    assert set(COLUMNS) <= found
    link(town)
    with town.world.sessions() as session:
        assert keyring.count_unreadable(session) == dict.fromkeys(COLUMNS, 0)


def with_ring(town: Town, ring: str) -> Town:
    """Return the town of a process with this ring."""
    vault = Vault.from_text(ring, town.world.settings.secret_key.get_secret_value())
    sessions = make_sessions(town.world.sessions.kw["bind"], vault, town.clock)
    return replace(town, world=replace(town.world, vault=vault, sessions=sessions))


without_key = with_ring


def test_a_key_that_is_not_there_yet_costs_no_account_and_disturbs_nobody_else(
    town: Town, capsys: pytest.CaptureFixture
) -> None:
    early, kept = link(town, 1), link(town, 2)
    later = without_key(town, NEW)
    kept.change(tokens=later.world.vault.seal("garmin-tokens", kept.member_id, json.dumps(kept.tokens)))
    for _ in range(3):
        while sync_next(later.world):
            pass
        town.clock.travel(hours=6)
    assert said(later, "relink") == 0
    assert (early.row.status, early.row.last_error, early.row.failures) == (GarminStatus.LINKED, accounts.NO_KEY, 3)
    assert (kept.row.last_error, kept.row.last_sync_at) == (None, town.clock() - timedelta(hours=6))
    told = [line for line in capsys.readouterr().out.splitlines() if "unknown key" in line]
    assert len(told) == 3
    assert all("[error" in line and "key=t1" in line and f"which={early.id}" in line for line in told)
    early.sync()  # by a worker that has the key
    assert (early.row.status, early.row.last_error, early.row.failures) == (GarminStatus.LINKED, None, 0)


def test_many_accounts_without_their_key_do_not_shut_garmin_off(town: Town) -> None:
    for number in range(1, 6):
        link(town, number)
    while sync_next(without_key(town, NEW).world):
        pass
    with town.world.sessions() as session:
        assert not breakers.is_shut(session, "garmin", town.clock())


def test_a_key_that_stays_away_is_taken_for_lost_after_three_days_and_the_member_asked_once(town: Town) -> None:
    lost = link(town, 1)
    lost.change(password=town.world.vault.seal("kept-password", lost.member_id, "right"))
    later, began = without_key(town, NEW), town.clock()
    while lost.row.status is GarminStatus.LINKED:
        town.clock.travel(hours=1)
        while sync_next(later.world):
            pass
    assert timedelta(days=3) <= town.clock() - began <= timedelta(days=4)
    assert said(later, "relink") == 1
    with pytest.raises(UnknownKey), later.world.sessions() as session:
        accounts.open_tokens(session, session.get_one(GarminAccount, lost.id))


def test_a_kept_password_waits_for_its_key_too(town: Town) -> None:
    account = link(town, 1)
    account.change(password=Vault.from_text(NEW).seal("kept-password", account.member_id, "right"))
    town.garmin.revoke(account.athlete.email)
    assert sync_next(town.world)
    assert (account.row.status, account.row.last_error) == (GarminStatus.LINKED, accounts.NO_KEY)
    assert account.row.password is not None
    both = f"{town.world.settings.data_keys.get_secret_value()},{NEW}"
    account = replace(account, town=with_ring(town, both))
    account.sync()
    account.sync()
    assert (account.row.status, account.row.last_error) == (GarminStatus.LINKED, None), "it signed in again"


def test_a_sign_in_waits_for_a_worker_that_has_its_key_and_no_longer_than_it_is_good_for(
    town: Town, capsys: pytest.CaptureFixture
) -> None:
    def asks() -> LinkAttempt:
        return every(town, LinkAttempt)[-1]

    athlete = town.garmin.enrol("Ann", "a@example.org", "right")
    member = Letters(town).member()
    with town.world.sessions.begin() as session:
        token = one_time_links.make_link(session, session.get_one(Member, member.id), LinkPurpose.GARMIN, town.clock())
        one_time_links.open_link(session, token, None, town.clock())
        wish = Typed("right", "a@example.org")
        sign_ins.ask(
            session, session.scalars(select(OneTimeLink)).one(), "garmin", GarminMethod.PASSWORD, wish, town.clock()
        )
    drain.body(without_key(town, NEW).world)
    assert (asks().step, asks().problem, asks().secret is None) == (AttemptStep.ASKED, None, False)
    assert town.garmin.journal == []
    [told] = [line for line in capsys.readouterr().out.splitlines() if "unknown key" in line]
    assert "[error" in told
    assert f"which={asks().id}" in told
    drain.body(town.world)
    assert asks().step is AttemptStep.CONFIRM
    with town.world.sessions.begin() as session:
        code = binding.make_code(session, asks())
        binding.hear_link_code(session, session.get_one(Member, member.id), code, town.clock())
    assert asks().step is AttemptStep.DONE
    assert [each.garmin_id for each in every(town, GarminAccount)] == [str(athlete.garmin_id)]


def test_a_sign_in_whose_key_never_comes_ends_when_its_time_is_over(town: Town) -> None:
    member = Letters(town).member()
    with town.world.sessions.begin() as session:
        token = one_time_links.make_link(session, session.get_one(Member, member.id), LinkPurpose.GARMIN, town.clock())
        one_time_links.open_link(session, token, None, town.clock())
        wish = Typed("secret", "a@example.org")
        sign_ins.ask(
            session, session.scalars(select(OneTimeLink)).one(), "garmin", GarminMethod.PASSWORD, wish, town.clock()
        )
    town.clock.travel(minutes=11)
    later = without_key(town, NEW)
    drain.body(later.world)
    with later.world.sessions.begin() as session:
        assert len(sign_ins.give_up_abandoned(session, town.clock())) == 1
    [attempt] = every(town, LinkAttempt)
    assert (attempt.step, attempt.problem, attempt.secret) == (AttemptStep.FAILED, "timed_out", None)
