"""One SQLite file: a connection a thread, transactions, and errors in words."""

from __future__ import annotations

import os
import sqlite3
import threading
import uuid
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tagwright.errors import StoreError
from tagwright.store.migrations import Migration, migrate

_SMALLEST = 512  # bytes: SQLite's smallest page; it would take a shorter file for a new database
_WAL_LIMIT = 16 * 2**20  # bytes that the write-ahead log keeps on disk after a large transaction


class DamagedStoreError(StoreError):
    """The file's content is not what SQLite, or tagwright, has written."""


class Connection(sqlite3.Connection):
    """A connection that closes itself when the thread that used it is gone."""

    def __del__(self) -> None:
        with suppress(sqlite3.Error):
            self.close()


class Database:
    """One SQLite file in WAL mode, brought to the newest migration when it is first used.

    ``durable``: a commit survives a power cut (``synchronous=FULL``), not only the end of the process.
    ``busy_seconds``: how long a writer waits for another one, of any process, before it gives up.
    """

    def __init__(
        self, path: Path, migrations: Sequence[Migration], *, durable: bool = True, busy_seconds: float = 30.0
    ) -> None:
        self.path = path
        self.busy_seconds = busy_seconds
        self._migrations = migrations
        self._settings = (
            "journal_mode = WAL",
            f"synchronous = {'FULL' if durable else 'NORMAL'}",
            "foreign_keys = ON",
            "cell_size_check = ON",
            f"journal_size_limit = {_WAL_LIMIT}",
        )
        self._mine = threading.local()
        self._all: weakref.WeakSet[Connection] = weakref.WeakSet()
        self._inherited: list[Connection] = []

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """This thread's connection; what SQLite raises comes out as `StoreError`."""
        with self._in_words():
            yield self._connection()

    @contextmanager
    def private(self) -> Iterator[sqlite3.Connection]:
        """A connection for one long piece of work, which leaves the thread's own one free."""
        with self._in_words():
            connection = self._connect()
            try:
                yield connection
            finally:
                connection.close()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A private connection that sees the database as it is now, whatever others write meanwhile."""
        with self.private() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that holds the write lock from its start: all of it is kept, or nothing."""
        with self._in_words(), transaction(self._connection()) as connection:
            yield connection

    def close(self) -> None:
        """The connections of all threads are closed."""
        for connection in list(self._all):
            connection.close()
        self._all.clear()
        self._mine = threading.local()

    def damaged(self, what: str) -> DamagedStoreError:
        """The error for content that is not what was written."""
        return DamagedStoreError(
            f"{self.path} is damaged: {what}",
            hint="restore it from a backup, or move it away and train again from the corpus",
        )

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._mine, "connection", None)
        if connection is not None and self._mine.process == os.getpid():
            return connection
        if connection is not None:
            # After a fork SQLite forbids to use, and even to close, what the parent opened.
            self._inherited.append(connection)
        connection = self._connect()
        self._mine.connection, self._mine.process = connection, os.getpid()
        self._all.add(connection)
        return connection

    def _connect(self) -> Connection:
        if not self.path.exists():
            self._create()
        if self.path.stat().st_size < _SMALLEST:
            raise self.damaged("it has been cut off")
        return self._open(self.path)

    def _create(self) -> None:
        """An empty database appears whole or not at all, so an empty or short file can only be a damaged one."""
        new = self.path.with_name(f"{self.path.name}.new-{uuid.uuid4().hex}")
        try:
            self._open(new).close()
            try:
                os.link(new, self.path)
            except FileExistsError:
                pass  # another process was first
            except OSError:
                with self.path.open("xb") as file:  # a file system without links
                    file.write(new.read_bytes())
        finally:
            new.unlink(missing_ok=True)

    def _open(self, path: Path) -> Connection:
        connection = sqlite3.connect(
            path, timeout=self.busy_seconds, isolation_level=None, check_same_thread=False, factory=Connection
        )
        try:
            for setting in self._settings:
                connection.execute(f"PRAGMA {setting}")
            migrate(connection, self._migrations, self.path)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._error(error) from error

    def _error(self, error: sqlite3.Error) -> StoreError:
        if _named(error, "SQLITE_CORRUPT", "SQLITE_NOTADB") or "Could not decode" in str(error):
            return self.damaged(str(error))
        if _named(error, "SQLITE_BUSY", "SQLITE_LOCKED"):
            waited = f"{self.path} is busy: another process has been writing for more than {self.busy_seconds:g} s"
            return StoreError(waited, hint="try again when it is done")
        if _named(error, "SQLITE_FULL"):
            return StoreError(f"no space is left for {self.path}", hint="free some space and run the command again")
        if _named(error, "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH"):
            return StoreError(
                f"{self.path} cannot be opened for writing: {error}", hint="check that its folder exists and is yours"
            )
        return StoreError(f"{self.path} cannot be used: {error}", hint="run tagwright doctor")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """A transaction that holds the write lock from its start: all of it is kept, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _named(error: sqlite3.Error, *names: str) -> bool:
    """Whether the error's name, such as SQLITE_CORRUPT_INDEX, is one of these or a kind of it."""
    return str(getattr(error, "sqlite_errorname", "")).startswith(names)
