"""``samples.jsonl``: the documents that a language model wrote for rare tags, each with where it comes from.

A file of its own, not rows among the kept documents: nothing that counts, measures or shows documents can then take
one of these for a real one, a person can read and mend it with any editor, and `train CORPUS`, which replaces the kept
documents, does not lose it. It cannot be read as a corpus either, so nobody evaluates on it by mistake.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from io import FileIO
from pathlib import Path
from typing import Any

import tagwright.corpus.disk as disk
import tagwright.recall.pseudo as pseudo
from tagwright.enrichment.options import Enrichment
from tagwright.enrichment.tail import counts
from tagwright.errors import InputError
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

FILE = "samples.jsonl"
LLM = "llm"
_HINT = "mend the line, or delete it: it will be written again"


@dataclass(frozen=True)
class Provenance:
    """Where a sample comes from: the ``number``-th (from 0) for ``tag``, written by ``model``.

    ``demonstration``: the id of the document after which it was written, "" = none. ``verified``: who said that the
    text is about the tag, and how sure. ``refused``: why it is not used, "" = it is; a person may write a reason there,
    and the line stays as it is.
    """

    id: str
    tag: str
    number: int
    demonstration: str = ""
    source: str = LLM
    model: str = ""
    template: str = ""
    date: str = ""
    verified: str = ""
    refused: str = ""


@dataclass(frozen=True)
class PseudoSample:
    """A document that was written for a tag."""

    said: Provenance
    document: Document


def read(path: Path) -> list[PseudoSample]:
    """The samples of a file, none where there is no file; raises `InputError` naming the line."""
    try:
        lines = path.read_bytes().decode("utf-8").split("\n")  # a text may hold other ends of lines
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read: {error}", path=str(path), hint="mend the file, or delete it") from error
    return [_read(line, path, number) for number, line in enumerate(lines, 1) if line.strip()]


def save(path: Path, samples: Iterable[PseudoSample]) -> None:
    """Writes all of them, a line each; whoever reads meanwhile, or after a crash, finds one whole file."""
    beside = path.with_name(f"{path.name}.tmp")
    with disk.explained(path):
        with FileIO(beside, "w") as file:
            disk.write(file, "".join(map(_line, samples)).encode("utf-8", "replace"))
            disk.sync(file)
        disk.replace(beside, path)


def for_training(
    samples: Sequence[PseudoSample], documents: Sequence[Document], vocabulary: Vocabulary, options: Enrichment
) -> list[Document]:
    """Those that channels may learn from beside these ``documents``, marked and with their weight.

    Not one whose demonstration is not among the documents or has lost a tag that the sample carries, and not one whose
    tag has by now as many documents as were wanted.
    """
    known = {document.id: set(document.tags or ()) for document in documents}
    there = counts(documents, vocabulary)
    found = []
    for sample in samples:
        said, position = sample.said, vocabulary.find(sample.said.tag)
        needed = position >= 0 and there[position] < options.tail and said.number < options.wanted - there[position]
        carried = known.get(said.demonstration, set()) if said.demonstration else {said.tag}
        fits = said.tag in carried and carried.issuperset(sample.document.tags or ())
        if needed and fits and not said.refused and sample.document.id not in known:
            found.append(pseudo.marked(sample.document, options.weight, **asdict(said)))
    return found


def _line(sample: PseudoSample) -> str:
    document = sample.document
    tags = list(document.tags or ())
    written = {"title": document.title, "text": document.text, "language": document.language, "tags": tags}
    return json.dumps({"sample": asdict(sample.said), "document": written}, ensure_ascii=False) + "\n"


def _read(line: str, path: Path, number: int) -> PseudoSample:
    try:
        row = json.loads(line)
        said = Provenance(**{key: value for key, value in row["sample"].items() if key in _KEYS})
        written: Mapping[str, Any] = row["document"]
        document = Document(said.id, written["text"], written["title"], written["language"], tuple(written["tags"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        what = f"is not a written sample: {error}"
        raise InputError(what, path=str(path), line=number, hint=_HINT) from error
    texts = [said.id, said.tag, said.demonstration, said.refused, document.text, document.title, *(document.tags or ())]
    if not all(isinstance(text, str) for text in texts) or not isinstance(said.number, int) or not document.tags:
        raise InputError("is not a written sample: a value is of a wrong kind", path=str(path), line=number, hint=_HINT)
    return PseudoSample(said, document)


_KEYS = frozenset(one.name for one in fields(Provenance))
