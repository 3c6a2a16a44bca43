"""One row of tagging: a document's id and its suggestions, as a line of JSON and back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring as quoted
from pathlib import Path
from typing import Any

from tagwright.corpus.jsonl import parsed
from tagwright.corpus.parquet import arrow, first_line
from tagwright.corpus.source import Source
from tagwright.errors import InputError
from tagwright.types import Suggestion


@dataclass(frozen=True, slots=True)
class Result:
    """The suggestions for one document by falling confidence.

    ``error`` says why there are none, "" = all went well; ``note`` what they had to do without.
    """

    id: str
    suggestions: tuple[Suggestion, ...] = ()
    calibrated: bool = True
    error: str = ""
    note: str = ""

    def line(self) -> bytes:
        """UTF-8 JSON with its line end; the same bytes for the same result: fixed order, six decimals."""
        suggestions = ", ".join(_suggestion(suggestion) for suggestion in self.suggestions)
        error = f', "error": {quoted(self.error)}' if self.error else ""
        error += f', "note": {quoted(self.note)}' if self.note else ""
        calibrated = "true" if self.calibrated else "false"
        line = f'{{"id": {quoted(self.id)}, "suggestions": [{suggestions}], "calibrated": {calibrated}{error}}}\n'
        return line.encode("utf-8", "replace")


def _suggestion(suggestion: Suggestion) -> str:
    assert 0.0 <= suggestion.confidence <= 1.0, f"confidence {suggestion.confidence} of {suggestion.tag}"
    tag, name = quoted(suggestion.tag), quoted(suggestion.name)
    redundant = ', "redundant": true' if suggestion.redundant else ""
    decision = f', "decision": {quoted(suggestion.decision)}' if suggestion.decision else ""
    return f'{{"tag": {tag}, "name": {name}, "confidence": {suggestion.confidence:.6f}{decision}{redundant}}}'


def result_from(row: Mapping[str, Any]) -> Result:
    """The result in a JSON object; suggestions may also be ``[tag, confidence]``. Raises ValueError."""
    try:
        calibrated = bool(row.get("calibrated", True))
        suggestions = tuple(_suggestion_from(item, calibrated) for item in row["suggestions"])
        return Result(str(row["id"]), suggestions, calibrated, str(row.get("error") or ""), str(row.get("note") or ""))
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"not a result with 'id' and 'suggestions' ({error!r})") from None


def _suggestion_from(item: Any, calibrated: bool) -> Suggestion:
    if isinstance(item, Mapping):
        tag, name, confidence = str(item["tag"]), str(item.get("name", "")), float(item["confidence"] or 0.0)
        decision, redundant = str(item.get("decision") or ""), bool(item.get("redundant"))
        return Suggestion(tag, name, confidence, calibrated, decision=decision, redundant=redundant)
    return Suggestion(str(item[0]), "", float(item[1]), calibrated)


def read_results(path: str | Path) -> Iterator[Result]:
    """The rows of a finished file in order, ``.jsonl``, ``.jsonl.gz`` or ``.parquet``.

    Raises `InputError` with file and line where the file cannot be read or a row is not a result.
    """
    path = Path(path)
    line = 0
    try:
        for number, row in _parquet_rows(path) if path.suffix == ".parquet" else _json_rows(path):
            line = number
            yield result_from(row if isinstance(row, Mapping) else parsed(row))
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot be read ({error})", path=str(path), line=line) from error
    except ValueError as error:
        raise InputError(str(error), path=str(path), line=line) from error


def _json_rows(path: Path) -> Iterator[tuple[int, bytes]]:
    return ((number, raw) for number, raw in Source(path, path.name, str(path)).lines() if raw.strip())


def _parquet_rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    number = 0
    try:
        with arrow("pyarrow.parquet").ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1024, use_threads=False):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
    except arrow("pyarrow").ArrowException as error:
        raise ValueError(f"not a readable Parquet file ({first_line(error)})") from error


def parse_line(line: bytes) -> dict[str, Any]:
    """The object of one line that `Result.line` wrote; raises ValueError for anything else."""
    row = json.loads(line)
    if not isinstance(row, dict) or not isinstance(row.get("id"), str) or "suggestions" not in row:
        raise ValueError("not a result")
    return row
