"""The kept documents as rows of the store's database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from tagwright.errors import StoreError
from tagwright.store.codec import checksum, document_from_plain, document_to_plain, from_json, to_json
from tagwright.store.database import Database, transaction
from tagwright.store.marks import FOLDED, KEPT, last, set_mark
from tagwright.types import Document

Row = tuple[int, str, str, str, str | None, str | None, str, int]

_BATCH = 500  # documents held in memory at once: about a megabyte of text
_COLUMNS = "position, id, title, text, language, tags, metadata, checksum"
_STAGED = f"CREATE TEMP TABLE staged AS SELECT {_COLUMNS} FROM documents WHERE 0"


class KeptDocuments:
    """The documents that the project keeps to train on, in the order in which they came."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def replace(self, documents: Iterable[Document]) -> int:
        """How many documents stand there from now on, instead of all others.

        They are staged outside the database first, so that nobody waits for this one while a corpus is parsed, and
        ``documents`` may well be made of what is kept now.
        """
        with self._database.private() as connection:
            connection.execute(_STAGED)
            count = self._stage(connection, documents)
            try:
                with transaction(connection):
                    connection.execute("DELETE FROM documents")
                    connection.execute("INSERT INTO documents SELECT * FROM staged ORDER BY rowid")
                    for name in (KEPT, FOLDED):
                        set_mark(connection, name, last(connection))
            except sqlite3.IntegrityError as error:
                raise _repeated(connection) from error
        return count

    def all(self) -> Iterator[Document]:
        """The documents in order, streamed, as they stood when the first one was read."""
        with self._database.snapshot() as connection:
            for row in connection.execute(f"SELECT {_COLUMNS} FROM documents ORDER BY position"):
                yield self._document(row)

    def count(self) -> int:
        """How many there are."""
        with self._database.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM documents").fetchone()[0])

    def find(self, connection: sqlite3.Connection, document_id: str) -> Document | None:
        """The document of that id, read within the caller's transaction."""
        row = connection.execute(f"SELECT {_COLUMNS} FROM documents WHERE id = ?", (document_id,)).fetchone()
        return None if row is None else self._document(row)

    def put(self, connection: sqlite3.Connection, plain: Mapping[str, Any]) -> None:
        """The document stands in the place of the one with its id, else at the end."""
        document = document_from_plain(plain)
        found = connection.execute("SELECT position FROM documents WHERE id = ?", (document.id,)).fetchone()
        position = found[0] if found else self._end(connection)
        connection.execute(
            f"INSERT OR REPLACE INTO documents ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _row(position, document)
        )

    def remove(self, connection: sqlite3.Connection, document_id: str) -> None:
        """The document is kept no longer; quiet where it was not."""
        connection.execute("DELETE FROM documents WHERE id = ?", (document_id,))

    def _stage(self, connection: sqlite3.Connection, documents: Iterable[Document]) -> int:
        source, count = iter(documents), 0
        while rows := [_row(count + place, document) for place, document in enumerate(islice(source, _BATCH))]:
            with transaction(connection):
                connection.executemany("INSERT INTO staged VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            count += len(rows)
        return count

    def _end(self, connection: sqlite3.Connection) -> int:
        return int(connection.execute("SELECT coalesce(max(position), -1) + 1 FROM documents").fetchone()[0])

    def _document(self, row: Row) -> Document:
        if checksum(*row[:-1]) != row[-1]:
            raise self._database.damaged(f"the checksum of the kept document {row[1]!r} differs")
        _, document_id, title, text, language, tags, metadata, _ = row
        return Document(
            document_id,
            text,
            title,
            language,
            None if tags is None else tuple(from_json(tags)),
            **({} if metadata == "{}" else {"metadata": from_json(metadata)}),
        )


def plain_or_none(document: Document | None) -> dict[str, Any] | None:
    """The document in plain form, or ``None``."""
    return None if document is None else document_to_plain(document)


def _row(position: int, document: Document) -> Row:
    what = f"the document {document.id!r}"
    tags = None if document.tags is None else to_json(list(document.tags), what=what)
    metadata = to_json(dict(document.metadata), what=what) if document.metadata else "{}"
    fields = (position, document.id, document.title, document.text, document.language, tags, metadata)
    return (*fields, checksum(*fields, what=what))


def _repeated(connection: sqlite3.Connection) -> StoreError:
    found = connection.execute("SELECT id FROM staged GROUP BY id HAVING count(*) > 1").fetchone()
    return StoreError(
        f"two documents have the id {found[0] if found else None!r}", hint="give every document an id of its own"
    )
