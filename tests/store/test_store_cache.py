from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tagwright.store.base import cache_key
from tagwright.store.cache import Cache
from tagwright.store.sqlite import SqliteStore


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.cache.sqlite"


def keys(count: int) -> list[str]:
    return [cache_key("test", str(number)) for number in range(count)]


def test_the_key_is_of_the_parts_and_not_of_their_sum() -> None:
    assert len(cache_key("model", "text")) == 64
    assert cache_key("a", "bc") != cache_key("ab", "c")
    assert cache_key("a", "b") == cache_key("a", b"b") != cache_key("a", "b", "")
    assert cache_key("a", "half a pair \ud800") != cache_key("a", "half a pair \ud801")


def test_a_value_comes_back_by_its_key(store: SqliteStore) -> None:
    first, second, third = keys(3)
    store.put(first, b"one")
    store.put_many({second: b"", first: b"one"})
    assert store.get(first) == b"one"
    assert store.get(third) is None
    assert store.get_many([third, second, first]) == {first: b"one", second: b""}
    assert store.get_many([]) == {}


def test_many_values_come_back_together(store: SqliteStore) -> None:
    values = {key: key.encode() for key in keys(1203)}
    store.put_many(values)
    assert store.get_many([*values, cache_key("other")]) == values


def test_the_oldest_make_room_when_the_cache_is_full(file: Path) -> None:
    cache = Cache(file, 1000)
    for key in keys(15):
        cache.put_many({key: bytes(100)})
        assert cache.statistics()["bytes"] <= 1000
    kept = cache.get_many(keys(15))
    assert set(kept) == set(keys(15)[-len(kept) :])
    assert len(kept) >= 9
    cache.close()


def test_room_that_was_reserved_is_there_beside_the_setting_and_is_not_given_back(file: Path) -> None:
    store = SqliteStore(file.with_name("store.sqlite"), cache_megabytes=0)
    values = {key: bytes(100) for key in keys(12)}
    store.put_many(values)
    assert not store.get_many(list(values))
    store.reserve(1200)
    store.reserve(100)
    store.put_many(values)
    assert store.get_many(list(values)) == values
    store.put(cache_key("one more"), bytes(100))
    assert len(store.get_many(list(values))) < 12
    store.close()


def test_a_bad_entry_is_dropped_and_counted_and_not_returned(store: SqliteStore, file: Path) -> None:
    good, bad = keys(2)
    store.put_many({good: b"good", bad: b"value"})
    alter(file, "UPDATE entries SET value = 'valuf' WHERE value = CAST('value' AS BLOB)")
    assert store.get_many([good, bad]) == {good: b"good"}
    assert store.statistics()["cache_bad"] == 1
    assert store.statistics()["cache_entries"] == 1
    store.put(bad, b"value")
    assert store.get(bad) == b"value"


def test_the_check_drops_bad_entries_and_says_so_once(store: SqliteStore, file: Path) -> None:
    store.put_many({key: b"value" for key in keys(3)})
    assert store.check() == []
    alter(file, "UPDATE entries SET checksum = CAST('wrong' AS BLOB) WHERE number = 2")
    assert len(store.check()) == 1
    assert store.check() == []


def alter(file: Path, statement: str) -> None:
    connection = sqlite3.connect(file)
    assert connection.execute(statement).rowcount == 1
    connection.commit()
    connection.close()


@pytest.mark.parametrize("content", [b"this is no database, but it is long enough to be one" * 100, b""])
def test_an_unreadable_cache_begins_anew(store: SqliteStore, file: Path, content: bytes) -> None:
    key = keys(1)[0]
    store.put(key, b"value")
    store.close()
    file.write_bytes(content)
    assert store.get(key) is None
    store.put(key, b"value")
    assert store.get(key) == b"value"
    assert store.check() == []


def test_flipped_bits_in_the_cache_never_give_a_wrong_value(file: Path) -> None:
    values = {key: key.encode() * 20 for key in keys(40)}
    cache = Cache(file, 2**20)
    cache.put_many(values)
    cache.close()
    whole = file.read_bytes()
    for place in range(0, len(whole), 397):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        file.write_bytes(flipped)
        found = Cache(file, 2**20)
        assert found.get_many(list(values)).items() <= values.items()
        found.put_many(values)
        assert found.get_many(list(values)).items() <= values.items()
        found.close()


def test_a_deleted_cache_is_only_an_empty_one(store: SqliteStore, file: Path) -> None:
    key = keys(1)[0]
    store.put(key, b"value")
    store.close()
    file.unlink()
    assert store.get(key) is None
    assert store.check() == []
