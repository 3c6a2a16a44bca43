"""JSON lines: one object a line, in tagwright's own form or in Annif's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tagwright.corpus.columns import Columns
from tagwright.corpus.reader import Broken, Record
from tagwright.corpus.source import Source, decoded
from tagwright.errors import CorpusError


@dataclass(frozen=True)
class Jsonl:
    """``{"id", "title", "text", "subjects": [...], "language"}``; other keys become metadata.

    Read as well: ``tags`` or ``uris`` for subjects, ``lang``, and Annif's ``document_id``, ``metadata`` and subjects
    as ``{"uri", "label"}``. ``columns`` maps parts to other keys, ``{"text": "abstract"}``. A document without an id
    is called "name of the file:line".
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    separator: str = ""

    def read(self, source: Source) -> Iterator[Record | Broken]:
        """A record a line; blank lines are passed over. Raises `CorpusError` for one JSON array over several lines."""
        columns = Columns(self.columns, self.separator)
        begun = False
        for line, raw in source.lines():
            if not raw.strip():
                continue
            if not begun and raw.lstrip().startswith(b"["):
                hint = "write one object a line: jq -c '.[]' OLD > NEW"
                raise CorpusError("a JSON array, not JSON lines", path=source.shown, line=line, hint=hint)
            begun = True
            try:
                yield columns.record(parsed(raw), line=line, default_id=f"{source.name}:{line}")
            except ValueError as error:
                yield Broken(line, str(error))


def parsed(raw: bytes) -> Mapping[str, Any]:
    """The object in these bytes; raises ValueError saying what is wrong."""
    text = decoded(raw).rstrip()
    try:
        row = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg.removesuffix(' at')} at character {error.pos + 1})") from None
    except RecursionError:
        raise ValueError("not JSON that can be read (nested too deeply)") from None
    if not isinstance(row, dict):
        raise ValueError(f"a JSON {type(row).__name__}, not an object")
    if "\\ud" in text or "\\uD" in text:
        _check_surrogates(row)
    return row


def _check_surrogates(row: dict[str, Any]) -> None:
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError(r"half of a surrogate pair (\ud8…): a text that was cut within a character") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
