"""What people decide about the tags of documents: all of it is kept, together with what it makes of the documents."""

from __future__ import annotations

import math
import sqlite3
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from tagwright.errors import DecisionError, UnknownDocumentError
from tagwright.store.base import GrowthRow
from tagwright.store.codec import document_from_plain
from tagwright.store.database import Database
from tagwright.store.decided import REVERT, Chosen, Decision, contradicted, standing, taken_back
from tagwright.store.growth import GrowthLog
from tagwright.store.marks import GOOD, HELD, last, remove_mark, set_mark
from tagwright.store.table import Table
from tagwright.store.wanted import STANDS
from tagwright.types import Document

# From a document as it was before anybody decided, and the decisions that stand, in order, to the rows of the growth
# log that make of it what they say: one for the document, one for what only machines have said about it.
Grow = Callable[[Document, Sequence[Decision]], tuple[GrowthRow, GrowthRow]]


@dataclass
class Decisions:
    """The decisions in the project's own database, which are only ever appended: to take one back is to append that.

    A decision and the row of the growth log with what it makes of the document are written in one transaction, so
    that neither is there without the other, whatever happens.
    """

    database: Database
    growth: GrowthLog
    clock: Callable[[], float] = time.time
    _table: Table[Decision] = field(init=False)

    def __post_init__(self) -> None:
        self._table = Table(self.database, "decisions", Decision)

    def record(self, decisions: Sequence[Decision], grow: Grow, documents: Iterable[Document] = ()) -> list[Decision]:
        """The decisions as they are recorded, all of them or none; one that was recorded before is answered as then.

        ``documents`` that are not there yet are added first. Raises `UnknownDocumentError` for a decision about a
        document that is not there, `DecisionError` where an id was used for another decision.
        """
        asked = [replace(one, id=one.id or uuid.uuid4().hex) for one in decisions]
        with self.database.writing() as connection:
            known = self._known(connection, asked)
            fresh = list({one.id: one for one in reversed(asked) if one.id not in known}.values())[::-1]
            wanted = {one.document for one in fresh}
            self.growth.insert_missing(connection, [one for one in documents if one.id in wanted])
            for group in _grouped(fresh):
                known.update((one.id, one) for one in self._extend(connection, group, grow))
        for one in asked:
            if not one.is_like(known[one.id]):
                raise DecisionError(f"the id {one.id!r} is that of another decision", hint="choose another id")
        return [known[one.id] for one in asked]

    def revert(self, chosen: Chosen, grow: Grow, *, person: str, reason: str = "") -> list[Decision]:
        """The rows that take back those of the chosen ones that stand; what was taken back already stays so.

        A row that took something back is itself taken back only by its number. Raises `DecisionError` for a number or
        an id that no decision has.
        """
        with self.database.writing() as connection:
            return self._revert(connection, chosen, grow, Decision("", "", REVERT, person, reason))

    def back(self, good: int, grow: Grow, *, person: str, reason: str = "") -> list[Decision]:
        """The same for all decisions that took effect after the row ``good`` of the growth log.

        Other changes to documents since then are undone with them; what waits for review stays. Nothing is held back
        any more, and this state is taken for good.
        """
        pattern = Decision("", "", REVERT, person, reason)
        with self.database.writing() as connection:
            made = self._revert(connection, Chosen(after_row=good), grow, pattern)
            self.growth.restore(connection, good)
            remove_mark(connection, HELD)
            set_mark(connection, GOOD, last(connection))
            return made

    def find(self, chosen: Chosen | None = None) -> list[Decision]:
        """Those that are meant (all), in the order in which they were recorded, reversals included."""
        if not self.database.path.exists():
            return []
        with self.database.reading() as connection:
            return list(self._table.select(connection, *(chosen or Chosen()).query()))

    def newest(self, person: str, *, before: float = math.inf, limit: int = 50) -> list[Decision]:
        """What a person decided last, before that time (seconds since 1970), and what was not taken back.

        The newest first; machines' decisions are not among it.
        """
        rest = f"WHERE person = ? AND machine = 0 AND time < ? AND {STANDS} ORDER BY number DESC LIMIT ?"
        if not self.database.path.exists():
            return []
        with self.database.reading() as connection:
            return list(self._table.select(connection, rest, (person, before, limit)))

    def standing(self, document: str) -> list[Decision]:
        """What makes the document what it is: the decisions that stand, in order, without reversals."""
        if not self.database.path.exists():
            return []
        with self.database.reading() as connection:
            return standing(self._told(connection, document), self._base(connection, document)[1])

    def check(self) -> None:
        """Every row is read; raises `StoreError` at the first that is not what was written, or lacks its growth row."""
        with self.database.snapshot() as connection:
            self._table.check(connection)
            lost = "SELECT number FROM decisions WHERE row > 0 AND row NOT IN (SELECT seq FROM growth) LIMIT 1"
            for (number,) in connection.execute(lost):
                raise self.database.damaged(f"the decision {number} has no row in the growth log")

    def _known(self, connection: sqlite3.Connection, asked: Sequence[Decision]) -> dict[str, Decision]:
        found = (row for one in asked for row in self._table.select(connection, "WHERE id = ?", (one.id,)))
        return {one.id: one for one in found}

    def _revert(self, connection: sqlite3.Connection, chosen: Chosen, grow: Grow, pattern: Decision) -> list[Decision]:
        found = list(self._table.select(connection, *chosen.query()))
        missing = {*(chosen.numbers or ()), *(chosen.ids or ())} - {
            key for one in found for key in (one.number, one.id)
        }
        if missing:
            raise DecisionError(f"there is no decision {min(missing, key=str)}", hint="tagwright decisions list")
        made: list[Decision] = []
        for group in _grouped([one for one in found if chosen.numbers is not None or not one.reverts]):
            gone = taken_back(self._told(connection, group[0].document))
            back = [
                replace(
                    pattern, document=one.document, tag=one.tag, machine=one.machine, reverts=one.number,
                    id=uuid.uuid4().hex,
                )
                for one in group
                if one.number not in gone
            ]  # fmt: skip
            if back:
                made += self._extend(connection, back, grow)
        return made

    def _extend(self, connection: sqlite3.Connection, group: Sequence[Decision], grow: Grow) -> list[Decision]:
        """These decisions on one document, recorded with what they make of it."""
        id = group[0].document
        base, floor = self._base(connection, id)
        told = self._told(connection, id)
        rows = dict.fromkeys((False, True), 0)
        if base is not None:
            wanted = zip((False, True), grow(base, standing([*told, *group], floor)), strict=True)
            people = {one.machine for one in group}
            rows.update((machine, self._grow(connection, row, always=machine in people)) for machine, row in wanted)
        elif not group[0].reverts:
            raise UnknownDocumentError(f"there is no document {id!r}", hint="add the document before its decisions")
        made: list[Decision] = []
        for one in group:
            conflict = contradicted(one, standing([*told, *made], floor))
            kept = replace(one, time=float(self.clock()), row=rows[one.machine], conflict=conflict)
            made.append(replace(kept, number=self._table.insert(connection, kept)))
        return made

    def _grow(self, connection: sqlite3.Connection, row: GrowthRow, *, always: bool) -> int:
        """The number of the row, which is appended where something changes by it (or ``always``); else 0."""
        stands = self.growth.state(connection, "document", row.subject)
        wanted = row.payload if row.kind == "add_document" else None
        return self.growth.insert(connection, row) if always or stands != wanted else 0

    def _told(self, connection: sqlite3.Connection, document: str) -> list[Decision]:
        """All decisions on the document, in order."""
        return list(self._table.select(connection, "WHERE document = ? ORDER BY number", (document,)))

    def _base(self, connection: sqlite3.Connection, document: str) -> tuple[Document | None, int]:
        """The document as it was before anybody decided, and the row from which on decisions count.

        Whoever puts another document into its place, or a new set of kept documents, begins anew.
        """
        rows, floor = self.growth.about(connection, document)
        own = {row for (row,) in connection.execute("SELECT row FROM decisions WHERE document = ?", (document,))}
        floor = max((row for row in rows if row not in own), default=floor)
        first = next((row for row in rows if row > floor), 0)
        state = self.growth.before(connection, first) if first else None
        state = state if first else self.growth.state(connection, "document", document)
        return (None if state is None else document_from_plain(state)), floor


def _grouped(decisions: Iterable[Decision]) -> list[list[Decision]]:
    """Those on one document together, in the order in which the documents come first."""
    groups: dict[str, list[Decision]] = defaultdict(list)
    for one in decisions:
        groups[one.document].append(one)
    return list(groups.values())
