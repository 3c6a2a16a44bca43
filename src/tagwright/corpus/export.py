"""From rows as JSON lines to the file that was asked for: the same lines, gzipped, or Parquet."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from io import FileIO
from itertools import islice
from pathlib import Path
from typing import Any

import tagwright.corpus.disk as disk
from tagwright.corpus.parquet import arrow
from tagwright.errors import OutputError

ENDINGS = (".jsonl", ".jsonl.gz", ".parquet")
# Rows of one group: the same file comes out whatever blocks the rows were written in.
_GROUP = 4096


def ending_of(path: Path) -> str:
    """The one of `ENDINGS` that the path has; raises `OutputError` for another, `MissingExtraError` without pyarrow."""
    found = next((ending for ending in ENDINGS if path.name.lower().endswith(ending)), None)
    if found is None:
        hint = f"results can be written as {', '.join(ENDINGS)}"
        raise OutputError("the ending does not say which kind of file this is to be", path=str(path), hint=hint)
    if found == ".parquet":
        arrow("pyarrow.parquet")
    return found


def export(rows: Path, target: Path, ending: str) -> None:
    """Writes ``target`` (".jsonl.gz" or ".parquet") from the JSON lines in ``rows``, deterministically and synced."""
    with FileIO(target, "w") as file:
        if ending == ".parquet":
            _parquet(rows, file)
        else:
            _gzip(rows, file)
        disk.sync(file)


def _gzip(rows: Path, file: FileIO) -> None:
    packer = zlib.compressobj(6, wbits=31)  # 31: a gzip header, without name and with time 0
    with rows.open("rb") as lines:
        for block in iter(lambda: lines.read(1 << 20), b""):
            disk.write(file, packer.compress(block))
    disk.write(file, packer.flush())


def _parquet(rows: Path, file: FileIO) -> None:
    pyarrow = arrow("pyarrow")
    text = pyarrow.string()
    suggestion = pyarrow.struct(
        [
            ("tag", text),
            ("name", text),
            ("confidence", pyarrow.float64()),
            ("decision", text),
            ("redundant", pyarrow.bool_()),
        ]
    )
    fields = [("id", text), ("suggestions", pyarrow.list_(suggestion)), ("calibrated", pyarrow.bool_())]
    schema = pyarrow.schema([*fields, ("error", text), ("note", text)])
    with arrow("pyarrow.parquet").ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _groups(rows):
            writer.write_table(pyarrow.Table.from_pylist(group, schema), row_group_size=_GROUP)


def _groups(rows: Path) -> Iterator[list[dict[str, Any]]]:
    with rows.open("rb") as lines:
        yield from iter(lambda: [json.loads(line) for line in islice(lines, _GROUP)], [])
