"""Moving the threshold of an evaluation, and what it warns of."""

from __future__ import annotations

import json

from tagwright.evaluation import load_candidates
from tagwright.pipeline.assembly import Assembly
from tagwright.project import evaluating


def test_another_cut_counts_other_suggestions_and_needs_no_project(tagwright, trained, others, tmp_path):
    saved = tmp_path / "saved.npz"
    done = tagwright("eval", others(40), "-p", trained, "--save-candidates", saved, "--json")
    assert done.code == 0, done.err
    low, high = (
        tagwright("eval", "--candidates", saved, "--cut", cut, "--json", cwd=tmp_path).json() for cut in (0.05, 0.9)
    )
    assert (low["cut"], high["cut"]) == (0.05, 0.9)
    assert low["metrics"]["tags/doc"] > done.json()["metrics"]["tags/doc"] > high["metrics"]["tags/doc"]
    assert low["metrics"]["nDCG@10"] == high["metrics"]["nDCG@10"] == done.json()["metrics"]["nDCG@10"]
    assert low["metrics"]["F1(set)"] == high["metrics"]["F1(set)"] > 0, "the sets of the project's own cut stay"


def test_moving_a_threshold_asks_no_channel(tagwright, trained, others, tmp_path, monkeypatch):
    saved = tmp_path / "saved.npz"
    assert tagwright("eval", others(20), "-p", trained, "--save-candidates", saved).code == 0

    def asked(*_: object, **__: object) -> None:
        raise AssertionError("a channel was asked")

    monkeypatch.setattr(Assembly, "recall", asked)
    candidates = load_candidates(saved)
    for cut in (0.1, 0.5):
        assert evaluating.report(evaluating.with_settings(candidates, cut=cut)).cut == cut


def test_documents_unlike_those_of_training_are_told(tagwright, trained, tmp_path):
    strange = tmp_path / "strange.jsonl"
    rows = [{"id": f"s{n}", "text": f"xq{n} zw{n}", "subjects": ["g:bees"]} for n in range(80)]
    strange.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = tagwright("eval", strange, "-p", trained)
    assert done.code == 0 and "differ from those that the confidence was learned from" in done.err, done.err
    tagged = tagwright("tag", strange, "-o", tmp_path / "out.jsonl", "-p", trained)
    assert "differ from those" in tagged.err
