from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tagwright.errors import ConfigError
from tagwright.store.keys import ADMIN, PREFIX, READ, REVIEW, ROLES, Key, new_key
from tagwright.store.sqlite import SqliteStore


def test_a_key_is_found_by_itself_and_kept_only_as_a_hash(store: SqliteStore, tmp_path: Path) -> None:
    secret = store.keys.add("anna", REVIEW)
    assert secret.startswith(PREFIX)
    assert len(secret) > 40
    found = store.keys.find(secret)
    assert found is not None
    assert (found.name, found.role, found.time) == ("anna", REVIEW, 1000.0)
    assert store.keys.find(new_key()) is None
    assert store.keys.find("") is None
    assert store.keys.find("\ud800") is None
    store.close()
    for path in tmp_path.iterdir():
        assert secret.encode() not in path.read_bytes()


def test_no_two_keys_are_alike_and_one_may_open_several_projects(store: SqliteStore, tmp_path: Path) -> None:
    assert len({new_key() for _ in range(100)}) == 100
    other = SqliteStore(tmp_path / "other.sqlite")
    secret = store.keys.add("anna", READ)
    assert other.keys.find(secret) is None
    assert other.keys.add("anna", ADMIN, secret) == secret
    assert [s.keys.find(secret).role for s in (store, other)] == [READ, ADMIN]  # type: ignore[union-attr]
    other.close()


@pytest.mark.parametrize(("role", "may"), [(READ, [READ]), (REVIEW, [READ, REVIEW]), (ADMIN, [READ, REVIEW, ADMIN])])
def test_a_role_may_do_what_those_before_it_may(role: str, may: list[str]) -> None:
    assert [wanted for wanted in ROLES if Key("x", role, "").allows(wanted)] == may


def test_a_revoked_key_opens_nothing_and_its_name_is_free(store: SqliteStore) -> None:
    first = store.keys.add("anna", READ)
    session = store.keys.begin_session(store.keys.valid()[0], 60)
    assert store.keys.revoke("anna").revoked == 1000.0
    assert store.keys.find(first) is None
    assert store.keys.session(session) is None
    second = store.keys.add("anna", ADMIN)
    assert [(key.role, bool(key.revoked)) for key in store.keys.all()] == [(READ, True), (ADMIN, False)]
    assert store.keys.find(second) == store.keys.valid()[0]
    with pytest.raises(ConfigError, match="no valid key 'ben'"):
        store.keys.revoke("ben")


@pytest.mark.parametrize(
    ("name", "role", "said"), [("anna", "owner", "no role 'owner'"), ("", READ, "called"), ("a\nb", READ, "called")]
)
def test_what_is_no_key_is_refused(store: SqliteStore, name: str, role: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        store.keys.add(name, role)
    store.keys.add("taken", READ)
    with pytest.raises(ConfigError, match="a key 'taken' already"):
        store.keys.add("taken", ADMIN)


def test_a_session_stands_for_its_key_until_it_ends_or_expires(store: SqliteStore, clock) -> None:
    store.keys.add("anna", REVIEW)
    (key,) = store.keys.valid()
    one, other = store.keys.begin_session(key, 60), store.keys.begin_session(key, 90)
    assert store.keys.session(one) == store.keys.session(other) == key
    assert store.keys.session("") is None
    assert store.keys.session("x") is None
    store.keys.end_session(one)
    assert store.keys.session(one) is None
    clock.now += 89.9
    assert store.keys.session(other) == key
    clock.now += 0.1
    assert store.keys.session(other) is None
    store.keys.begin_session(key, 60)
    with store._database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone()[0] == 1


def test_a_store_without_a_file_has_no_keys_and_gets_no_file_by_being_asked(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "none.sqlite")
    assert store.keys.all() == []
    assert store.keys.find("tw_x") is None
    assert store.keys.session("x") is None
    assert store.jobs.all() == []
    assert store.jobs.take() is None
    assert store.jobs.find("x") is None
    assert store.suggested.of("d") == []
    assert store.decisions.find() == store.decisions.standing("d") == []
    assert (store.checks.good(), store.checks.held(), store.checks.all()) == (0, None, [])
    assert not store.path.exists()


def test_a_role_that_somebody_altered_in_the_file_is_found(store: SqliteStore) -> None:
    secret = store.keys.add("anna", READ)
    store.close()
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE keys SET role = 'admin'")
    connection.close()
    assert "the checksum of row 1 of the keys differs" in store.check()[0]
    with pytest.raises(Exception, match="checksum"):
        store.keys.find(secret)
