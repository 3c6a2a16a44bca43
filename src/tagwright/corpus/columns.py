"""Which column (or JSON key) holds which part of a document."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tagwright.corpus.languages import language_code
from tagwright.corpus.reader import Record, TagReference
from tagwright.corpus.tags import bare, split_tags
from tagwright.errors import ConfigError, CorpusError
from tagwright.types import Document

# The parts of a document and the names under which they are found when nothing else is said.
USUAL = {
    "id": ("id", "document_id"),
    "title": ("title",),
    "text": ("text",),
    "tags": ("subjects", "tags", "subject_uris", "uris"),
    "language": ("language", "lang"),
}


@dataclass(frozen=True)
class Columns:
    """Makes records from rows. ``chosen`` maps parts ("text", "title", "tags", "language", "id") to column names.

    A part that is not chosen is found under its usual names. All other columns become metadata.
    ``separator`` cuts a cell of tags (see `split_tags`).
    """

    chosen: Mapping[str, str] = field(default_factory=dict)
    separator: str = ""

    def __post_init__(self) -> None:
        for part in self.chosen:
            if part not in USUAL:
                close = difflib.get_close_matches(part, USUAL, n=1) or [", ".join(USUAL)]
                raise ConfigError(f"a document has no part {part!r}", hint=f"did you mean {close[0]}?")

    def within(self, header: Iterable[str], path: str) -> Columns:
        """The same with every part tied to a column of this header; capital letters make no difference to usual names.

        Raises `CorpusError` where a chosen column is missing, or both text and title are.
        """
        names = [name for name in header if name]
        small = {name.casefold(): name for name in reversed(names)}
        tied = dict(self.chosen)
        for part, usual in USUAL.items():
            if part in tied and tied[part] not in names:
                raise CorpusError(f"no column {tied[part]!r}", path=path, line=1, hint=_are(names))
            for name in usual:
                if name in small:
                    tied.setdefault(part, small[name])
        if "text" not in tied and "title" not in tied:
            hint = f"{_are(names)}; say which one holds the text (columns: text = its name)"
            raise CorpusError("no column is called 'text' or 'title'", path=path, line=1, hint=hint)
        return Columns(tied, self.separator)

    def record(self, row: Mapping[str, Any], *, line: int, default_id: str) -> Record:
        """The document of one row; raises ValueError saying which part is not what it should be."""
        rest = dict(row)
        parts = {part: self._take(rest, part) for part in USUAL}
        if parts["text"] is None and parts["title"] is None and parts["id"] is None:
            raise ValueError(f"neither id, title nor text in it, only: {', '.join(map(str, rest)) or 'nothing'}")
        extra = rest.get("metadata")
        if isinstance(extra, Mapping):
            del rest["metadata"]
            rest.update(extra)
        document = Document(
            id=_id(parts["id"]) or default_id,
            text=_text("text", parts["text"]),
            title=_text("title", parts["title"]),
            language=language_code(_text("language", parts["language"])),
            metadata={key: value for key, value in rest.items() if value is not None and value != ""},
        )
        return Record(line, document, self._tags(parts["tags"]))

    def _take(self, row: dict[str, Any], part: str) -> Any:
        if part in self.chosen:
            return row.pop(self.chosen[part], None)
        for name in USUAL[part]:
            if name in row:
                return row.pop(name)
        return None

    def _tags(self, value: Any) -> tuple[str | TagReference, ...] | None:
        if value is None or value == "":
            return None
        if isinstance(value, str):
            # A cell of blanks is one that nobody filled in: None, not "no tag fits".
            return split_tags(value, self.separator) or None
        if not isinstance(value, list):
            raise ValueError(f"tags are {_kind(value)}, not a list")
        return tuple(_tag(item) for item in value)


def _tag(item: Any) -> str | TagReference:
    if isinstance(item, str) and item.strip():
        return item.strip()
    if isinstance(item, int) and not isinstance(item, bool):
        return str(item)
    if isinstance(item, Mapping):
        address = item.get("uri") or item.get("id") or item.get("tag")
        name = item.get("label") or item.get("name")
        if isinstance(address, str):
            return TagReference((bare(address.strip()),), name if isinstance(name, str) else "")
        if isinstance(name, str):
            return TagReference((), name)
    raise ValueError(f"a tag is {_kind(item)}, not an id")


def _id(value: Any) -> str:
    if value is None or isinstance(value, str):
        return (value or "").strip()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"the id is {_kind(value)}, neither text nor a whole number")


def _text(part: str, value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list) and all(isinstance(piece, str) for piece in value):
        return "\n".join(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)  # "1984" is a title
    raise ValueError(f"{part} is {_kind(value)}, not text")


def _kind(value: Any) -> str:
    shown = repr(value)
    return f"{shown if len(shown) <= 40 else shown[:37] + '…'} ({type(value).__name__})"


def _are(names: list[str]) -> str:
    return f"the columns are: {', '.join(names)}"
