"""The growth log: what was added to a project at run time, as numbered rows that nobody alters."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tagwright.errors import StoreError
from tagwright.store.base import KINDS, GrowthRow
from tagwright.store.codec import checksum, document_from_plain, from_json, to_json
from tagwright.store.database import Database
from tagwright.store.documents import KeptDocuments, plain_or_none
from tagwright.store.marks import FOLDED, KEPT, last, mark, set_mark
from tagwright.types import Document

Row = tuple[int, float, str, str, str, str, str | None, int | None, int]

_COLUMNS = "seq, time, kind, about, subject, payload, before, reverts, checksum"

# Kept documents about which no row says anything, and those that the last row on them added.
_IDS = """
    SELECT id FROM documents WHERE id > :after AND NOT EXISTS (
        SELECT 1 FROM growth WHERE about = 'document' AND subject = documents.id AND seq > :floor)
    UNION
    SELECT subject FROM growth WHERE about = 'document' AND subject > :after AND seq > :floor
    GROUP BY subject HAVING max(seq) = max(CASE kind WHEN 'add_document' THEN seq END)
    ORDER BY 1 LIMIT :limit"""


class OverruledError(StoreError):
    """A row cannot be taken back: a later one had its say on the same document or tag."""


class GrowthLog:
    """Rows are only ever appended: to take one back is to append its opposite.

    A row remembers what stood there before, so the opposite of an addition that replaced something puts that back.
    """

    def __init__(self, database: Database, documents: KeptDocuments, clock: Callable[[], float]) -> None:
        self._database = database
        self._documents = documents
        self._clock = clock

    def append(self, rows: Sequence[GrowthRow]) -> int:
        """The number of the log's last row, after these were added together or not at all."""
        with self._database.writing() as connection:
            for row in rows:
                self.insert(connection, row)
            return last(connection)

    def add_missing(self, documents: Sequence[Document]) -> list[str]:
        """The ids of those that were not there yet; they are added, the others stay as they stand."""
        with self._database.writing() as connection:
            return self.insert_missing(connection, documents)

    def revert(self, seqs: Sequence[int]) -> int:
        """The number of the log's last row, after the opposites of these rows were added, newest first.

        Raises `StoreError` where there is no such row, or where a later one that is not among them had its say
        on the same document or tag.
        """
        with self._database.writing() as connection:
            for seq in sorted(set(seqs), reverse=True):
                self._revert(connection, seq)
            return last(connection)

    def read(self, after: int) -> list[GrowthRow]:
        """All rows with a number above ``after``, in order."""
        with self._database.reading() as connection:
            return self._select(connection, "seq > ? ORDER BY seq", (after,))

    def last(self) -> int:
        """The number of the last row ever appended; 0 where there is none."""
        with self._database.reading() as connection:
            return last(connection)

    def folded(self) -> int:
        """The row number at which the kept documents stand."""
        with self._database.reading() as connection:
            return mark(self._database, connection, FOLDED)

    def fold(self, up_to: int) -> int:
        """The row number at which the kept documents stand, after the rows up to there were applied to them."""
        with self._database.writing() as connection:
            start = mark(self._database, connection, FOLDED)
            if up_to > last(connection):
                raise StoreError(f"the growth log ends at row {last(connection)}; there is no row {up_to} to fold")
            for row in self._select(connection, "seq > ? AND seq <= ? ORDER BY seq", (start, up_to)):
                if row.kind == "add_document":
                    self._documents.put(connection, row.payload)
                elif row.kind == "remove_document":
                    self._documents.remove(connection, row.subject)
            set_mark(connection, FOLDED, max(start, up_to))
            return max(start, up_to)

    def document(self, id: str) -> Document | None:
        """The document as it stands now, be it kept or of the log; ``None`` where there is none."""
        with self._database.reading() as connection:
            plain = self.state(connection, "document", id)
        return None if plain is None else document_from_plain(plain)

    def tag_rows(self, id: str) -> list[GrowthRow]:
        """The rows on a tag that still have their say, the newest first: nothing that was taken back, nor how."""
        found: list[GrowthRow] = []
        with self._database.reading() as connection:
            row = self._last_row(connection, "tag", id)
            while row is not None:
                found += [row] if row.reverts is None else []
                below = row.seq if row.reverts is None else row.reverts
                row = self._last_row(connection, "tag", id, before=below)
        return found

    def ids(self, after: str, limit: int) -> list[str]:
        """The ids of the documents that stand now and come after ``after``, in order, at most ``limit``."""
        with self._database.reading() as connection:
            floor = mark(self._database, connection, KEPT)
            found = connection.execute(_IDS, {"after": after, "floor": floor, "limit": limit})
            return [id for (id,) in found]

    def check(self) -> None:
        """Every row is read; raises `StoreError` at the first whose checksum differs."""
        with self._database.snapshot() as connection:
            for raw in connection.execute(f"SELECT {_COLUMNS} FROM growth ORDER BY seq"):
                self._row(raw)
            for name in (KEPT, FOLDED):
                mark(self._database, connection, name)

    # --- within the caller's transaction, for other tables whose rows come together with rows of the log ---------

    def insert(self, connection: sqlite3.Connection, row: GrowthRow) -> int:
        """The number of the new row."""
        what = f"the row {row.kind} {row.subject!r}"
        assert row.kind in KINDS, f"no kind of row: {row.kind!r}"
        before = self.state(connection, _about(row.kind), row.subject)
        fields = (
            last(connection) + 1,
            float(self._clock()),
            row.kind,
            _about(row.kind),
            row.subject,
            to_json(dict(row.payload), what=what),
            None if before is None else to_json(before, what=what),
            row.reverts,
        )
        connection.execute(
            f"INSERT INTO growth ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*fields, checksum(*fields, what=what)),
        )
        return fields[0]

    def insert_missing(self, connection: sqlite3.Connection, documents: Sequence[Document]) -> list[str]:
        """The ids of those that were not there yet; they are added, the others stay as they stand."""
        missing = [one for one in documents if self.state(connection, "document", one.id) is None]
        for document in missing:
            self.insert(connection, GrowthRow.add_document(document))
        return [document.id for document in missing]

    def state(self, connection: sqlite3.Connection, about: str, subject: str) -> Mapping[str, Any] | None:
        """What stands there now of a "document" or "tag": the last row's say, else the kept document."""
        row = self._last_row(connection, about, subject)
        if row is not None:
            return row.payload if row.kind.startswith("add") else None
        if about == "document":
            return plain_or_none(self._documents.find(connection, subject))
        return None

    def before(self, connection: sqlite3.Connection, seq: int) -> Mapping[str, Any] | None:
        """What stood there until this row came."""
        return self._select(connection, "seq = ?", (seq,))[0].before

    def about(self, connection: sqlite3.Connection, subject: str) -> tuple[list[int], int]:
        """The numbers of the rows on a document, and the one from which on they count; see `keep_documents`."""
        floor = mark(self._database, connection, KEPT)
        where = "about = 'document' AND subject = ? AND seq > ? ORDER BY seq"
        return [seq for (seq,) in connection.execute(f"SELECT seq FROM growth WHERE {where}", (subject, floor))], floor

    def restore(self, connection: sqlite3.Connection, seq: int) -> None:
        """Every document is made what it was at the row ``seq`` by a new row; what has no tags yet stays as it is."""
        seq = max(seq, mark(self._database, connection, KEPT))
        firsts = "SELECT min(seq), subject FROM growth WHERE about = 'document' AND seq > ? GROUP BY subject ORDER BY 1"
        for first, subject in connection.execute(firsts, (seq,)).fetchall():
            then, now = self.before(connection, first), self.state(connection, "document", subject)
            if then == now or (then is None and now is not None and "tags" not in now):
                continue
            row = GrowthRow("remove_document", {"id": subject}) if then is None else GrowthRow("add_document", then)
            self.insert(connection, row)

    def _revert(self, connection: sqlite3.Connection, seq: int) -> None:
        found = self._select(connection, "seq = ?", (seq,))
        if not found:
            raise StoreError(f"the growth log has no row {seq}")
        row = found[0]
        stands = self._last_row(connection, _about(row.kind), row.subject)
        while stands is not None and stands.seq != seq and stands.reverts is not None:
            # A reversal put back what stood before the row that it took back.
            stands = self._last_row(connection, _about(row.kind), row.subject, before=stands.reverts)
        if stands is None or stands.seq != seq:
            other = f"row {stands.seq}" if stands else "a new set of kept documents"
            raise OverruledError(
                f"row {seq} cannot be taken back: {other} has replaced what it said of {row.subject!r}",
                hint=f"take back {other} first" if stands else "",
            )
        verb = "remove" if row.before is None else "add"
        payload = {"id": row.subject} if row.before is None else row.before
        self.insert(connection, GrowthRow(f"{verb}_{_about(row.kind)}", payload, reverts=seq))

    def _last_row(
        self, connection: sqlite3.Connection, about: str, subject: str, *, before: int | None = None
    ) -> GrowthRow | None:
        """The last row on that subject (below ``before``) that still says something of it."""
        floor = mark(self._database, connection, KEPT) if about == "document" else 0
        below = last(connection) + 1 if before is None else before
        where = "about = ? AND subject = ? AND seq > ? AND seq < ? ORDER BY seq DESC LIMIT 1"
        found = self._select(connection, where, (about, subject, floor, below))
        return found[0] if found else None

    def _select(self, connection: sqlite3.Connection, where: str, values: Sequence[int | str]) -> list[GrowthRow]:
        rows = connection.execute(f"SELECT {_COLUMNS} FROM growth WHERE {where}", values)
        return [self._row(raw) for raw in rows]

    def _row(self, raw: Row) -> GrowthRow:
        if checksum(*raw[:-1]) != raw[-1]:
            raise self._database.damaged(f"the checksum of row {raw[0]} of the growth log differs")
        seq, time, kind, _, _, payload, before, reverts, _ = raw
        return GrowthRow(kind, from_json(payload), None if before is None else from_json(before), reverts, seq, time)


def _about(kind: str) -> str:
    return kind.partition("_")[2]
