"""Rows of one table as the objects of one class, each with a checksum of its own."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from tagwright.store.codec import checksum, from_json, to_json
from tagwright.store.database import Database

Row = TypeVar("Row")
Value = str | int | float | None

# What a field's type, as it is written, is in the database; all others are JSON.
_PLAIN = ("str", "int", "float", "bool")


class Table(Generic[Row]):
    """The table ``name``: a column for each field of the dataclass ``cls``, whose ``number`` is the primary key.

    Texts, numbers and truth values are kept as such, other fields as JSON. Texts must be valid Unicode; `StoreError`
    says where they are not, and where a row is not what was written.
    """

    def __init__(self, database: Database, name: str, cls: type[Row]) -> None:
        self.name = name
        self._database, self._cls = database, cls
        self._fields = [field for field in dataclasses.fields(cls) if field.name != "number"]  # type: ignore[arg-type]
        self.columns = ", ".join(["number", *(field.name for field in self._fields), "checksum"])

    def insert(self, connection: sqlite3.Connection, row: Row) -> int:
        """The number of the new row."""
        fields = self._plain(row)
        marks = ", ?" * (len(fields) + 1)
        done = connection.execute(
            f"INSERT INTO {self.name} ({self.columns}) VALUES (NULL{marks})", (*fields, self._sum(fields))
        )
        return int(done.lastrowid or 0)

    def update(self, connection: sqlite3.Connection, row: Row) -> None:
        """The row of this number says this from now on."""
        fields = self._plain(row)
        names = ", ".join(f"{field.name} = ?" for field in self._fields)
        connection.execute(
            f"UPDATE {self.name} SET {names}, checksum = ? WHERE number = ?",
            (*fields, self._sum(fields), row.number),  # type: ignore[attr-defined]
        )

    def select(self, connection: sqlite3.Connection, rest: str = "", values: Sequence[Value] = ()) -> Iterator[Row]:
        """The rows, streamed; ``rest`` of the query such as "WHERE person = ? ORDER BY number"."""
        for raw in connection.execute(f"SELECT {self.columns} FROM {self.name} {rest}", values):
            yield self._row(raw)

    def check(self, connection: sqlite3.Connection) -> None:
        """Every row is read; raises `StoreError` at the first whose checksum differs."""
        for _ in self.select(connection, "ORDER BY number"):
            pass

    def _row(self, raw: tuple[Any, ...]) -> Row:
        number, *said, found = raw
        if checksum(*said) != found:
            raise self._database.damaged(f"the checksum of row {number} of the {self.name} differs")
        fields = {field.name: _read(value, str(field.type)) for field, value in zip(self._fields, said, strict=True)}
        row: Row = self._cls(**{**fields, "number": number})
        return row

    def _plain(self, row: Row) -> list[Value]:
        what = f"a row of the {self.name}"
        return [_written(getattr(row, field.name), str(field.type), what) for field in self._fields]

    def _sum(self, fields: Sequence[Value]) -> int:
        return checksum(*fields, what=f"a row of the {self.name}")


def _written(value: Any, kind: str, what: str) -> Value:
    if kind not in _PLAIN:
        return to_json(dict(value) if isinstance(value, Mapping) else value, what=what)
    plain: Value = int(value) if kind == "bool" else float(value) if kind == "float" else value
    return plain


def _read(value: Any, kind: str) -> Any:
    if kind not in _PLAIN:
        return from_json(value)
    return bool(value) if kind == "bool" else value
