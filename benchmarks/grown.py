"""Vocabularies and corpora of any size for measurements of growth, made by script from real names and real texts.

Tags: the 251,542 names of many-names, those first that most documents of tibkat carry; beyond that, variants: a name
and, after a comma, another name ("Propagation, Method"). Documents: the abstracts of tibkat (German and English), with
those of their tags that the vocabulary holds; every second assignment goes to a variant where there are some, the same
for the same document and tag in every run.

python benchmarks/grown.py FOLDER TAGS DOCUMENTS   (in a process of its own: nobody else's memory is counted with it)
"""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from common import SHARED

STEP = 7919  # a prime: the names that are set behind others are far from them, and differ from variant to variant


def vocabulary(work: Path, tags: int) -> Path:
    """A JSONL vocabulary of so many tags, made once."""
    path = work / f"vocabulary-{tags}.jsonl.gz"
    if not path.exists():
        with gzip.open(path, "wt", compresslevel=1) as file:
            file.writelines(json.dumps({"id": id, "name": name}) + "\n" for id, name in islice(_names(), tags))
    return path


def documents(work: Path, tags: int, number: int, *, held: int = 1000) -> tuple[Path, Path]:
    """So many tagged documents for a vocabulary of so many tags, and ``held`` others, made once."""
    path, rest = work / f"documents-{tags}-{number}.jsonl.gz", work / f"held-{tags}-{number}.jsonl.gz"
    if not rest.exists():
        known = {id for id, _ in islice(_names(), tags)}
        rows = (json.dumps(row) + "\n" for row in _tagged(known, max(1, tags // len(_ordered()))))
        for target, size in ((path, number), (rest, held)):
            with gzip.open(target, "wt", compresslevel=1) as file:
                file.writelines(islice(rows, size))
    return path, rest


def _names() -> Iterator[tuple[str, str]]:
    ordered = _ordered()
    yield from ordered
    for round in range(1, len(ordered)):
        for place, (id, name) in enumerate(ordered):
            other = ordered[(place + round * STEP) % len(ordered)][1]
            yield f"{id}+{round}", f"{name}, {other}"


@cache
def _ordered() -> list[tuple[str, str]]:
    with gzip.open(SHARED / "data" / "many-names" / "vocab.jsonl.gz", "rt") as file:
        names = {row["id"]: row["name"] for row in map(json.loads, file)}
    used = Counter(id for row in _rows() for id in _subjects(row))
    return sorted(names.items(), key=lambda one: -used[one[0]])


def _tagged(known: set[str], variants: int) -> Iterator[dict[str, Any]]:
    for row in _rows():
        subjects = [_variant(row["id"], id, variants) for id in _subjects(row)]
        if kept := [id for id in subjects if id in known]:
            yield {"id": row["id"], "title": row["title"], "text": row["text"], "subjects": kept}


def _variant(document: str, id: str, variants: int) -> str:
    lot = zlib.crc32(f"{document} {id}".encode()) % (2 * variants)
    return f"{id}+{lot}" if 0 < lot < variants else id


def _rows() -> Iterator[dict[str, Any]]:
    for part in ("train", "dev"):
        with gzip.open(SHARED / "data" / "tibkat" / f"{part}.jsonl.gz", "rt") as file:
            yield from map(json.loads, file)


def _subjects(row: dict[str, Any]) -> list[str]:
    return ["gnd:" + subject.rsplit("/", 1)[1] for subject in row["subjects"]]


if __name__ == "__main__":
    vocabulary(Path(sys.argv[1]), int(sys.argv[2]))
    documents(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
