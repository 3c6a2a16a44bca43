"""Tagging a corpus into a file."""

from __future__ import annotations

import gzip
import json


def lines(path) -> list[dict]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def test_every_document_gets_a_line_in_its_order(tagwright, trained, library, tmp_path):
    done = tagwright("tag", library / "test.jsonl", "-o", tmp_path / "out.jsonl", "-k", "5", "-p", trained)
    assert done.code == 0, done.err
    rows = lines(tmp_path / "out.jsonl")
    assert [row["id"] for row in rows] == [f"d{number}" for number in range(144, 156)]
    for row in rows:
        confidences = [suggestion["confidence"] for suggestion in row["suggestions"]]
        assert confidences == sorted(confidences, reverse=True)
        assert 0 < len(confidences) <= 5
        assert all(0 <= value <= 1 and round(value, 6) == value for value in confidences)
        assert set(row["suggestions"][0]) == {"tag", "name", "confidence"}
    assert "12 documents" in done.out


def test_the_result_can_be_compressed_and_is_the_same(tagwright, trained, library, tmp_path):
    for name in ("a.jsonl", "b.jsonl.gz"):
        assert tagwright("tag", library / "test.jsonl", "-o", tmp_path / name, "-p", trained).code == 0
    assert lines(tmp_path / "a.jsonl") == lines(tmp_path / "b.jsonl.gz")


def test_a_finished_file_is_left_and_said_so(tagwright, trained, library, tmp_path):
    out = tmp_path / "out.jsonl"
    words = ["tag", library / "test.jsonl", "-o", out, "-p", trained]
    tagwright(*words)
    before = out.stat().st_mtime_ns
    done = tagwright(*words)
    assert (done.code, "finished" in done.out, out.stat().st_mtime_ns) == (0, True, before)


def test_a_file_of_other_options_is_refused_unless_it_may_be_overwritten(tagwright, trained, library, tmp_path):
    out = tmp_path / "out.jsonl"
    tagwright("tag", library / "test.jsonl", "-o", out, "-p", trained)
    before = out.read_bytes()
    other = ["tag", library / "test.jsonl", "-o", out, "-k", "2", "-p", trained]
    refused = tagwright(*other)
    assert (refused.code, out.read_bytes() == before, "overwritten" in refused.err) == (1, True, True)
    assert tagwright(*other, "--overwrite").code == 0
    assert max(len(row["suggestions"]) for row in lines(out)) == 2


def test_a_file_of_somebody_else_is_never_written_over(tagwright, trained, library, tmp_path):
    out = tmp_path / "novel.jsonl"
    out.write_text("It was a dark night\n", encoding="utf-8")
    done = tagwright("tag", library / "test.jsonl", "-o", out, "-p", trained)
    assert (done.code, out.read_text(encoding="utf-8")) == (1, "It was a dark night\n")


def test_broken_lines_are_counted_and_named_and_do_not_stop_the_rest(tagwright, trained, tmp_path):
    corpus = tmp_path / "in.jsonl"
    rows = ['{"id": "a", "text": "bees"}', '{"id": "b", "text"', '{"id": "c", "text": ""}', '{"id": "a", "text": "x"}']
    corpus.write_text("\n".join(rows) + "\n", encoding="utf-8")
    done = tagwright("tag", corpus, "-o", tmp_path / "out.jsonl", "-p", trained)
    assert done.code == 0, done.err
    assert "in.jsonl:2" in done.out
    assert [row["id"] for row in lines(tmp_path / "out.jsonl")] == ["a", "c"]


def test_the_report_as_json_counts_documents_and_problems(tagwright, trained, library, tmp_path):
    words = ["tag", library / "test.jsonl", "-o", tmp_path / "out.jsonl", "--json", "-p", trained]
    report = tagwright(*words).json()
    assert (report["documents"], report["failed"], report["calibrated"]) == (12, 0, True)


def test_the_bytes_do_not_depend_on_the_number_of_threads(tagwright, trained, library, tmp_path):
    for workers in (1, 3):
        out = tmp_path / f"{workers}.jsonl"
        done = tagwright("tag", library / "train.jsonl", "-o", out, "--workers", workers, "-p", trained)
        assert done.code == 0, done.err
    assert (tmp_path / "1.jsonl").read_bytes() == (tmp_path / "3.jsonl").read_bytes()


def test_only_likely_tags_are_written_where_that_is_wanted(tagwright, trained, library, tmp_path):
    out = tmp_path / "out.jsonl"
    done = tagwright("tag", library / "test.jsonl", "-o", out, "--min-confidence", "0.3", "-p", trained)
    assert done.code == 0, done.err
    assert all(s["confidence"] >= 0.3 for row in lines(out) for s in row["suggestions"])
