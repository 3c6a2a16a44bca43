"""A corpus cut into parts, each a file that is named by what it holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import tagwright.corpus.disk as disk
from tagwright.corpus.base import Corpus
from tagwright.errors import IntegrityError
from tagwright.types import Document

# Ends each file name: enough of the hash to tell a part from all others of a job, and from its own former contents.
_LETTERS = 16


@dataclass(frozen=True)
class Part:
    """So many ``documents`` as the lines of a file, and its ``name``: its number in the corpus and its content."""

    name: str
    documents: int
    data: bytes

    def write(self, folder: Path) -> None:
        """The file is whole and on the disk when this returns."""
        disk.write_whole(path_of(folder, self.name), self.data)


def split(corpus: Corpus, size: int) -> Iterator[Part]:
    """The corpus in parts of ``size`` documents, the last one smaller; only one is in memory at a time.

    A part holds what tagging reads of its documents (id, title, text, language), so it is the same whatever kind of
    file they came from.
    """
    for number, documents in enumerate(corpus.batches(size), start=1):
        data = b"".join(_line(document) for document in documents)
        yield Part(f"{number:06d}-{sha256(data).hexdigest()[:_LETTERS]}", len(documents), data)


def read(folder: Path, name: str) -> list[Document]:
    """The documents of a part; raises `IntegrityError` where the file is not the one that was written."""
    path = path_of(folder, name)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        data = b""
    if sha256(data).hexdigest()[:_LETTERS] != name.partition("-")[2]:
        hint = "run the same 'tagwright tag' again: it reads the documents anew"
        raise IntegrityError(f"{path} is missing or not the file that was written", hint=hint)
    return [Document(**json.loads(line)) for line in data.splitlines()]


def path_of(folder: Path, name: str) -> Path:
    """The file of a part, of input or output."""
    return folder / f"{name}.jsonl"


def _line(document: Document) -> bytes:
    said = {"id": document.id, "text": document.text, "title": document.title, "language": document.language}
    return json.dumps(said).encode() + b"\n"
