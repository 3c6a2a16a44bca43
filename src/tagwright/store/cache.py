"""Answers kept by what they answer: a bad one is dropped, the oldest make room, and none is ever needed."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tagwright.errors import StoreError
from tagwright.store.database import DamagedStoreError, Database
from tagwright.store.migrations import CACHE

_KEYS_A_QUERY = 500  # SQLite allowed 999 parameters a statement until 2020
_KEPT_SHARE = 0.9  # evicting a tenth at once, not an entry at every put


class Cache:
    """Values by content key in a file of their own, which may be deleted at any time.

    Every value carries a checksum over key and value; one that differs is dropped and counted, never returned, and
    a file that SQLite cannot read is begun anew. A power cut may lose the last values, nothing else: what people
    decide is in another file, with another durability. At most ``limit`` bytes of values are kept.
    """

    def __init__(self, path: Path, limit: int, *, busy_seconds: float = 30.0) -> None:
        self.path = path
        self.limit = limit
        self._busy_seconds = busy_seconds
        self._lock = threading.Lock()
        self._renewed = 0
        self._database = self._open()

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """The values of those keys that have a sound one."""
        database = self._database
        try:
            found, bad = _read(database, [_raw(key) for key in keys])
            if bad:
                _drop(database, bad)
        except DamagedStoreError:
            self._begin_anew(database)
            return {}
        return {key.hex(): value for key, value in found.items()}

    def put_many(self, values: Mapping[str, bytes]) -> None:
        """The values are kept together; a key that has one already keeps it, for equal keys mean equal values."""
        database = self._database
        rows = [(_raw(key), value, _checksum(_raw(key), value)) for key, value in values.items()]
        try:
            with database.writing() as connection:
                connection.executemany(
                    "INSERT INTO entries (key, value, checksum) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING", rows
                )
                self._evict(connection)
        except DamagedStoreError:
            self._begin_anew(database)

    def statistics(self) -> dict[str, int]:
        """``entries``, ``bytes`` of values, and ``bad``: how many were dropped because their checksum differed."""
        with self._database.reading() as connection:
            entries = connection.execute("SELECT count(*) FROM entries").fetchone()[0]
            size, bad = connection.execute("SELECT bytes, bad FROM totals").fetchone()
        return {"entries": entries, "bytes": size, "bad": bad + self._renewed}

    def check(self) -> list[str]:
        """What is wrong with the file, in words; bad entries are dropped on the way and said so."""
        if not self.path.exists():
            return []
        database = self._database
        try:
            with database.reading() as connection:
                problems = [str(row[0]) for row in connection.execute("PRAGMA quick_check(10)")]
            bad = 0 if problems != ["ok"] else self._check_entries(database)
        except StoreError as error:
            return [f"the cache cannot be read ({error.message}); it is safe to delete {self.path}"]
        if problems != ["ok"]:
            return [f"the cache {self.path} is damaged ({problems[0]}); it is safe to delete it"]
        return [f"the cache {self.path} had {bad} bad entries; they were dropped"] if bad else []

    def close(self) -> None:
        """The file is closed; it opens anew when it is next used."""
        self._database.close()

    def _open(self) -> Database:
        return Database(self.path, CACHE, durable=False, busy_seconds=self._busy_seconds)

    def _begin_anew(self, failed: Database) -> None:
        """The unreadable file is deleted, once for all threads that found it so."""
        with self._lock:
            if self._database is not failed:
                return
            for suffix in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            self._database = self._open()
            self._renewed += 1

    def _check_entries(self, database: Database) -> int:
        with database.reading() as connection:
            keys = [row[0] for row in connection.execute("SELECT key FROM entries ORDER BY number")]
        bad = [key for part in _parts(keys) for key in _read(database, part)[1]]
        if bad:
            _drop(database, bad)
        return len(bad)

    def _evict(self, connection: sqlite3.Connection) -> None:
        size = connection.execute("SELECT bytes FROM totals").fetchone()[0]
        if size <= self.limit:
            return
        excess, last = size - int(self.limit * _KEPT_SHARE), 0
        for number, length in connection.execute("SELECT number, length(value) FROM entries ORDER BY number"):
            if excess <= 0:
                break
            excess, last = excess - length, number
        connection.execute("DELETE FROM entries WHERE number <= ?", (last,))


def _read(database: Database, keys: Sequence[bytes]) -> tuple[dict[bytes, bytes], list[bytes]]:
    """The sound values of those keys, and the keys whose value is bad."""
    found: dict[bytes, bytes] = {}
    bad: list[bytes] = []
    with database.reading() as connection:
        for part in _parts(keys):
            marks = ",".join("?" * len(part))
            rows = connection.execute(f"SELECT key, value, checksum FROM entries WHERE key IN ({marks})", part)
            for key, value, checksum in rows:
                if checksum == _checksum(key, value):
                    found[key] = value
                else:
                    bad.append(key)
    return found, bad


def _drop(database: Database, keys: Sequence[bytes]) -> None:
    with database.writing() as connection:
        dropped = sum(connection.execute("DELETE FROM entries WHERE key = ?", (key,)).rowcount for key in keys)
        connection.execute("UPDATE totals SET bad = bad + ?", (dropped,))


def _parts(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (keys[start : start + _KEYS_A_QUERY] for start in range(0, len(keys), _KEYS_A_QUERY))


def _checksum(key: object, value: object) -> bytes:
    if not isinstance(key, bytes) or not isinstance(value, bytes):
        return b""  # a flipped bit made a text or a number of it
    return hashlib.blake2b(value, digest_size=8, key=key).digest()


def _raw(key: str) -> bytes:
    """The 32 bytes of a key of `tagwright.store.base.cache_key`."""
    assert len(key) == 64, f"{key!r} is no SHA-256 in hex; make keys with cache_key"
    return bytes.fromhex(key)
