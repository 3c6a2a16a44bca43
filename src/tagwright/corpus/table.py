"""CSV and TSV with a header line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tagwright.corpus.columns import Columns
from tagwright.corpus.reader import Broken, Record
from tagwright.corpus.rows import Row, delimiter_of, rows
from tagwright.corpus.source import Source
from tagwright.errors import CorpusError


@dataclass(frozen=True)
class Table:
    """A document a row; the header names the columns.

    ``columns`` maps parts to column names, ``{"text": "Abstract", "tags": "Keywords"}``; other columns become
    metadata. ``separator`` cuts the cell of tags; ``delimiter`` is told by the file's ending and header if not given.
    An empty cell of tags means "nobody looked". Annif's CSV (``text,subject_uris,document_id,…``) is such a table.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    separator: str = ""
    delimiter: str = ""

    def read(self, source: Source) -> Iterator[Record | Broken]:
        """A record a row, its line that on which the row begins; raises `CorpusError` for a header without text."""
        delimiter = self.delimiter or delimiter_of(source)
        table = rows(source.lines(), delimiter)
        header = next(table, None)
        if header is None:
            return
        if isinstance(header, Broken):
            raise CorpusError(f"the header cannot be read: {header.what}", path=source.shown, line=header.line)
        names = [name.strip() for name in header.cells]
        columns = Columns(self.columns, self.separator).within(names, source.shown)
        for row in table:
            yield row if isinstance(row, Broken) else _record(row, names, columns, source.name)


def _record(row: Row, names: list[str], columns: Columns, file: str) -> Record | Broken:
    if len(row.cells) != len(names):
        return Broken(row.line, f"{len(row.cells)} cells where the header has {len(names)}")
    # Of two columns with one name the first counts, as in the header's own lookup.
    cells = dict(zip(reversed(names), reversed(row.cells), strict=True))
    cells.pop("", None)
    try:
        return columns.record(cells, line=row.line, default_id=f"{file}:{row.line}")
    except ValueError as error:
        return Broken(row.line, str(error))
