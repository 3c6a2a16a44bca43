"""What was shown for documents, and by which model, tags and settings it was found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tagwright.store.database import Database
from tagwright.store.table import Table


@dataclass(frozen=True, slots=True)
class Shown:
    """The suggestions that were shown for one document: ``shown`` has [tag, confidence] of each, the best first.

    ``model``, ``vocabulary`` and ``settings`` name by a hash what they were made by, ``row`` is the last row of the
    growth log that was known; ``time`` in seconds since 1970 (0 = now).
    """

    document: str
    shown: Sequence[tuple[str, float]]
    model: str
    vocabulary: str
    settings: str
    row: int = 0
    time: float = 0.0
    number: int = 0


class Suggested:
    """What people saw before they decided, in the project's own database; the texts themselves are not in it."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock
        self._table = Table(database, "suggestions", Shown)

    def add(self, rows: Sequence[Shown]) -> list[int]:
        """The number of each; what was shown last for the document, in the same way, is not kept twice."""
        now = self._clock()
        with self._database.writing() as connection:
            numbers = []
            for row in rows:
                fresh = replace(row, shown=[list(pair) for pair in row.shown], time=row.time or now)  # type: ignore[misc]
                rest = "WHERE document = ? ORDER BY number DESC LIMIT 1"
                last = list(self._table.select(connection, rest, (row.document,)))
                same = bool(last) and replace(last[0], time=fresh.time, number=0) == fresh
                numbers.append(last[0].number if same else self._table.insert(connection, fresh))
            return numbers

    def of(self, document: str) -> list[Shown]:
        """All that was shown for the document, the newest first."""
        if not self._database.path.exists():
            return []
        with self._database.reading() as connection:
            found = list(self._table.select(connection, "WHERE document = ? ORDER BY number DESC", (document,)))
        return [replace(one, shown=[(tag, score) for tag, score in one.shown]) for one in found]

    def check(self) -> None:
        """Every row is read; raises `StoreError` at the first whose checksum differs."""
        with self._database.snapshot() as connection:
            self._table.check(connection)
