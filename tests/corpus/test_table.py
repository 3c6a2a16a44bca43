from __future__ import annotations

from pathlib import Path

import pytest

from tagwright.corpus import open_corpus
from tagwright.errors import CorpusError
from tagwright.types import Document


def write(folder: Path, text: str, name: str = "a.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def test_a_csv_is_read_by_its_header_with_other_columns_as_metadata(tmp_path: Path) -> None:
    path = write(tmp_path, 'ID,Title,text,tags,lang,year\r\n1,"A, b","x ""y""\nz",a; b|c,eng,1999\r\n2,T,u,,,\r\n')
    assert list(open_corpus([path])) == [
        Document("1", 'x "y"\nz', title="A, b", language="en", tags=("a", "b", "c"), metadata={"year": "1999"}),
        Document("2", "u", title="T"),
    ]


def test_annifs_csv_is_such_a_table(tmp_path: Path) -> None:
    path = write(tmp_path, "text,subject_uris,document_id,year\nx,<http://e.org/1> <http://e.org/2>,d1,1999\ny,,d2,\n")
    assert list(open_corpus([path])) == [
        Document("d1", "x", tags=("http://e.org/1", "http://e.org/2"), metadata={"year": "1999"}),
        Document("d2", "y"),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_the_delimiter_is_told_by_the_header(tmp_path: Path, delimiter: str) -> None:
    rows = [["id", "text", "note;,|\t"], ["1", "x", "y"]]
    text = "".join(delimiter.join(f'"{cell}"' for cell in row) + "\n" for row in rows)
    assert [d.text for d in open_corpus([write(tmp_path, text)])] == ["x"]


def test_columns_are_mapped_and_the_separator_of_tags_can_be_said(tmp_path: Path) -> None:
    path = write(tmp_path, "Nr\tAbstract\tKeywords\n1\tlong\tAdministration, Topical/Wind; old\n", "a.tsv")
    columns = {"id": "Nr", "text": "Abstract", "tags": "Keywords"}
    [document] = open_corpus([path], columns=columns, separator="/")
    assert document == Document("1", "long", tags=("Administration, Topical", "Wind; old"))


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    path = write(tmp_path, "Nr,Abstract\n1,x\n")
    with pytest.raises(
        CorpusError, match=r"a\.csv:1: no column is called 'text' or 'title' \(the columns are: Nr, Abs"
    ):
        list(open_corpus([path]))
    with pytest.raises(CorpusError, match=r"a\.csv:1: no column 'abstract' \(the columns are: Nr, Abstract"):
        list(open_corpus([path], columns={"text": "abstract"}))


def test_a_row_with_too_many_or_too_few_cells_is_broken(tmp_path: Path) -> None:
    path = write(tmp_path, "id,text\n1,x\n2,x,y\n3\n\n4,z\n")
    corpus = open_corpus([path])
    assert [d.id for d in corpus] == ["1", "4"]
    assert [(p.line, p.what) for p in corpus.problems.examples["broken line"]] == [
        (3, "3 cells where the header has 2"),
        (4, "1 cells where the header has 2"),
    ]


def test_a_quote_that_is_never_closed_costs_one_row_and_not_the_rest_of_the_file(tmp_path: Path) -> None:
    rows = "".join(f"{i},text {i}\n" for i in range(2, 30))
    corpus = open_corpus([write(tmp_path, f'id,text\n1,"unclosed\n{rows}30,"closed"\n31,x\n')])
    assert [d.id for d in corpus] == [str(i) for i in range(2, 32)]
    assert [(p.line, p.what[:7]) for p in corpus.problems.examples["broken line"]] == [(2, "not CSV")]


def test_the_line_of_a_row_is_that_on_which_it_begins(tmp_path: Path) -> None:
    corpus = open_corpus([write(tmp_path, 'text,x\n"one\ntwo\nthree",1\n\n"four\nfive",2\nbad\n')])
    assert [d.id for d in corpus] == ["a.csv:2", "a.csv:6"]
    assert corpus.problems.examples["broken line"][0].line == 8


def test_a_tsv_may_be_written_without_quotes(tmp_path: Path) -> None:
    lines = [
        "id\ttext",
        '1\t"Worry" is a down payment',
        "2\tplain",
        '3\t"open',
        '4\tshut"',
        '5\t"two',
        'lines"',
        "6\tz",
    ]
    corpus = open_corpus([write(tmp_path, "\n".join(lines) + "\n", "a.tsv")])
    assert [(d.id, d.text) for d in corpus] == [
        ("1", '"Worry" is a down payment'),
        ("2", "plain"),
        ("3", '"open'),
        ("4", 'shut"'),
        ("5", "two\nlines"),
        ("6", "z"),
    ]
    assert not corpus.problems


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    assert [d.id for d in open_corpus([write(tmp_path, "id,text\n1,x\n", encoding="utf-8-sig")])] == ["1"]


def test_rows_that_are_not_utf8_are_broken_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'id,text\n1,x\n2,M\xfcnchen\n3,"a\nb \xe4\nc"\n4,\0\n5,y\n')
    corpus = open_corpus([path])
    assert [d.id for d in corpus] == ["1", "5"]
    assert [(p.line, p.what) for p in corpus.problems.examples["broken line"]] == [
        (3, "not UTF-8 (0xfc at byte 4)"),
        (4, "not UTF-8 (0xe4 at byte 3)"),
        (7, "a NUL byte at byte 3"),
    ]


def test_a_header_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,t\xe4xt\n1,x\n")
    with pytest.raises(CorpusError, match=r"a\.csv:1: the header cannot be read: not UTF-8"):
        list(open_corpus([path]))


def test_old_line_ends_and_huge_cells_do_not_stop_the_reader(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"a\.csv"):
        list(open_corpus([write(tmp_path, "id,text\r1,x\r2,y\r")]))
    big = "x" * 1_000_000
    assert [len(d.text) for d in open_corpus([write(tmp_path, f"id,text\n1,{big}\n")])] == [1_000_000]


def test_a_flood_of_open_quotes_is_read_in_linear_time(tmp_path: Path) -> None:
    lines = "".join(f'{i},"open {i}\n' for i in range(20_000))
    with pytest.raises(CorpusError):
        list(open_corpus([write(tmp_path, "id,text\n" + lines)]))
    even = "".join('""\n' for _ in range(30_000))
    corpus = open_corpus([write(tmp_path, 'id,text\n1,"open\n' + even + "2,x\n")])
    assert [d.id for d in corpus] == ["2"]


def test_of_two_columns_with_one_name_the_first_counts(tmp_path: Path) -> None:
    [document] = open_corpus([write(tmp_path, "id,text,text,\n1,a,b,c\n")])
    assert document == Document("1", "a")


def test_ids_or_names_may_stand_in_a_cell_of_tags(tmp_path: Path) -> None:
    path = write(tmp_path, "id,text,tags\n1,x,Wind; t2; Sea\n")
    corpus = open_corpus([path], known_tags={"t1", "t2"}.__contains__, label_to_id={"Wind": "t1"}.get)
    assert [d.tags for d in corpus] == [("t1", "t2")]
    assert corpus.problems.counts == {"unknown tag": 1}
