"""Row numbers of the growth log that mean something: where the kept documents stand, up to where all is good."""

from __future__ import annotations

import sqlite3
from typing import overload

from tagwright.store.codec import checksum
from tagwright.store.database import Database

KEPT = "kept"  # the log's last row when the kept documents were replaced: what is older says nothing of them
FOLDED = "folded"  # the last row that was applied to the kept documents
GOOD = "good"  # the last row with which suggestions were found as good as before
HELD = "held"  # the row after which documents are not used, as suggestions became worse by them
QUEUED = "queued"  # the last row that the list of waiting documents knows


def last(connection: sqlite3.Connection) -> int:
    """The number of the last row that the log ever had, 0 where it had none."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'growth'").fetchone()
    return int(row[0]) if row else 0


@overload
def mark(database: Database, connection: sqlite3.Connection, name: str) -> int: ...
@overload
def mark(database: Database, connection: sqlite3.Connection, name: str, *, absent: None) -> int | None: ...
def mark(database: Database, connection: sqlite3.Connection, name: str, *, absent: int | None = 0) -> int | None:
    """The row number of a mark, ``absent`` where it is not set."""
    row = connection.execute("SELECT seq, checksum FROM marks WHERE name = ?", (name,)).fetchone()
    if row is None:
        return absent
    if row[1] != checksum(name, row[0]):
        raise database.damaged(f"the checksum of the mark {name!r} differs")
    return int(row[0])


def set_mark(connection: sqlite3.Connection, name: str, seq: int) -> None:
    """The mark stands at ``seq``."""
    connection.execute("INSERT OR REPLACE INTO marks VALUES (?, ?, ?)", (name, seq, checksum(name, seq)))


def remove_mark(connection: sqlite3.Connection, name: str) -> None:
    """The mark is set no longer; quiet where it was not."""
    connection.execute("DELETE FROM marks WHERE name = ?", (name,))
