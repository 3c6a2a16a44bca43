"""The folder ``knowledge`` of a project: ``rules.jsonl``, and reference texts (``*.txt``, ``*.md``) in paragraphs."""

from __future__ import annotations

import difflib
import json
import os
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any

from tagwright.corpus.disk import sync, write
from tagwright.corpus.jsonl import parsed
from tagwright.corpus.source import decoded
from tagwright.errors import ConfigError, OutputError
from tagwright.generation.segment import LINE, LONGEST, REFERENCE, RULE, Segment, is_date
from tagwright.llm.prompts import plain

RULES = "rules.jsonl"

_KEYS = ("tag", "text", "date", "kind")
_DATED = re.compile(r"date:\s*(.*?)\s*", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"


def read(folder: Path) -> list[Segment]:
    """The rules in their order, then the paragraphs of the reference texts by name; [] where there is no folder.

    Raises `ConfigError` naming the file and the line that cannot be read.
    """
    if not folder.is_dir():
        return []
    paths = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]
    found = [segment for path in paths if path.name == RULES for segment in _rules(path)]
    texts = [path for path in paths if path.suffix.lower() in (".txt", ".md")]
    return found + [segment for path in texts for segment in _paragraphs(path)]


def append(path: Path, segment: Segment) -> Segment:
    """The segment as it stands in the rules: a line of its own, on the disk when this returns.

    Raises `OutputError` where it cannot be written; the file is then as it was.
    """
    said = {"tag": segment.tag, "text": segment.text, "date": segment.date}
    line = {key: value for key, value in said.items() if value}
    if segment.kind != RULE:
        line["kind"] = segment.kind
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = not path.exists()
        number = _written(path, json.dumps(line, ensure_ascii=False).encode() + b"\n")
        if fresh:
            _sync_entries(path.parent)
    except OSError as error:
        raise OutputError(f"cannot be written ({error.strerror or error})", path=str(path)) from error
    return replace(segment, source=f"{path.name}:{number}")


def _written(path: Path, line: bytes) -> int:
    """The number of the line that was added; a last line without an end gets one first."""
    with FileIO(path, "a+") as file:
        file.seek(0)
        before = file.read()
        try:
            write(file, line if before.endswith(b"\n") or not before else b"\n" + line)
            sync(file)
        except OSError:
            file.truncate(len(before))
            raise
    return len(before.splitlines()) + 1


def _rules(path: Path) -> Iterator[Segment]:
    for number, raw in _lines(path):
        if not raw.strip():
            continue
        try:
            row = parsed(raw)
        except ValueError as error:
            raise ConfigError(f"{path}:{number}: {error}", hint=f"a line is {LINE}") from None
        for key in row:
            if key not in _KEYS:
                near = difflib.get_close_matches(key, _KEYS, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"its keys are: {', '.join(_KEYS)}"
                raise ConfigError(f"{path}:{number}: there is no key {key!r}", hint=hint)
        # Whoever writes "tag": null means that there is none.
        said = {key: value for key, value in row.items() if value is not None}
        yield _made(path, number, **{"text": "", **said})


def _paragraphs(path: Path) -> Iterator[Segment]:
    """Its paragraphs, in pieces of at most `LONGEST` characters; a heading stands before the first one below it."""
    lines = _texts(path)
    dated = _DATED.fullmatch(lines[0]) if lines else None
    day = dated[1] if dated else datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
    if dated and not is_date(day):
        raise ConfigError(f"{path}:1: {day!r} is no date", hint="write the first line as date: 2026-01-31")
    heading = ""
    for number, block in _blocks(["", *lines[1:]] if dated else lines):
        words = " ".join(line.strip("# \t") if line.startswith("#") else line.strip() for line in block)
        if block[0].startswith("#"):
            heading += f"{words}: "
            continue
        for piece in textwrap.wrap(heading + words, LONGEST):
            if plain(piece, 1):
                yield _made(path, number, text=piece, date=day, kind=REFERENCE)
        heading = ""


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """(number of the first line, lines) of each run of lines that are not blank; a heading is a run of its own."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if block and (not line.strip() or line.startswith("#") or block[-1].startswith("#")):
            yield number - len(block), block
            block = []
        if line.strip():
            block.append(line)


def _texts(path: Path) -> list[str]:
    found = []
    for number, raw in _lines(path):
        try:
            found.append(decoded(raw))
        except ValueError as error:
            raise ConfigError(f"{path}:{number}: {error}", hint="save the file as UTF-8") from None
    return found


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}", hint="mend or move the file") from error
    return enumerate(content.removeprefix(_BOM).splitlines(), 1)


def _made(path: Path, number: int, **said: Any) -> Segment:
    try:
        return Segment(**said, source=f"{path.name}:{number}")
    except ConfigError as error:
        raise ConfigError(f"{path}:{number}: {error.message}", hint=error.hint) from None


def _sync_entries(folder: Path) -> None:
    """The names in a folder are on the disk when this returns (where the system can do that)."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
