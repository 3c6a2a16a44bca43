"""How good suggestions were when the newest decisions were looked at, and which rows are held back since."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from tagwright.store.database import Database
from tagwright.store.marks import GOOD, HELD, mark, remove_mark, set_mark
from tagwright.store.table import Table


@dataclass(frozen=True, slots=True)
class Check:
    """Two measurements on the same ``documents``, which nobody learned from.

    ``before`` is the nDCG@10 at the row ``good`` of the growth log, ``after`` at the row ``newest``; ``high``: how much
    better it may have become at best, so below 0 it is surely worse. ``held``: the rows in between are not used.
    ``time`` in seconds since 1970 (0 = now).
    """

    good: int
    newest: int
    documents: int
    before: float
    after: float
    high: float
    held: bool
    time: float = 0.0
    number: int = 0


class Checks:
    """The measurements, and two marks in the growth log: the last good row, and the one from which on rows are held.

    What is held stays in the log: documents after the mark are not used until it is taken away, tags are.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock
        self._table = Table(database, "checks", Check)

    def record(self, check: Check) -> Check:
        """The check, kept; from now on ``newest`` is the last good row, or all after ``good`` is held."""
        with self._database.writing() as connection:
            kept = replace(check, time=check.time or float(self._clock()))
            kept = replace(kept, number=self._table.insert(connection, kept))
            if kept.held:
                set_mark(connection, HELD, kept.good)
            else:
                remove_mark(connection, HELD)
                set_mark(connection, GOOD, kept.newest)
        return kept

    def all(self) -> list[Check]:
        """All checks in the order in which they were made."""
        if not self._database.path.exists():
            return []
        with self._database.reading() as connection:
            return list(self._table.select(connection, "ORDER BY number"))

    def good(self) -> int:
        """The last row of the growth log that was found good; 0 where nothing was looked at."""
        return self._mark(GOOD) or 0

    def held(self) -> int | None:
        """The row after which documents are not used; ``None`` where none are held."""
        return self._mark(HELD)

    def lift(self, good: int) -> None:
        """Nothing is held any more, and all up to this row is taken for good."""
        with self._database.writing() as connection:
            remove_mark(connection, HELD)
            set_mark(connection, GOOD, good)

    def check(self) -> None:
        """Every row is read; raises `StoreError` at the first whose checksum differs."""
        with self._database.snapshot() as connection:
            self._table.check(connection)
            for name in (GOOD, HELD):
                mark(self._database, connection, name)

    def _mark(self, name: str) -> int | None:
        if not self._database.path.exists():
            return None
        with self._database.reading() as connection:
            return mark(self._database, connection, name, absent=None)
