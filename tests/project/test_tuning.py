"""The rule of a project: found, kept, obeyed by tag, gone with the model."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tagwright.corpus import Memory
from tagwright.errors import ConfigError, IntegrityError, OutputError
from tagwright.pipeline.assembly import Assembly
from tagwright.project import Project


def decisions(project, documents, path, k=10):
    project.tag(Memory(documents), path, k=k, overwrite=True)
    return [[s.get("decision") for s in json.loads(line)["suggestions"]] for line in path.open(encoding="utf-8")]


def test_a_rule_is_kept_and_tag_says_what_it_decides(trained, others, tmp_path):
    project = Project.open(trained)
    assert project.rule is None
    assert {word for row in decisions(project, others, tmp_path / "a.jsonl") for word in row} == {None}
    before = project.fingerprint
    report = project.tune({"documents": 0.3, "recall": 0.3}, Memory(others), level=0.5)
    assert (report.rule.documents, report.rule.estimated, report.left_out) == (40, False, 0)
    again = Project.open(trained)
    assert again.rule.promises == report.rule.promises and again.fingerprint != before
    words = {word for row in decisions(again, others, tmp_path / "b.jsonl") for word in row}
    assert words <= {"apply", "review", "drop"} and "drop" in words and len(words) > 1
    assert again.doctor()[0].level == "ok", "the rule is a file of the manifest"


def test_decisions_are_those_of_the_whole_list_however_few_are_written(trained, others, tmp_path):
    project = Project.open(trained)
    project.tune({"documents": 0.3}, Memory(others), level=0.5)
    few, many = (decisions(project, others, tmp_path / f"{k}.jsonl", k) for k in (2, 20))
    assert [row[:2] for row in many] == few


def test_without_other_documents_promises_are_estimates(trained):
    rule = Project.open(trained).tune({"precision": 0.5}).rule
    assert rule.estimated and rule.documents == len(Project.open(trained).out_of_fold().ids)


def test_documents_that_were_learned_from_are_left_out(trained, documents, others):
    report = Project.open(trained).tune({"recall": 0.2}, Memory([*documents[:5], *others]))
    assert (report.left_out, report.rule.documents) == (5, 40)
    with pytest.raises(ConfigError, match="all 5 tagged ones were learned from"):
        Project.open(trained).tune({"recall": 0.2}, Memory(documents[:5]))


def test_training_anew_drops_the_rule_and_says_so(trained, documents):
    project = Project.open(trained)
    project.tune({"recall": 0.2})
    report = project.train(documents)
    assert report.rule_dropped and project.rule is None and "tagwright tune" in report.lines[-1]
    assert not project.train(documents).rule_dropped


def test_a_new_edition_of_the_vocabulary_keeps_the_rule(trained):
    project = Project.open(trained)
    promises = project.tune({"recall": 0.2}).rule.promises
    project.update_vocabulary(project.vocabulary)
    assert Project.open(trained).rule.promises == promises


def test_a_rule_can_be_taken_back(trained):
    project = Project.open(trained)
    before = project.fingerprint
    project.tune({"recall": 0.2})
    project.forget_rule()
    assert project.rule is None and Project.open(trained).fingerprint == before


def test_a_rule_that_was_changed_behind_its_back_is_refused_by_name(trained):
    project = Project.open(trained)
    project.tune({"recall": 0.2})
    path = trained / project.manifest.rule / "rule.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"cut": ', '"cut":  '), encoding="utf-8")
    with pytest.raises(IntegrityError, match=r"rule\.json"):
        Project.open(trained).rule  # noqa: B018


@pytest.mark.parametrize(
    ("targets", "options", "said"),
    [
        ({}, {}, "there is no target"),
        ({"precison": 0.9}, {}, "no target 'precison'"),
        ({"precision": 1.0}, {}, "no share between 0 and 1"),
        ({"precision": 0.9}, {"level": 1.0}, "must lie between 0 and 1"),
    ],
)
def test_a_target_that_means_nothing_is_refused(trained_folder, targets, options, said):
    with pytest.raises(ConfigError, match=said):
        Project.open(trained_folder).tune(targets, **options)


def test_an_untrained_project_has_nothing_to_tune(untrained):
    with pytest.raises(ConfigError, match="not calibrated"):
        Project.open(untrained).tune({"precision": 0.9})


def test_a_rule_from_the_table_of_training_asks_no_channel(trained, monkeypatch):
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("a channel was asked")

    monkeypatch.setattr(Assembly, "recall", asked)
    assert Project.open(trained).tune({"precision": 0.5, "documents": 0.5, "recall": 0.5}).rule.documents > 0


def test_tag_warns_of_documents_that_are_not_like_those_of_the_rule(trained, others, tmp_path):
    project = Project.open(trained)
    project.tune({"recall": 0.2}, Memory([*others, *(twin(d, n) for n in range(2) for d in others)]))
    alike = [twin(document, n) for n in range(2, 4) for document in others]
    assert project.tag(Memory(alike), tmp_path / "a.jsonl").moved == ""
    strange = [twin(document, 9, text="x1 x2 x3", title=f"{n}") for n, document in enumerate(others + alike)]
    strange = [twin(document, n) for n, document in enumerate(strange)]
    assert "the confidence of the best tag was" in project.tag(Memory(strange), tmp_path / "b.jsonl").moved


def twin(document, number, **changes):
    return replace(document, id=f"{document.id}-{number}", **changes)


def test_a_file_of_another_rule_is_refused_like_one_of_another_model(trained, others, tmp_path):
    project, out = Project.open(trained), tmp_path / "out.jsonl"
    project.tag(Memory(others), out)
    project.tune({"recall": 0.2})
    with pytest.raises(OutputError, match="another run"):
        project.tag(Memory(others), out)
