"""Annif's own corpora: TSV without a header, folders of texts with their subjects beside them, single .json files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tagwright.corpus.columns import Columns
from tagwright.corpus.jsonl import Jsonl, parsed
from tagwright.corpus.reader import Broken, Record, TagReference
from tagwright.corpus.source import LONGEST, Source, decoded
from tagwright.corpus.table import Table
from tagwright.corpus.tags import bare
from tagwright.types import Document

SIDECARS = (".tsv", ".key")


@dataclass(frozen=True)
class Annif:
    """Read by the file's ending.

    ``.tsv``: a line is "text, tab, <uri> <uri>"; the document is called "name of the file:line".
    ``.txt``: one document, its subjects in the file of the same name with ``.tsv`` ("<uri>, tab, label" a line) or
    ``.key`` (a label a line) where there is one. ``.json``: one document ``{"text", "metadata", "subjects"}``.
    ``.jsonl`` and ``.csv`` are read as `Jsonl` and `Table` read them.
    """

    def read(self, source: Source) -> Iterator[Record | Broken]:
        """The records in order; an empty list of subjects means "nobody looked"."""
        if source.suffix in {".jsonl", ".ndjson"}:
            return Jsonl().read(source)
        if source.suffix == ".csv":
            return Table().read(source)
        if source.suffix in {".txt", ".json"}:
            return iter([_whole(source)])
        return _short(source)


def sidecar(path: Path) -> Path | None:
    """The file beside a text that holds its subjects, or ``None``."""
    name = path.name.removesuffix(".gz").removesuffix(".txt")
    beside = (path.with_name(name + ending) for ending in SIDECARS)
    return next((candidate for candidate in beside if candidate.is_file()), None)


def _short(source: Source) -> Iterator[Record | Broken]:
    for line, raw in source.lines():
        if not raw.strip():
            continue
        try:
            text, tab, subjects = decoded(raw).rstrip("\r\n").partition("\t")
        except ValueError as error:
            yield Broken(line, str(error))
            continue
        if not tab:
            yield Broken(line, "no tab between text and subjects")
            continue
        tags = tuple(bare(uri) for uri in subjects.split())
        yield Record(line, Document(id=f"{source.name}:{line}", text=text), tags or None)


def _whole(source: Source) -> Record | Broken:
    try:
        if source.suffix == ".json":
            with source.open() as stream:
                row = parsed(stream.read(LONGEST + 1).removeprefix(b"\xef\xbb\xbf"))
            return Columns().record(row, line=1, default_id=source.name)
        document = Document(id=source.name, text=source.text())
    except ValueError as error:
        return Broken(1, str(error))
    beside = sidecar(source.path)
    if beside is None:
        return Record(1, document)
    try:
        return Record(1, document, _subjects(Source(beside, beside.name, str(beside)).text()))
    except ValueError as error:
        return Broken(1, f"its subjects in {beside.name} cannot be read: {error}")


def _subjects(text: str) -> tuple[TagReference, ...] | None:
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("\t") if cell.strip()]
        ids = tuple(bare(cell) for cell in cells if cell != bare(cell))
        names = [cell for cell in cells if cell == bare(cell)]
        if cells:
            found.append(TagReference(ids[:1], "" if ids else names[0]))
    return tuple(found) or None
