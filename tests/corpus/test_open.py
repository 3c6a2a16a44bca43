from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from tagwright import registry
from tagwright.corpus import open_corpus
from tagwright.corpus.reader import Broken, Record
from tagwright.corpus.source import Source
from tagwright.errors import ConfigError, CorpusError
from tagwright.types import Document

LINE = '{"id": "%s", "text": "x"}\n'


def test_several_files_folders_and_patterns_are_one_corpus_in_their_order(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / f"{name}.jsonl").write_text(LINE % name)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "z.txt").write_text("a text")
    (tmp_path / "more" / "y.txt").write_text("another")
    corpus = open_corpus([tmp_path / "c.jsonl", str(tmp_path / "[ab].jsonl"), tmp_path / "more"])
    assert [d.id for d in corpus] == ["c", "a", "b", "y.txt", "z.txt"]
    assert [d.id for d in corpus] == ["c", "a", "b", "y.txt", "z.txt"]


def test_a_file_whose_name_is_a_pattern_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "a[1].jsonl").write_text(LINE % "brackets")
    (tmp_path / "a1.jsonl").write_text(LINE % "plain")
    assert [d.id for d in open_corpus([str(tmp_path / "a[1].jsonl")])] == ["brackets"]


@pytest.mark.parametrize("name", ["absent.jsonl", "*.jsonl", "", "a\0b"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(CorpusError, match="no such file or folder"):
        open_corpus([str(tmp_path / "no" / name)])


def test_an_unset_variable_is_not_the_current_folder_and_a_pattern_of_folders_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "a.txt").write_text("x")
    monkeypatch.chdir(tmp_path)
    for name in ("", "fold*"):
        with pytest.raises(CorpusError, match="there is no such file or folder"):
            open_corpus([name])


def test_a_folder_without_documents_says_what_would_be_read(tmp_path: Path) -> None:
    (tmp_path / "notes.docx").write_text("x")
    with pytest.raises(CorpusError, match=r"no documents in this folder \(files are known by \.jsonl"):
        open_corpus([tmp_path])


def test_a_folder_of_texts_and_tables_is_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / "README.txt").write_text("x")
    (tmp_path / "train.jsonl").write_text(LINE % "1")
    with pytest.raises(CorpusError, match=r"both texts and train\.jsonl in this folder"):
        open_corpus([tmp_path])


def test_a_folder_of_packed_parts_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    for i in (2, 1):
        (tmp_path / f"part-{i}.jsonl.gz").write_bytes(gzip.compress((LINE % i).encode()))
    assert [d.id for d in open_corpus([tmp_path])] == ["1", "2"]


def test_a_file_of_no_known_kind_is_named_with_the_kinds_there_are(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"PK\x03\x04")
    (tmp_path / "noending").write_bytes(b"")
    with pytest.raises(
        CorpusError, match=r"the ending '\.docx' does not tell .*jsonl, table, parquet, annif, marc, text"
    ):
        open_corpus([tmp_path / "a.docx"])
    with pytest.raises(CorpusError, match="a name without an ending does not tell"):
        open_corpus([tmp_path / "noending"])


def test_the_kind_can_be_told_by_the_content_or_said(tmp_path: Path, marc: SimpleNamespace) -> None:
    (tmp_path / "lines").write_text(LINE % "1")
    (tmp_path / "xml").write_text(marc.xml(marc.record))
    assert [d.id for d in open_corpus([tmp_path / "lines", tmp_path / "xml"])] == ["1", "990001"]
    assert [d.id for d in open_corpus([tmp_path / "lines"], kind="text")] == ["lines"]
    with pytest.raises(ConfigError, match=r"no corpus 'jsonll' \(did you mean 'jsonl'"):
        open_corpus([tmp_path / "lines"], kind="jsonll")


def test_an_option_that_a_kind_does_not_have_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(ConfigError, match="corpus 'text' has no option 'columns'"):
        open_corpus([tmp_path / "a.txt"], columns={"text": "x"})


def test_standard_input_is_one_text_and_can_be_read_twice() -> None:
    corpus = open_corpus(["-"], stdin=io.BytesIO("Wind über See\n".encode()))
    assert list(corpus) == [Document("stdin", "Wind über See\n")]
    assert list(corpus) == [Document("stdin", "Wind über See\n")]


def test_standard_input_may_be_json_lines_or_packed() -> None:
    lines = gzip.compress(b'{"text": "x"}\n{"id": "own", "text": "y"}\n')
    assert [d.id for d in open_corpus(["-"], kind="jsonl", stdin=io.BytesIO(lines))] == ["stdin:1", "own"]


def test_the_copy_of_standard_input_goes_away_with_the_corpus(tmp_path: Path) -> None:
    code = "from tagwright.corpus import open_corpus\nprint([d.text for d in open_corpus(['-'])])\n"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        input="x",
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "['x']\n"
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_copied_so_that_it_can_be_read_twice(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(LINE % "1"))
    writer.start()
    corpus = open_corpus([pipe])
    writer.join()
    assert [d.id for d in corpus] == [d.id for d in corpus] == ["1"]


def test_a_file_that_vanishes_between_two_passes_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(LINE % "1")
    corpus = open_corpus([path])
    list(corpus)
    path.unlink()
    with pytest.raises(CorpusError, match=r"a\.jsonl: cannot be read \(No such file"):
        list(corpus)


def test_a_text_that_is_not_utf8_or_is_binary_is_counted_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"M\xfcnchen")
    (tmp_path / "b.txt").write_bytes(b"\x7fELF\0\0")
    (tmp_path / "c.txt").write_bytes(b"\xef\xbb\xbfKiel")
    corpus = open_corpus([tmp_path])
    assert [(d.id, d.text) for d in corpus] == [("c.txt", "Kiel")]
    assert [p.what for p in corpus.problems.examples["broken line"]] == [
        "not UTF-8 (0xfc at byte 2)",
        "a NUL byte at byte 5",
    ]
    with pytest.raises(CorpusError, match=r"a\.txt:1: not UTF-8"):
        list(open_corpus([tmp_path / "a.txt"]))


def test_a_file_name_that_is_not_utf8_still_makes_an_id(tmp_path: Path) -> None:
    name = os.fsdecode(b"M\xfc.txt")
    (tmp_path / name).write_text("x")
    [document] = open_corpus([tmp_path])
    assert document.id == "M\ufffd.txt"


def test_the_same_file_twice_is_a_corpus_of_duplicates(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n')
    corpus = open_corpus([tmp_path / "a.jsonl", tmp_path / "a.jsonl"])
    assert len(list(corpus)) == 1
    assert corpus.problems.counts == {"duplicate id": 1}


def test_a_corpus_streams_and_never_holds_the_whole_file(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "a.jsonl"
    with path.open("w") as file:
        for i in range(2_000):
            file.write(f'{{"id": "{i}", "text": "{"word " * 2_000}"}}\n')
    tracemalloc.start()
    count = sum(1 for _ in open_corpus([path]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 2_000
    assert peak < 2_000_000 < path.stat().st_size


class Shouting:
    """A stranger's kind of file: each line is a document."""

    def read(self, source: Source) -> Iterator[Record | Broken]:
        for line, raw in source.lines():
            yield Record(line, Document(f"{source.name}:{line}", raw.decode().strip().upper()), ("t",))


def test_a_strangers_kind_of_file_is_read_through_the_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry.BUILT_IN["corpus"], "shouting", f"{__name__}:Shouting")
    monkeypatch.setitem(sys.modules, __name__, SimpleNamespace(Shouting=dataclass(Shouting)))
    (tmp_path / "a.log").write_text("wind\nsea\n")
    corpus = open_corpus([tmp_path / "a.log"], kind="shouting")
    assert [(d.id, d.text, d.tags) for d in corpus] == [("a.log:1", "WIND", ("t",)), ("a.log:2", "SEA", ("t",))]
