"""Parquet tables, in record batches (extra ``parquet``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from tagwright.corpus.columns import Columns
from tagwright.corpus.reader import Broken, Record
from tagwright.corpus.source import Source
from tagwright.errors import CorpusError, MissingExtraError

_ROWS = 1024
_JSON = (str, int, float, bool)


@dataclass(frozen=True)
class Parquet:
    """A document a row; tags are a list of strings or one string. ``columns`` and ``separator`` as in `Table`."""

    columns: Mapping[str, str] = field(default_factory=dict)
    separator: str = ""

    def read(self, source: Source) -> Iterator[Record | Broken]:
        """A record a row, rows numbered from 1; raises `CorpusError` for a damaged file and `MissingExtraError`."""
        pyarrow, parquet = arrow("pyarrow"), arrow("pyarrow.parquet")
        try:
            with parquet.ParquetFile(source.path) as file:
                columns = Columns(self.columns, self.separator).within(file.schema_arrow.names, source.shown)
                number = 0
                for batch in file.iter_batches(batch_size=_ROWS, use_threads=False):
                    for row in _rows(batch):
                        number += 1
                        yield _record(row, number, columns, source.name)
        except pyarrow.ArrowException as error:
            raise CorpusError(f"not a readable Parquet file ({first_line(error)})", path=source.shown) from error


def arrow(module: str) -> Any:
    """The module "pyarrow" or "pyarrow.parquet"; raises `MissingExtraError` where it is not installed."""
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtraError("pyarrow", "parquet") from error


def _rows(batch: Any) -> Iterator[dict[str, Any] | str]:
    """Each row as a dictionary, or what is wrong with it."""
    try:
        yield from batch.to_pylist()
    except (ValueError, OverflowError):
        # One bad value (text that is not UTF-8, a date that Python cannot hold) fails the batch: row by row, then.
        yield from (_alone(batch.slice(place, 1)) for place in range(batch.num_rows))


def _alone(batch: Any) -> dict[str, Any] | str:
    try:
        row: dict[str, Any] = batch.to_pylist()[0]
    except (ValueError, OverflowError) as error:
        return f"a value that cannot be read ({first_line(error)})"
    return row


def _record(row: dict[str, Any] | str, number: int, columns: Columns, file: str) -> Record | Broken:
    if isinstance(row, str):
        return Broken(number, row)
    try:
        plain = {name: _plain(value) for name, value in row.items()}
        return columns.record(plain, line=number, default_id=f"{file}:{number}")
    except ValueError as error:
        return Broken(number, str(error))


def _plain(value: Any) -> Any:
    """The value as JSON can hold it: dates and decimals as text, bytes as UTF-8."""
    if value is None or isinstance(value, _JSON):
        return value
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return str(value)


def first_line(error: Exception) -> str:
    """What pyarrow says is wrong, without the places in its own source that it adds."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
