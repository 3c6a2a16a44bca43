from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import Any

import pytest

from tagwright.corpus import open_corpus
from tagwright.errors import CorpusError, MissingExtraError
from tagwright.types import Document

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def write(folder: Path, columns: dict[str, Any], name: str = "a.parquet") -> Path:
    path = folder / name
    parquet.write_table(pyarrow.table(columns), path, row_group_size=2)
    return path


def test_rows_are_documents_with_lists_of_tags_and_plain_metadata(tmp_path: Path) -> None:
    columns = {
        "id": [1, 2, 3],
        "title": ["A", None, "C"],
        "text": ["x", "y", None],
        "subjects": [["t", "s"], [], None],
        "lang": ["ger", None, "en"],
        "day": [datetime.date(2024, 5, 6), None, None],
        "raw": [b"bytes", None, None],
        "nested": [{"a": [1]}, None, None],
    }
    assert list(open_corpus([write(tmp_path, columns)])) == [
        Document(
            "1",
            "x",
            title="A",
            language="de",
            tags=("t", "s"),
            metadata={"day": "2024-05-06", "raw": "bytes", "nested": {"a": [1]}},
        ),
        Document("2", "y", tags=()),
        Document("3", "", title="C", language="en"),
    ]


def test_columns_are_mapped_and_tags_may_be_one_string(tmp_path: Path) -> None:
    path = write(tmp_path, {"abstract": ["x"], "keywords": ["a; b"]})
    [document] = open_corpus([path], columns={"text": "abstract", "tags": "keywords"})
    assert document == Document("a.parquet:1", "x", tags=("a", "b"))


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no column is called 'text' or 'title'.*abstract"):
        list(open_corpus([write(tmp_path, {"abstract": ["x"]})]))


def test_a_row_with_a_bad_value_is_broken_and_named_by_its_number(tmp_path: Path) -> None:
    buffers = pyarrow.array([b"x", b"\xff\xff", b"z"]).buffers()
    text = pyarrow.StringArray.from_buffers(3, buffers[1], buffers[2])
    corpus = open_corpus([write(tmp_path, {"id": ["1", "2", "3"], "text": text})])
    assert [d.id for d in corpus] == ["1", "3"]
    assert corpus.problems.examples["broken line"][0].line == 2


def test_a_damaged_or_wrong_file_is_refused_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, {"id": ["1"] * 50, "text": ["x"] * 50})
    whole = path.read_bytes()
    for damaged in (whole[:-10], whole[: len(whole) // 2], b"PAR1", b"", b"no parquet at all"):
        path.write_bytes(damaged)
        with pytest.raises(CorpusError, match=r"a\.parquet"):
            list(open_corpus([path]))


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, {"text": ["x"]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"tagwright\[parquet\]"):
        list(open_corpus([path]))


def test_any_flipped_byte_is_an_error_or_a_counted_problem_and_never_a_crash(tmp_path: Path) -> None:
    path = write(tmp_path, {"id": [str(i) for i in range(20)], "text": ["x y z"] * 20, "tags": [["a"]] * 20})
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            list(open_corpus([path]))
        except CorpusError as error:
            assert "a.parquet" in str(error)
