"""``tagwright tune`` as a user runs it."""

from __future__ import annotations

import json


def test_promises_are_made_on_other_documents_shown_again_and_taken_back(tagwright, project, others, tmp_path):
    other = others(100)
    done = tagwright("tune", "--target", "precision=0.7", "--target", "recall=0.5", "--on", other, "-p", project)
    assert done.code == 0, done.err
    assert "precision 0.7 (holds with 90% confidence on documents like these)" in done.out
    assert "are applied" in done.out and "are shown" in done.out
    assert tagwright("tune", "-p", project).out == done.out
    said = tagwright("tune", "--json", "-p", project).json()
    assert [promise["kind"] for promise in said["promises"]] == ["precision", "recall"] and said["documents"] == 100
    tagwright("tag", other, "-o", tmp_path / "out.jsonl", "-p", project)
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").open(encoding="utf-8")]
    assert {s["decision"] for row in rows for s in row["suggestions"]} <= {"apply", "review", "drop"}
    gone = tagwright("tune", "--forget", "-p", project)
    assert (gone.code, "no rule" in gone.out) == (0, True)


def test_without_other_documents_it_says_estimate_and_how_to_get_a_promise(tagwright, project):
    done = tagwright("tune", "--target", "documents=0.6", "-p", project)
    assert done.code == 0, done.err
    assert "documents 0.6 (estimate)" in done.out or "out of reach" in done.out
    assert "estimates from the 144 documents" in done.err and "--on CORPUS" in done.err


def test_a_target_out_of_reach_is_said_so_in_plain_words(tagwright, project, others):
    other = others(15)
    done = tagwright("tune", "--target", "precision=0.999", "--on", other, "-p", project)
    assert done.code == 0, done.err
    assert "precision 0.999 is out of reach with these 15 documents" in done.out


def test_bad_targets_are_explained(tagwright, trained, untrained):
    for words, said in (
        (["--target", "precision"], "KIND=SHARE"),
        (["--target", "precison=0.9"], "no target 'precison'"),
        (["--target", "precision=95"], "no share between 0 and 1"),
        (["--target", "precision=0.9", "--on", "nowhere.jsonl"], "nowhere.jsonl"),
    ):
        done = tagwright("tune", *words, "-p", trained)
        assert done.code != 0 and said in done.err and "Traceback" not in done.err, done.err
    done = tagwright("tune", "--target", "precision=0.9", "-p", untrained)
    assert done.code == 1 and "not calibrated" in done.err
