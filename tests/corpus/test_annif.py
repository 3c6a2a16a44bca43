from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagwright.corpus import open_corpus
from tagwright.corpus.tags import split_tags
from tagwright.errors import CorpusError
from tagwright.types import Document


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_tsv_without_a_header_is_text_and_addresses(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.tsv",
        'Wind "on" x\t<http://e.org/1> <http://e.org/2>\nNo subject\t\nno tab\nSea\thttp://e.org/3\n',
    )
    corpus = open_corpus([path])
    assert list(corpus) == [
        Document("a.tsv:1", 'Wind "on" x', tags=("http://e.org/1", "http://e.org/2")),
        Document("a.tsv:2", "No subject"),
        Document("a.tsv:4", "Sea", tags=("http://e.org/3",)),
    ]
    assert [str(p) for p in corpus.problems.examples["broken line"]] == [f"{path}:3: no tab between text and subjects"]


def test_a_tsv_with_a_header_is_a_table_even_with_addresses_in_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", "text\tsubject_uris\nWind\t<http://e.org/1> <http://e.org/2>\n")
    assert [d.tags for d in open_corpus([path])] == [("http://e.org/1", "http://e.org/2")]


def test_a_tsv_with_neither_header_nor_addresses_says_what_is_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", "Wind\tt1\nSea\tt2\n")
    with pytest.raises(CorpusError, match=r"a\.tsv:1: no column is called 'text' or 'title'"):
        list(open_corpus([path]))
    assert [d.tags for d in open_corpus([path], kind="annif")] == [("t1",), ("t2",)]


def test_a_folder_of_texts_has_its_subjects_beside_them(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "\ufeffText of a\n")
    write(tmp_path / "a.tsv", "<http://e.org/1>\tone\n<http://e.org/2>\ttwo\n\n")
    write(tmp_path / "b.txt", "Text of b")
    write(tmp_path / "b.key", "one\nunheard of\n")
    write(tmp_path / "c.txt", "Text of c")
    write(tmp_path / ".hidden.txt", "no")
    corpus = open_corpus([tmp_path], label_to_id={"one": "http://e.org/1"}.get)
    assert list(corpus) == [
        Document("a.txt", "Text of a\n", tags=("http://e.org/1", "http://e.org/2")),
        Document("b.txt", "Text of b", tags=("http://e.org/1",)),
        Document("c.txt", "Text of c"),
    ]
    assert (
        corpus.problems.examples["unknown tag"][0].what == "the vocabulary has no tag 'unheard of' (document 'b.txt')"
    )


def test_subjects_that_cannot_be_read_are_named_with_their_file(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "Text of a\n")
    (tmp_path / "a.key").write_bytes(b"M\xfcnchen\n")
    write(tmp_path / "b.txt", "Text of b\n")
    corpus = open_corpus([tmp_path])
    assert [d.id for d in corpus] == ["b.txt"]
    assert "its subjects in a.key cannot be read: not UTF-8" in corpus.problems.examples["broken line"][0].what


def test_a_json_file_of_several_lines_is_one_document(tmp_path: Path) -> None:
    row = {"text": "x", "subjects": [{"uri": "http://e.org/1"}], "metadata": {"year": "1999"}}
    write(tmp_path / "a.json", json.dumps(row, indent=2))
    write(tmp_path / "b.txt", "y")
    assert list(open_corpus([tmp_path])) == [
        Document("a.json", "x", tags=("http://e.org/1",), metadata={"year": "1999"}),
        Document("b.txt", "y"),
    ]


def test_the_kind_annif_reads_its_csv_and_json_lines_too(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "text,subject_uris\nx,<http://e.org/1>\n")
    write(tmp_path / "b.jsonl", '{"text": "y", "subjects": [{"uri": "http://e.org/1"}]}\n')
    corpus = open_corpus([tmp_path / "a.csv", tmp_path / "b.jsonl"], kind="annif")
    assert [d.tags for d in corpus] == [("http://e.org/1",)] * 2


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("a; b|c", ("a", "b", "c")),
        ("Administration, Topical", ("Administration, Topical",)),
        ("two words; three", ("two words", "three")),
        ("<http://e.org/1> <http://e.org/2>", ("http://e.org/1", "http://e.org/2")),
        ("https://e.org/1 urn:x:2", ("https://e.org/1", "urn:x:2")),
        ("http://e.org/1;http://e.org/2", ("http://e.org/1", "http://e.org/2")),
        ("<http://e.org/1>; Wind", ("http://e.org/1", "Wind")),
        ("  ;; ", ()),
    ],
)
def test_a_cell_of_tags_is_cut_at_blanks_only_where_it_holds_nothing_but_addresses(
    cell: str, tags: tuple[str, ...]
) -> None:
    assert split_tags(cell) == tags
