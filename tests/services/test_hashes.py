"""Keyed hashes stay the same when DATA_KEYS and SECRET_KEY change, in every process and from the first hash on."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import pytest
from sqlalchemy.orm import Session, sessionmaker

from models import HashKey
from models.base import make_sessions, open_engine
from models.hashes import digest, reseal
from models.vault import UnknownKey, Vault, keyed_hash, new_key
from tests.letters import Letters
from tests.patience import AT_MOST
from tests.town import Town

K1, K2 = new_key("k1"), new_key("k2")
S1, S2 = "the first secret key of this installation", "the second secret key of this installation"


def process(town: Town, ring: str, *secrets: str) -> sessionmaker[Session]:
    """Return the sessions of a process with these settings."""
    return make_sessions(town.world.sessions.kw["bind"], Vault.from_text(ring, *secrets), town.clock)


def hashed(sessions: sessionmaker[Session], text: str = "whatsapp:+32470000001") -> str:
    with sessions.begin() as session:
        return digest(session, "address", text)


def resealed(sessions: sessionmaker[Session]) -> bool:
    with sessions.begin() as session:
        return reseal(session)


def test_a_hash_outlives_every_change_of_both_keys(town: Town) -> None:
    found = hashed(process(town, K1, S1))
    for ring, *secrets in (
        (K1, S2, S1),  # while SECRET_KEY is changed
        (K1, S2),  # after the change, before values were sealed again
        (f"{K1},{K2}", S2),
        (f"{K2},{K1}", S2),
    ):
        assert hashed(process(town, ring, *secrets)) == found
    assert resealed(process(town, f"{K2},{K1}", S2))
    for ring, *secrets in ((K2, S2), (K2, S1), (K1, S2)):  # one of the two is enough
        assert hashed(process(town, ring, *secrets)) == found
    with pytest.raises(UnknownKey):
        hashed(process(town, K1, S1))


def test_other_texts_and_other_installations_have_other_hashes(town: Town) -> None:
    sessions = process(town, K1, S1)
    found = hashed(sessions)
    assert hashed(sessions, "whatsapp:+32470000002") != found
    with sessions.begin() as session:
        session.delete(session.get_one(HashKey, 1))
    assert hashed(sessions) != found, "the settings are the same, the key was drawn anew"


def test_a_new_installation_does_not_hash_with_a_key_that_is_in_its_environment(town: Town) -> None:
    assert hashed(process(town, K1, S1)) != keyed_hash(S1.encode(), "address", "whatsapp:+32470000001")


def test_an_older_installation_finds_what_it_hashed_before(town: Town) -> None:
    Letters(town).write(Letters(town).member(), body_hash="0" * 32)
    found = hashed(process(town, K1, S1))
    assert found == keyed_hash(S1.encode(), "address", "whatsapp:+32470000001"), "as older releases do"
    assert hashed(process(town, K1, S2)) == found


def test_of_many_who_make_the_key_at_once_all_have_the_same(town: Town) -> None:
    many = 8
    start = Barrier(many)

    def first(_number: int) -> str:
        sessions = process(town, K1, S1)
        start.wait(AT_MOST)
        return hashed(sessions)

    with ThreadPoolExecutor(many) as pool:
        assert len(set(pool.map(first, range(many)))) == 1


def test_a_member_who_has_just_come_makes_no_older_installation(town: Town) -> None:
    Letters(town).member()
    assert hashed(process(town, K1, S1)) != keyed_hash(S1.encode(), "address", "whatsapp:+32470000001")


def test_a_key_that_was_rolled_back_hashes_nothing_more(town: Town) -> None:
    sessions = process(town, K1, S1)
    with sessions.begin() as session:
        with suppress(ValueError), session.begin_nested():
            lost = digest(session, "address", "whatsapp:+32470000001")
            raise ValueError("what a refusal does to a turn")
        kept = digest(session, "address", "whatsapp:+32470000001")
    assert hashed(sessions) == kept != lost


def test_one_connection_is_enough_to_make_the_key(town: Town) -> None:
    engine = open_engine(town.world.settings.database_url, pool=1)
    found = hashed(make_sessions(engine, Vault.from_text(K1, S1), town.clock))
    engine.dispose()
    assert hashed(process(town, K1, S1)) == found


def test_there_is_nothing_to_seal_anew_before_the_first_hash(town: Town) -> None:
    assert not resealed(process(town, K1, S1))
