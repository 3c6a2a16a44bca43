"""``tagwright eval --report``: the page with pictures, from a corpus and from saved candidates."""

from __future__ import annotations

import json


def test_the_page_of_a_corpus_is_the_page_of_its_saved_candidates(tagwright, trained, library, tmp_path):
    page, again, table = tmp_path / "report.html", tmp_path / "again.html", tmp_path / "candidates.npz"
    words = ["eval", library / "test.jsonl", "--report", page, "--save-candidates", table, "-p", trained]
    done = tagwright(*words)
    assert done.code == 0, done.err
    assert tagwright("eval", "--candidates", table, "--report", again).code == 0
    text = page.read_text(encoding="utf-8")
    assert text == again.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "12\u00a0documents whose tags are known" in text
    assert "test.jsonl" in text
    assert "fusion.trees" in text


def test_the_worst_documents_tell_why_they_got_what_they_should_not(tagwright, trained, library, tmp_path):
    rows = [json.loads(line) for line in (library / "test.jsonl").read_text(encoding="utf-8").splitlines()]
    wrong = [{**row, "subjects": ["g:chess"], "text": "Hive honey swarm beekeeping apiculture."} for row in rows[:3]]
    corpus, page = tmp_path / "wrong.jsonl", tmp_path / "report.html"
    corpus.write_text("".join(json.dumps(row) + "\n" for row in wrong), encoding="utf-8")
    done = tagwright("eval", corpus, "--report", page, "-p", trained)
    assert done.code == 0, done.err
    text = page.read_text(encoding="utf-8")
    assert '<dt>Missed</dt><dd><ul class="chips missed"><li><bdi>Chess</bdi></li>' in text
    assert '<ul class="reasons"><li><bdi>“beekeeping” in the text (name)</bdi></li>' in text
    assert "There are only 3 documents" in text


def test_a_page_that_cannot_be_written_is_told_before_the_work(tagwright, trained, library, tmp_path):
    done = tagwright("eval", library / "test.jsonl", "--report", tmp_path / "no" / "report.html", "-p", trained)
    assert done.code == 1
    assert "its folder does not exist" in done.err
