"""The documents of a file that somebody sends: text, records of a library, JSON lines, tables."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

from fastapi import UploadFile

from tagwright.corpus import open_corpus
from tagwright.errors import CorpusError
from tagwright.server.problems import Problem
from tagwright.types import Document


def documents(file: UploadFile, *, hint: str) -> Iterator[Document]:
    """The file's documents in their order; raises `Problem` 422 with the ``hint`` where it cannot be read."""
    # The name tells what kind of file it is, and stands in what is said of it.
    name = re.sub(r"[^\w. -]", "_", PureWindowsPath(file.filename or "").name)[-80:].lstrip(".") or "file.txt"
    empty = True
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(file.file.read())
        try:
            for document in open_corpus([path]):
                empty = empty and not (document.text.strip() or document.title.strip())
                yield document
        except CorpusError as error:
            raise Problem(422, error.message.replace(f"{folder}/", ""), hint=hint) from error
    if empty:
        raise Problem(422, f"{name}: no text was found in this file", hint=hint)
