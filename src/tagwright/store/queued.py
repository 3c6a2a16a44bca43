"""The documents that wait for people, with what was suggested for each: a list that can always be made again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tagwright.store.codec import checksum, from_json, to_json
from tagwright.store.database import Database
from tagwright.store.growth import GrowthLog
from tagwright.store.marks import KEPT, QUEUED, last, mark, set_mark
from tagwright.store.wanted import OPEN, STANDS, Wanted

# So much of a text stands for the title of a document that has none.
_SHOWN = 80
# So many documents are looked at in one transaction: others write in between.
_BATCH = 500

_COLUMNS = "document, title, state, shown, likely, all_right, effort, gain, model, row"
_IDS = """
    SELECT id FROM documents WHERE tags IS NULL
    UNION SELECT subject FROM growth WHERE about = 'document' AND seq > ?
    UNION SELECT document FROM decisions UNION SELECT document FROM reviews UNION SELECT document FROM queued"""
_KNOWN = "EXISTS (SELECT 1 FROM decisions WHERE document = queued.document AND machine = 0 AND verdict <> 'reject')"
_CHANGED = "SELECT DISTINCT subject FROM growth WHERE about = 'document' AND seq > ?"
_DECIDED = "SELECT 1 FROM decisions WHERE document = ? AND machine = 0 UNION SELECT 1 FROM reviews WHERE document = ?"
_STATE = "SELECT state FROM reviews WHERE document = ? ORDER BY number DESC LIMIT 1"
# What waits for a decision of those tags that would be shown as likely; what is decided already is taken off.
_PROPOSED = """
    SELECT tag, sum(n) AS waits, sum(expected) FROM (
        SELECT tag, count(*) AS n, sum(confidence) AS expected FROM proposed WHERE open AND likely GROUP BY tag
        UNION ALL
        SELECT tag, -count(*), -sum(confidence) FROM proposed JOIN
            (SELECT DISTINCT document, tag FROM decisions WHERE {stands}) USING (document, tag)
        WHERE open AND likely GROUP BY tag)
    GROUP BY tag HAVING waits > 0 ORDER BY waits DESC, tag LIMIT ? OFFSET ?"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One document of the list.

    ``shown`` has (tag, confidence) of each suggestion, the best first, of which the first ``likely`` would be shown as
    likely; ``right``: how likely it is that exactly these are right (``None``: not known); ``effort``: how much there
    will be to do, in decisions; ``gain``: what that is worth, for each of them. ``model`` names what suggested them
    ("": nothing did yet), with the growth log up to its ``row``.
    """

    document: str
    title: str = ""
    state: str = OPEN
    shown: Sequence[tuple[str, float]] = ()
    likely: int = 0
    right: float | None = None
    effort: float = 0.0
    gain: float = 0.0
    model: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document lies among the others: its ``point`` as bytes, and how ``near`` one that was learned from is.

    ``lack``: how much its suggestions leave to be wished for, in [0, 1]; ``effort`` as in `Waiting`.
    ``open``: it waits. ``known``: a person has given it a tag, so that it is learned from itself.
    """

    document: str
    point: bytes = b""
    near: float = 0.0
    lack: float = 0.0
    effort: float = 0.0
    open: bool = True
    known: bool = False


_NOWHERE: Mapping[str, Place] = MappingProxyType({})


class Queued:
    """A document is on the list when nobody has tagged it, or when a person has decided or said something about it.

    It keeps its place until it is gone, whatever was said: see `Reviews` for its state.
    """

    def __init__(self, database: Database, growth: GrowthLog) -> None:
        self._database, self._growth = database, growth

    def sync(self) -> int:
        """How many documents were looked at, so that the list is complete up to the growth log's last row."""
        if not self._database.path.exists():
            return 0
        with self._database.reading() as connection:
            seen, end = mark(self._database, connection, QUEUED, absent=None), last(connection)
            floor = mark(self._database, connection, KEPT)
            whole = seen is None or seen < floor
            query, after = (_IDS, floor) if whole else (_CHANGED, seen)
            found = connection.execute(query, (after,)).fetchall() if whole or seen != end else []
        for start in range(0, len(found), _BATCH):
            with self._database.writing() as connection:
                for (id,) in found[start : start + _BATCH]:
                    self._place(connection, id)
        if seen != end:
            with self._database.writing() as connection:
                set_mark(connection, QUEUED, end)
        return len(found)

    def stale(self, model: str, since: int, limit: int) -> list[str]:
        """The open documents to be suggested for: new ones, then by another model, then before the row ``since``."""
        if not self._database.path.exists():
            return []
        rest = "WHERE state = ? AND (model <> ? OR row < ?) ORDER BY model <> '', model = ?, gain DESC, number LIMIT ?"
        query = f"SELECT document FROM queued INDEXED BY queued_made {rest}"
        with self._database.reading() as connection:
            return [id for (id,) in connection.execute(query, (OPEN, model, since, model, limit))]

    def put(self, rows: Iterable[Waiting], places: Mapping[str, Place] = _NOWHERE) -> None:
        """What is suggested for documents from now on, and their ``places``, by id.

        Titles, states and gains stay; a document that is not on the list is passed over.
        """
        with self._database.writing() as connection:
            for one in rows:
                place = places.get(one.document, Place(one.document))
                shown = to_json([list(pair) for pair in one.shown], what=f"the suggestions for {one.document!r}")
                said = {
                    "shown": shown, "likely": one.likely, "all_right": one.right, "effort": one.effort,
                    "model": one.model, "row": one.row, "lack": place.lack, "near": place.near, "point": place.point,
                }  # fmt: skip
                names = ", ".join(f"{name} = :{name}" for name in said)
                query = f"UPDATE queued SET {names} WHERE document = :document"
                done = connection.execute(query, {**said, "document": one.document})
                if done.rowcount:
                    self._index(connection, one)

    def forget(self, document: str) -> None:
        """The document is not on the list any more, until something happens to it."""
        with self._database.writing() as connection:
            _drop(connection, document)

    def value(self, gains: Mapping[str, float]) -> None:
        """What it is worth that a person looks at each of these documents."""
        pairs = [(gain, id) for id, gain in gains.items()]
        for start in range(0, len(pairs), _BATCH):
            with self._database.writing() as connection:
                connection.executemany("UPDATE queued SET gain = ? WHERE document = ?", pairs[start : start + _BATCH])

    def places(self) -> Iterator[Place]:
        """Where the open documents lie, and the others that people have decided about, as far as that is known."""
        query = f"""SELECT document, point, near, lack, effort, state = ? AS open, {_KNOWN} AS known FROM queued
            WHERE model <> '' AND (open OR known) ORDER BY document"""
        for document, point, near, lack, effort, open, known in self._rows(query, (OPEN,)):
            yield Place(document, point, near, lack, effort, bool(open), bool(known))

    def find(self, wanted: Wanted) -> list[Waiting]:
        """The documents that are wanted, in their order."""
        query, values = wanted.query(_COLUMNS)
        return [_waiting(row) for row in self._rows(query, values)]

    def count(self, wanted: Wanted) -> int:
        """How many there are."""
        query, values = wanted.counting()
        return sum(n for (n,) in self._rows(query, values))

    def counts(self) -> dict[str, int]:
        """{state: how many documents are in it}."""
        return dict(self._rows("SELECT state, count(*) FROM queued GROUP BY state", ()))

    def unknown(self) -> int:
        """For how many open documents nothing was suggested yet."""
        return sum(n for (n,) in self._rows("SELECT count(*) FROM queued WHERE model = '' AND state = ?", (OPEN,)))

    def tags(self, limit: int = 100, offset: int = 0) -> list[tuple[str, int, float]]:
        """(tag, how many open documents it was proposed for and not decided, how many of these it is expected for).

        Those proposed most often first. What was taken back is passed over as far as reversals of reversals.
        """
        return list(self._rows(_PROPOSED.format(stands=STANDS), (limit, offset)))

    def confidences(self, tag: str, documents: Sequence[str]) -> dict[str, float]:
        """How likely the tag is for those of these documents that it was suggested for."""
        query = "SELECT confidence FROM proposed WHERE tag = ? AND document = ?"
        return {id: found for id in documents for (found,) in self._rows(query, (tag, id))}

    def decided(self) -> dict[str, set[str]]:
        """{document: tags} that people have decided on open documents; see `tags` for reversals."""
        rest = f"WHERE machine = 0 AND {STANDS} AND document IN (SELECT document FROM queued WHERE state = ?)"
        found: dict[str, set[str]] = {}
        for document, tag in self._rows(f"SELECT document, tag FROM decisions {rest}", (OPEN,)):
            found.setdefault(document, set()).add(tag)
        return found

    def note(self, connection: sqlite3.Connection, document: str, state: str) -> None:
        """Within the caller's transaction: a person has said this of the document."""
        if not connection.execute("UPDATE queued SET state = ? WHERE document = ?", (state, document)).rowcount:
            self._place(connection, document)
        connection.execute("UPDATE proposed SET open = ? WHERE document = ?", (state == OPEN, document))

    def _place(self, connection: sqlite3.Connection, id: str) -> None:
        """The document is put on the list, kept there or taken off it, as it stands now."""
        plain = self._growth.state(connection, "document", id)
        if plain is None or ("tags" in plain and not connection.execute(_DECIDED, (id, id)).fetchone()):
            _drop(connection, id)
            return
        title = plain.get("title") or plain["text"][:_SHOWN]
        content = checksum(title, plain["text"], plain.get("language"))
        there = connection.execute("SELECT content FROM queued WHERE document = ?", (id,)).fetchone()
        if there is not None and there[0] == content:
            return
        _drop(connection, id)
        state = connection.execute(_STATE, (id,)).fetchone()
        connection.execute(
            "INSERT INTO queued (document, title, folded, content, state, shown, likely, effort, gain, lack, near, "
            "point, model, row) VALUES (?, ?, ?, ?, ?, '[]', 0, 0.0, 0.0, 0.0, 0.0, x'', '', 0)",
            (id, title, title.casefold(), content, OPEN if state is None else state[0]),
        )

    def _index(self, connection: sqlite3.Connection, one: Waiting) -> None:
        state = connection.execute("SELECT state FROM queued WHERE document = ?", (one.document,)).fetchone()[0]
        rows = {tag: (tag, one.document, confidence, place < one.likely, state == OPEN)
                for place, (tag, confidence) in enumerate(one.shown)}  # fmt: skip
        connection.execute("DELETE FROM proposed WHERE document = ?", (one.document,))
        connection.executemany("INSERT INTO proposed VALUES (?, ?, ?, ?, ?)", rows.values())

    def _rows(self, query: str, values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        if not self._database.path.exists():
            return
        with self._database.reading() as connection:
            yield from connection.execute(query, values).fetchall()


def _drop(connection: sqlite3.Connection, document: str) -> None:
    for table in ("queued", "proposed"):
        connection.execute(f"DELETE FROM {table} WHERE document = ?", (document,))


def _waiting(row: tuple[Any, ...]) -> Waiting:
    document, title, state, shown, *rest = row
    return Waiting(document, title, state, tuple((tag, score) for tag, score in from_json(shown)), *rest)
