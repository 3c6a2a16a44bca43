"""What a project's evaluation reports beside the ranking."""

from __future__ import annotations

import numpy as np
import pytest

from tagwright.evaluation import load_candidates, save_candidates
from tagwright.evaluation.hierarchy import hierarchical
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.ranked import Ranked
from tagwright.project import Project
from tagwright.project.evaluating import report
from tagwright.vocabulary.hierarchy import closure_of


def test_hierarchical_metrics_are_reported_where_the_vocabulary_has_a_hierarchy(trained, others, tmp_path) -> None:
    with Project.open(trained) as project:
        found, saved = project.evaluate(others)
        closure = closure_of(project.vocabulary, with_roots=False)
        assert closure is not None
        judged = Judged.judge(Ranked.from_candidates(saved.candidates), saved.gold)
        expected = hierarchical(judged, closure, cut=project.tagger.cut)
        assert {name: found.metrics[name] for name in expected} == {n: one.value for n, one in expected.items()}
        assert found.metrics["hF1"] > found.metrics["microF1"]
    save_candidates(tmp_path / "saved.npz", saved)
    assert report(load_candidates(tmp_path / "saved.npz")).to_json() == found.to_json()


def test_nothing_is_reported_that_looks_deeper_than_was_asked(untrained, others) -> None:
    with Project.open(untrained) as project:
        found, saved = project.evaluate(others, k=5)
    assert np.diff(saved.candidates.offsets).max() <= 5
    assert "P@5" in found.metrics
    assert not {"P@10", "R@100", "#Right", "HR#1"} & set(found.metrics)
    assert found.metrics["hR"] == pytest.approx(found.metrics["hR"], nan_ok=False)
