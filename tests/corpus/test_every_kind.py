"""What every kind of corpus promises, and what none of them does with rubbish: crash."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagwright import registry
from tagwright.corpus import Corpus, Memory, open_corpus
from tagwright.errors import CorpusError, MissingExtraError
from tagwright.types import Document

COUNT = 30
DOCUMENTS = [
    Document(f"{i:03d}", f"text {i}", title=f"title {i}", language="en", tags=(f"t{i}", "u")) for i in range(COUNT)
]
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def row(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "title": document.title,
        "text": document.text,
        "subjects": list(document.tags or ()),
        "language": document.language,
    }


def csv_bytes(rows: list[dict[str, Any]], **dialect: Any) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, rows[0], **dialect)
    writer.writeheader()
    for cells in rows:
        writer.writerow({**cells, "subjects": ";".join(cells["subjects"])})
    return file.getvalue().encode()


def make(kind: str, folder: Path, marc: SimpleNamespace) -> Corpus:
    """A corpus of ``COUNT`` documents of each kind."""
    rows = [row(document) for document in DOCUMENTS]
    if kind == "memory":
        return Memory(DOCUMENTS)
    if kind == "jsonl":
        (folder / "a.jsonl").write_text("".join(json.dumps(cells) + "\n" for cells in rows))
        return open_corpus([folder / "a.jsonl"])
    if kind == "table":
        (folder / "a.csv").write_bytes(csv_bytes(rows))
        return open_corpus([folder / "a.csv"])
    if kind == "parquet":
        pyarrow = pytest.importorskip("pyarrow")
        pytest.importorskip("pyarrow.parquet").write_table(pyarrow.Table.from_pylist(rows), folder / "a.parquet")
        return open_corpus([folder / "a.parquet"])
    if kind == "marc":
        pytest.importorskip("pymarc")
        (folder / "a.mrc").write_bytes(b"".join(marc.iso2709(marc.numbered(i)) for i in range(COUNT)))
        return open_corpus([folder / "a.mrc"])
    for document in DOCUMENTS:
        (folder / f"{document.id}.txt").write_text(document.text)
        if kind == "annif":
            (folder / f"{document.id}.tsv").write_text("".join(f"<{tag}>\t\n" for tag in document.tags or ()))
    return open_corpus([folder])


@pytest.mark.parametrize("kind", ["memory", *registry.names("corpus")])
def test_a_corpus_streams_twice_in_one_order_with_each_id_once(
    tmp_path: Path, marc: SimpleNamespace, kind: str
) -> None:
    corpus = make(kind, tmp_path, marc)
    first = list(corpus)
    assert len(first) == COUNT == len({document.id for document in first})
    assert list(corpus) == first
    assert [document for batch in corpus.batches(7) for document in batch] == first
    assert [len(batch) for batch in corpus.batches(7)] == [7, 7, 7, 7, 2]
    assert corpus.problems.documents == COUNT
    assert not corpus.problems
    stream = iter(corpus)
    assert next(stream) == first[0]
    assert list(zip(corpus, corpus, strict=True)) == list(zip(first, first, strict=True))


@pytest.mark.parametrize("kind", ["jsonl", "table", "parquet"])
def test_all_that_a_document_has_survives(tmp_path: Path, marc: SimpleNamespace, kind: str) -> None:
    assert list(make(kind, tmp_path, marc)) == DOCUMENTS


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
TAG = st.text(st.characters(categories=["L", "N", "P"], exclude_characters=";|<>"), min_size=1, max_size=8)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"id": st.uuids().map(str), "title": TEXT, "text": TEXT, "subjects": st.lists(TAG, max_size=4, unique=True)}
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda cells: cells["id"],
)


def seen(corpus: Corpus) -> list[dict[str, Any]]:
    return [{"id": d.id, "title": d.title, "text": d.text, "subjects": list(d.tags or ())} for d in corpus]


@QUICK
@given(ROWS)
def test_json_lines_come_back_as_they_were(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    path = tmp_path / "a.jsonl"
    for ascii_only in (True, False):
        lines = "".join(json.dumps(cells, ensure_ascii=ascii_only) + "\n" for cells in rows)
        path.write_text(lines, encoding="utf-8", newline="")
        assert seen(open_corpus([path])) == rows


@QUICK
@given(ROWS, st.sampled_from([",", ";", "\t", "|"]), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
def test_csv_comes_back_as_it_was(tmp_path: Path, rows: list[dict[str, Any]], delimiter: str, quoting: int) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(csv_bytes(rows, delimiter=delimiter, quoting=quoting))
    corpus = open_corpus([path], separator=";")
    assert seen(corpus) == rows
    assert set(corpus.problems.counts) <= {"empty text"}


@settings(QUICK, max_examples=150)
@given(
    st.sampled_from([".jsonl", ".csv", ".tsv", ".xml", ".mrc", ".txt", ".parquet", ".json", ""]),
    st.lists(
        st.one_of(
            st.binary(max_size=30),
            st.sampled_from(
                [
                    b'{"id": "1", "text": "x"}\n',
                    b"id,text,tags\n",
                    b'1,"x\ny",a;b\n',
                    b"\t<http://e.org/1>\n",
                    b"<record><controlfield tag='001'>1</controlfield></record>",
                    b"<record>",
                    b"</record>",
                    b"00041nam a2200037   45000010002000000\x1e1\x1e\x1d",
                    b"\xff\xfe",
                    b"\x1f\x8b\x08",
                    b'"',
                    b"\n",
                ]
            ),
        ),
        max_size=8,
    ),
)
def test_rubbish_is_an_error_with_a_place_or_a_counted_problem_and_never_a_crash(
    tmp_path: Path, ending: str, pieces: list[bytes]
) -> None:
    path = tmp_path / f"rubbish{ending}"
    path.write_bytes(b"".join(pieces))
    try:
        corpus = open_corpus([path])
        for document in corpus:
            document.id.encode() + document.text.encode() + document.title.encode()
        corpus.problems.summary()
    except CorpusError as error:
        assert "rubbish" in str(error)
    except MissingExtraError as error:
        assert error.extra in ("marc", "parquet")
