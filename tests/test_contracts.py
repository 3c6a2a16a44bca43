"""The public checks of `tagwright.testing`, on every registered corpus, encoder, index and store.

Channels, fusions and calibrations are held to theirs in their own rooms. A new line of the registry fails here until a
way to make one is added.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tagwright import registry
from tagwright.corpus import Corpus, Memory, open_corpus
from tagwright.encoders.lsa import Lsa
from tagwright.indexes.exact import Exact
from tagwright.store.sqlite import SqliteStore
from tagwright.testing import Told, check_corpus, check_encoder, check_index, check_store, documents
from tagwright.testing.tables import code_in
from tagwright.types import Document

ROWS = [{"id": d.id, "title": d.title, "text": d.text, "subjects": list(d.tags or ())} for d in documents()]


def jsonl(folder: Path) -> Corpus:
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return open_corpus([folder / "a.jsonl"])


def table(folder: Path) -> Corpus:
    with (folder / "a.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ROWS[0])
        writer.writeheader()
        writer.writerows({**row, "subjects": ";".join(row["subjects"])} for row in ROWS)
    return open_corpus([folder / "a.csv"])


def parquet(folder: Path) -> Corpus:
    pyarrow = pytest.importorskip("pyarrow", reason="the extra 'parquet' is not installed")
    pytest.importorskip("pyarrow.parquet").write_table(pyarrow.Table.from_pylist(ROWS), folder / "a.parquet")
    return open_corpus([folder / "a.parquet"])


def annif(folder: Path) -> Corpus:
    lines = [f"{row['text']}\t{' '.join(f'<http://t/{n}>' for n in range(2))}\n" for row in ROWS]
    (folder / "a.tsv").write_text("".join(lines), encoding="utf-8")
    return open_corpus([folder / "a.tsv"], kind="annif")


def marc(folder: Path) -> Corpus:
    pytest.importorskip("pymarc", reason="the extra 'marc' is not installed")
    field = '<datafield tag="{}" ind1=" " ind2=" "><subfield code="a">{}</subfield></datafield>'
    records = [
        f'<record><leader>00000nam a2200000 a 4500</leader><controlfield tag="001">{row["id"]}</controlfield>'
        f"{field.format('245', row['title'] or 'x')}{field.format('520', row['text'])}</record>"
        for row in ROWS
    ]
    xml = f'<collection xmlns="http://www.loc.gov/MARC21/slim">{"".join(records)}</collection>'
    (folder / "a.xml").write_text(xml, encoding="utf-8")
    return open_corpus([folder / "a.xml"])


def text(folder: Path) -> Corpus:
    for row in ROWS:
        (folder / f"{row['id']}.txt").write_text(row["text"], encoding="utf-8")
    return open_corpus([folder])


CORPORA = {maker.__name__: maker for maker in (jsonl, table, parquet, annif, marc, text)}
STORES = {"sqlite": lambda folder: SqliteStore(folder / "store.sqlite")}


@pytest.mark.parametrize("kind", registry.BUILT_IN["corpus"])
def test_a_registered_corpus_keeps_every_promise(kind: str, tmp_path: Path) -> None:
    check_corpus(CORPORA[kind](tmp_path))


@pytest.mark.parametrize("kind", registry.BUILT_IN["store"])
def test_a_registered_store_keeps_every_promise(kind: str) -> None:
    check_store(STORES[kind])


@pytest.mark.parametrize("kind", registry.BUILT_IN["index"])
def test_a_registered_index_keeps_every_promise(kind: str) -> None:
    check_index(partial(registry.build, "index", kind, {}))


def test_an_encoder_that_learns_and_one_that_is_told_keep_every_promise() -> None:
    check_encoder(partial(Lsa, width=8))
    check_encoder(partial(Told, {"Beekeeping": (1.0, 2.0), "Ships": (0.0, 1.0)}))


def test_documents_in_memory_keep_the_promises_of_a_corpus() -> None:
    check_corpus(Memory(documents()))


class Shuffled(Memory):
    """Breaks a promise: every second pass is turned around."""

    turned = False

    def __iter__(self) -> Iterator[Document]:
        self.turned = not self.turned
        found = list(super().__iter__())
        return iter(found if self.turned else found[::-1])


class Neighbourly(Lsa):
    """Breaks a promise: a vector depends on its company."""

    def encode(self, texts: Any) -> Any:
        return np.roll(super().encode(texts), 1, axis=0)


class Distant(Exact):
    """Breaks a promise: distances, not similarities."""

    def search(self, vectors: Any, k: int) -> Any:
        found = super().search(vectors, k)
        return found._replace(similarities=1 - found.similarities)


class Forgetful(SqliteStore):
    """Breaks a promise: the cache is empty."""

    def get_many(self, keys: Any) -> dict[str, bytes]:
        return {}


@pytest.mark.parametrize(
    ("check", "promise"),
    [
        (lambda: check_corpus(Shuffled(documents())), "second pass"),
        (lambda: check_encoder(partial(Neighbourly, width=8)), "zeros|company"),
        (lambda: check_index(Distant), "similarities, not distances"),
        (lambda: check_store(lambda folder: Forgetful(folder / "s.sqlite")), "the cache gives"),
    ],
    ids=["corpus", "encoder", "index", "store"],
)
def test_a_check_names_the_promise_that_is_broken(check: Callable[[], None], promise: str) -> None:
    with pytest.raises(AssertionError, match=promise):
        check()


def test_files_that_may_hold_code_are_found(tmp_path: Path) -> None:
    np.save(tmp_path / "plain.npy", np.arange(3))
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object))
    (tmp_path / "model.bin").write_bytes(b"\x80\x04\x95")
    (tmp_path / "archive.dat").write_bytes(b"PK\x03\x04")
    (tmp_path / "words.json").write_text("{}")
    assert code_in(tmp_path) == ["archive.dat", "model.bin", "objects.npy"]
