from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tagwright.corpus import open_corpus
from tagwright.errors import ConfigError, CorpusError
from tagwright.types import Document


def write(folder: Path, *lines: str, name: str = "a.jsonl") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_native_form_is_read_with_other_keys_as_metadata(tmp_path: Path) -> None:
    line = {"id": "1", "title": "T", "text": "x y", "subjects": ["b", "a", "b"], "lang": "de", "year": 1999}
    [document] = open_corpus([write(tmp_path, json.dumps(line))])
    assert document == Document("1", "x y", title="T", language="de", tags=("b", "a"), metadata={"year": 1999})


def test_annifs_form_is_read(tmp_path: Path) -> None:
    line = {
        "text": "x",
        "metadata": {"title": "ignored by nobody", "year": "1999"},
        "subjects": [{"uri": "<http://e.org/1>", "label": "one"}, {"label": "two"}],
        "document_id": "d9",
    }
    path = write(tmp_path, json.dumps(line))
    [document] = open_corpus([path], label_to_id={"two": "http://e.org/2"}.get)
    assert document.id == "d9"
    assert document.tags == ("http://e.org/1", "http://e.org/2")
    assert document.metadata == {"title": "ignored by nobody", "year": "1999"}


def test_no_subjects_means_nobody_looked_and_an_empty_list_means_none_fits(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '{"id": "1", "text": "x"}',
        '{"id": "2", "text": "x", "subjects": []}',
        '{"id": 3, "text": "x", "subjects": null}',
    )
    assert [(d.id, d.tags) for d in open_corpus([path])] == [("1", None), ("2", ()), ("3", None)]


def test_a_document_without_an_id_is_named_by_file_and_line(tmp_path: Path) -> None:
    path = write(tmp_path, '{"text": "x"}', "", '{"text": "y", "id": ""}', '{"text": "z", "id": "own"}')
    assert [d.id for d in open_corpus([path])] == ["a.jsonl:1", "a.jsonl:3", "own"]


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    paths = []
    for folder in ("train", "dev"):
        (tmp_path / folder).mkdir()
        paths.append(write(tmp_path / folder, '{"text": "x"}'))
    corpus = open_corpus(paths)
    assert [d.id for d in corpus] == ["train/a.jsonl:1", "dev/a.jsonl:1"]
    assert not corpus.problems


def test_chosen_keys_hold_the_parts_and_the_usual_key_becomes_metadata(tmp_path: Path) -> None:
    path = write(tmp_path, '{"ppn": "1", "abstract": "long", "text": "short", "kw": "a;b | c"}')
    [document] = open_corpus([path], columns={"id": "ppn", "text": "abstract", "tags": "kw"})
    assert document == Document("1", "long", tags=("a", "b", "c"), metadata={"text": "short"})


def test_an_unknown_part_is_refused_with_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no part 'txt'.*did you mean text"):
        list(open_corpus([write(tmp_path, '{"text": "x"}')], columns={"txt": "abstract"}))


def test_a_broken_line_is_counted_and_named_and_does_not_stop_the_rest(tmp_path: Path) -> None:
    path = write(tmp_path, '{"id": "1", "text": "x"}', "{oops", "", '{"id": "2", "text": "y"}')
    corpus = open_corpus([path])
    assert [d.id for d in corpus] == ["1", "2"]
    [sentence] = corpus.problems.summary()
    assert sentence.startswith(f"1 broken line (skipped): {path}:2: not JSON (")


BROKEN = {
    "[1, 2]": "a JSON list, not an object",
    '"x"': "a JSON str, not an object",
    '{"id": "1"': "not JSON",
    '{"id": "1", "text": NaN}': "NaN is not JSON",
    '{"id": "1", "text": ["x", 1]}': "text is ['x', 1] (list), not text",
    '{"id": "1", "text": {"en": "x"}}': "text is {'en': 'x'} (dict), not text",
    '{"id": ["1"], "text": "x"}': "the id is ['1'] (list)",
    '{"id": true, "text": "x"}': "the id is True (bool)",
    '{"id": "1", "text": "x", "subjects": {"a": 1}}': "tags are {'a': 1} (dict), not a list",
    '{"id": "1", "text": "x", "subjects": [null]}': "a tag is None (NoneType)",
    '{"id": "1", "text": "x", "subjects": [{"score": 1}]}': "a tag is {'score': 1} (dict)",
    '{"id": "1", "text": "x \\ud83d"}': "half of a surrogate pair",
    '{"id": "1", "text": "x", "more": {"k": ["\\uDC00"]}}': "half of a surrogate pair",
    '{"abstract": "x", "keywords": []}': "neither id, title nor text in it, only: abstract, keywords",
    "{}": "neither id, title nor text in it, only: nothing",
    '{"id": "1", "text": "' + "[" * 5 + '\0"}': "a NUL byte at byte",
    '{"id": "1", "x": ' + "[" * 100_000: "nested too deeply",
    '{"id": 1' + "0" * 5000 + ', "text": "x"}': "",
}


@pytest.mark.parametrize(("line", "what"), BROKEN.items(), ids=range(len(BROKEN)))
def test_each_kind_of_broken_line_says_what_is_wrong(tmp_path: Path, line: str, what: str) -> None:
    path = write(tmp_path, '{"id": "good", "text": "x"}', line, '{"id": "good too", "text": "x"}')
    corpus = open_corpus([path])
    assert [d.id for d in corpus] == ["good", "good too"]
    [problem] = corpus.problems.examples["broken line"]
    assert problem.line == 2
    assert what in problem.what


def test_bytes_that_are_not_utf8_are_a_broken_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"id": "1", "text": "x"}\n{"id": "2", "text": "\xe4"}\n')
    corpus = open_corpus([path])
    assert [d.id for d in corpus] == ["1"]
    assert corpus.problems.examples["broken line"][0].what == "not UTF-8 (0xe4 at byte 22)"


def test_a_number_as_a_title_is_text(tmp_path: Path) -> None:
    [document] = open_corpus([write(tmp_path, '{"id": 7, "title": 1984, "text": ["one", "two"]}')])
    assert (document.id, document.title, document.text) == ("7", "1984", "one\ntwo")


def test_a_json_array_is_refused_with_the_way_out(tmp_path: Path) -> None:
    path = write(tmp_path, "[", '  {"id": "1", "text": "x"},', '  {"id": "2", "text": "x"}', "]")
    with pytest.raises(CorpusError, match=r"a\.jsonl:1: a JSON array, not JSON lines \(write one object a line"):
        list(open_corpus([path]))


def test_a_file_of_which_no_line_can_be_read_is_refused_with_its_first_fault(tmp_path: Path) -> None:
    path = write(tmp_path, "%PDF-1.7", "\x01\x02")
    with pytest.raises(CorpusError, match=r"a\.jsonl:1: not JSON .*not one document could be read"):
        list(open_corpus([path]))


def test_duplicate_ids_over_several_files_are_named_and_the_first_is_kept(tmp_path: Path) -> None:
    one = write(tmp_path, '{"id": "1", "text": "first"}', name="a.jsonl")
    two = write(tmp_path, '{"id": "2", "text": "x"}', '{"id": "1", "text": "later"}', name="b.jsonl")
    corpus = open_corpus([one, two])
    assert [d.text for d in corpus] == ["first", "x"]
    assert str(corpus.problems.examples["duplicate id"][0]) == f"{two}:2: the id '1' came before"


def test_unknown_tags_are_left_out_and_named_once_a_vocabulary_is_at_hand(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '{"id": "1", "text": "x", "subjects": ["a", "q", "Bee"]}',
        '{"id": "2", "text": "x", "subjects": ["q"]}',
    )
    assert [d.tags for d in open_corpus([path])] == [("a", "q", "Bee"), ("q",)]

    corpus = open_corpus([path], known_tags={"a", "b"}.__contains__, label_to_id={"Bee": "b"}.get)
    assert [d.tags for d in corpus] == [("a", "b"), ()]
    assert corpus.problems.counts == {"unknown tag": 2}
    assert corpus.problems.examples["unknown tag"][0].what == "the vocabulary has no tag 'q' (document '1')"


def test_prefixes_of_tags_are_rewritten_and_the_rewritten_id_goes_first(tmp_path: Path) -> None:
    path = write(tmp_path, '{"id": "1", "text": "x", "subjects": ["(DE-588)4-1", "gnd:4-1", "plain"]}')
    corpus = open_corpus([path], tag_prefix={"(DE-588)": "gnd:"})
    assert [d.tags for d in corpus] == [("gnd:4-1", "plain")]
    known = open_corpus([path], tag_prefix={"(DE-588)": "gnd:"}, known_tags={"(DE-588)4-1", "plain"}.__contains__)
    assert [d.tags for d in known] == [("(DE-588)4-1", "plain")]


def test_empty_texts_are_counted_and_kept_for_tagging_but_not_for_training(tmp_path: Path) -> None:
    path = write(tmp_path, '{"id": "1", "text": " "}', '{"id": "2", "title": "only a title"}', '{"id": "3"}')
    corpus = open_corpus([path])
    assert [d.id for d in corpus] == ["1", "2", "3"]
    assert corpus.problems.counts == {"empty text": 2}
    corpus = open_corpus([path], for_training=True)
    assert [d.id for d in corpus] == ["2"]
    assert corpus.problems.counts == {"empty text": 2}


def test_a_default_language_goes_to_documents_that_state_none(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '{"id": "1", "text": "x"}',
        '{"id": "2", "text": "x", "language": "ger"}',
        '{"id": "3", "text": "x", "lang": "und"}',
    )
    assert [d.language for d in open_corpus([path], language="ENG")] == ["en", "de", "en"]


def test_gzip_is_known_by_its_content_whatever_the_name(tmp_path: Path) -> None:
    line = b'\xef\xbb\xbf{"id": "1", "text": "\xc3\xa4"}\r\n'
    for name in ("a.jsonl", "b.jsonl.gz", "c.JSONL.GZ"):
        (tmp_path / name).write_bytes(gzip.compress(line))
        assert [d.text for d in open_corpus([tmp_path / name])] == ["ä"]
    (tmp_path / "d.jsonl.gz").write_bytes(line)
    assert [d.text for d in open_corpus([tmp_path / "d.jsonl.gz"])] == ["ä"]


def test_a_truncated_gzip_is_an_error_that_names_the_last_line_read(tmp_path: Path) -> None:
    packed = gzip.compress(
        b"".join(b'{"id": "%d", "text": "%s"}\n' % (i, i.to_bytes(8, "big").hex().encode()) for i in range(50_000))
    )
    path = tmp_path / "a.jsonl.gz"
    for size in (len(packed) // 2, 15, 5, len(packed) - 4):
        path.write_bytes(packed[:size])
        with pytest.raises(CorpusError, match="ends too early or is damaged"):
            list(open_corpus([path]))
    path.write_bytes(packed[:1000] + b"\xff" * 50 + packed[1050:])
    with pytest.raises(CorpusError, match=r"a\.jsonl\.gz"):
        list(open_corpus([path]))


def test_utf16_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "1", "text": "x"}\n', encoding="utf-16")
    with pytest.raises(CorpusError, match="UTF-16"):
        list(open_corpus([path]))


def test_an_overlong_line_is_broken_and_the_next_line_keeps_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagwright.corpus.source.LONGEST", 1 << 20)
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.write(b'{"id": "1", "text": "x"}\n{"id": "2", "text": "' + b"x" * (3 << 20) + b'"}\n{"id": "3"}\nnot\n')
    corpus = open_corpus([path])
    assert [d.id for d in corpus] == ["1", "3"]
    assert [(p.line, p.what[:20]) for p in corpus.problems.examples["broken line"]] == [
        (2, "longer than 1 MiB"),
        (4, "not JSON (Expecting "),
    ]


def test_an_empty_file_is_a_corpus_without_documents(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"")
    corpus = open_corpus([tmp_path / "a.jsonl"])
    assert list(corpus) == []
    assert not corpus.problems


def test_the_daily_benchmark_is_read_in_well_under_a_cpu_second(shared: Path) -> None:
    import time

    corpus = open_corpus([shared / "data" / "tibkat-en" / "train.jsonl.gz"])
    began = time.process_time()
    assert sum(1 for _ in corpus) == 10_941
    assert time.process_time() - began < 8
    assert not corpus.problems
