"""The same bytes whatever the number of workers, the point at which a run was cut off, or who else is asked."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tagwright.corpus import Memory, read_results
from tagwright.errors import ConfigError, IntegrityError, OutputError
from tagwright.project import Project, tagging
from tagwright.project.reports import TagReport
from tagwright.tagger import Tagger
from tagwright.types import Document


@pytest.fixture
def many(documents, others):
    """Three blocks of rows and a rest, of some length and kind."""
    texts = [*others, *documents]
    made = [replace(texts[n % len(texts)], id=f"n{n}", title=f"No. {n}", tags=None) for n in range(560)]
    made[3] = Document("n3", "")
    made[300] = Document("n300", "\U0001f41d" * 50, "蜂蜜")
    made[301] = Document("n301", "bees " * 20_000)
    return Memory(made)


def test_the_bytes_do_not_tell_of_workers_or_of_where_a_run_was_cut_off(trained_folder, many, tmp_path, monkeypatch):
    whole = tmp_path / "whole.jsonl"
    report = Project.open(trained_folder).tag(many, whole)
    assert replace(report, moved="") == TagReport(560, 0, 0, "finished", many.problems)
    expected = whole.read_bytes()
    for workers in (2, 4):
        out = tmp_path / f"{workers}.jsonl"
        Project.open(trained_folder).tag(many, out, workers=workers)
        assert out.read_bytes() == expected
    for calls in (1, 2):
        out = tmp_path / f"cut{calls}.jsonl"
        cut_off_after(calls, monkeypatch)
        with pytest.raises(KeyboardInterrupt):
            Project.open(trained_folder).tag(many, out)
        monkeypatch.undo()
        assert not out.exists()
        assert Project.open(trained_folder).tag(many, out, workers=calls).resumed == 256 * (calls - 1)
        assert out.read_bytes() == expected
    assert len(expected.splitlines()) == 560


def cut_off_after(calls, monkeypatch):
    """The power goes after so many blocks were computed; the last one is not written any more."""
    left = [calls]
    suggest = Tagger.suggest

    def run_out(self, documents, **options):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        found = suggest(self, documents, **options)
        if left[0] == 0:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(Tagger, "suggest", run_out)


def test_a_document_gets_the_same_suggestions_alone_and_in_company(trained_folder, others):
    project = Project.open(trained_folder)
    together = project.suggest(others, k=20)
    alone = [project.suggest([document], k=20)[0] for document in others]
    for mine, theirs in zip(together, alone, strict=True):
        assert {one.tag: pytest.approx(one.confidence, abs=2e-6) for one in mine} == {
            one.tag: one.confidence for one in theirs
        }


def test_a_row_says_what_suggest_says(trained_folder, others, tmp_path):
    out = tmp_path / "out.jsonl"
    project = Project.open(trained_folder)
    project.tag(others, out, k=5, min_confidence=0.1)
    expected = project.suggest(others, k=5)
    for row, document, found in zip(read_results(out), others, expected, strict=True):
        assert row.id == document.id
        assert row.calibrated
        kept = [(one.tag, one.name, one.confidence) for one in found if one.confidence >= 0.1]
        assert [(one.tag, one.name, one.confidence) for one in row.suggestions] == kept


def test_a_finished_file_is_left_and_one_of_other_options_is_refused(trained, others, tmp_path):
    out, project = tmp_path / "out.jsonl", Project.open(trained)
    project.tag(others, out)
    assert project.tag(others, out, workers=2).state == "finished already"
    with pytest.raises(OutputError, match="k: 10, now 5"):
        project.tag(others, out, k=5)
    project.add_documents([Document("new", "bees", tags=("t:x",))])
    with pytest.raises(OutputError, match="model: "):
        Project.open(trained).tag(others, out)
    assert project.tag(others, out, overwrite=True).state == "finished"


def test_the_same_project_under_another_name_goes_on_with_a_file(trained, others, tmp_path, monkeypatch):
    out = tmp_path / "out.jsonl"
    Project.open(trained).tag(others, out)
    monkeypatch.chdir(trained.parent)
    assert Project.open(trained.name).tag(others, out).state == "finished already"
    trained.rename("moved")
    assert Project.open("moved").tag(others, out).state == "finished already"


def test_a_document_that_cannot_be_tagged_says_why_and_stops_no_other(trained_folder, others, tmp_path, monkeypatch):
    assembly_of = Project.open(trained_folder)
    recall = assembly_of.tagger.assembly.recall

    def stumble(documents, **options):
        if any(document.id == others[7].id for document in documents):
            raise ValueError("too odd")
        return recall(documents, **options)

    monkeypatch.setattr(assembly_of.tagger.assembly, "recall", stumble)
    out = tmp_path / "out.jsonl"
    assert assembly_of.tag(others, out).failed == 1
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert rows[7] == {"id": others[7].id, "suggestions": [], "calibrated": True, "error": "ValueError: too odd"}
    assert all(row["suggestions"] for row in [*rows[:7], *rows[8:]])


def test_what_is_wrong_with_the_project_ends_the_work_instead_of_failing_every_document(
    trained_folder, others, tmp_path, monkeypatch
):
    project = Project.open(trained_folder)

    def damaged(*_, **__):
        raise IntegrityError("model.onnx is not the file that was saved")

    monkeypatch.setattr(project.tagger.assembly, "recall", damaged)
    with pytest.raises(IntegrityError):
        project.tag(others, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize("options", [{"k": 0}, {"workers": 0}, {"min_confidence": 1.5}, {"min_confidence": -0.1}])
def test_options_out_of_range_are_refused(trained_folder, others, tmp_path, options):
    with pytest.raises(ConfigError):
        Project.open(trained_folder).tag(others, tmp_path / "out.jsonl", **options)


def test_a_crash_costs_at_most_a_block_of_whole_blocks_of_the_tagger():
    assert tagging._ROWS % tagging.BLOCK == 0
