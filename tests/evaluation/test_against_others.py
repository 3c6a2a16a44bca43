"""The same numbers as the neutral scorer, scikit-learn, and the formulas written as loops."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, f1_score, ndcg_score, precision_score, recall_score

from tagwright.evaluation import metrics as m
from tagwright.evaluation.evaluate import DEEP, KS, evaluate
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.labels import tag_scores
from tagwright.evaluation.ranked import Ranked
from tagwright.evaluation.report import Report

SCORER_NAMES = {
    **{f"{name}@{k}": f"{name}@{k}" for name in ("P", "R", "F1", "nDCG", "PSP") for k in KS},
    **{f"P@{k}(annif)": f"P@{k}(annif)" for k in KS},
    **{f"R@{k}": f"R@{k}" for k in DEEP},
    "microF1*": "microF1*",
    "microF1*_thr": "cut*",
    "microF1*_P": "microP*",
    "microF1*_R": "microR*",
    "microF1*_tags/doc": "tags/doc*",
    "ECE(top20)": "ECE",
    "Brier(top20)": "Brier",
    **{f"goldR@{k}[train {band}]": f"R@{k}[{band}]" for k in (10, 50) for band, _, _ in m.BANDS},
    **{f"n_gold[train {band}]": f"gold[{band}]" for band, _, _ in m.BANDS},
}


def assert_equal_to_scorer(shared: Path, files: tuple[Path, Path, Path], evaluated: Any) -> None:
    suggestions, gold, train = map(str, files)
    command = [sys.executable, str(shared / "tools" / "score.py"), suggestions, gold, "--train", train, "--json"]
    scores = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    report: Report = evaluated(0.5)
    assert len(report.documents) == scores.pop("docs")
    at_macro = evaluated(scores.pop("macroF1*_thr")).metrics
    assert at_macro["macroF1"] == pytest.approx(scores.pop("macroF1*"), abs=1e-9)
    assert at_macro["macroF1(gold)"] == pytest.approx(scores.pop("macroF1*_goldlabels"), abs=1e-9)
    assert evaluated(scores["microF1*_thr"]).metrics["microF1"] == pytest.approx(scores["microF1*"], abs=1e-9)
    ours = {theirs: report.metrics[name] for theirs, name in SCORER_NAMES.items()}
    assert ours == pytest.approx(scores, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("seed", range(3))
def test_generated_suggestions_score_as_the_neutral_scorer_says(
    shared: Path, tmp_path: Path, make_case, seed: int
) -> None:
    case, training = make_case(seed, documents=80), make_case(seed + 100, documents=200)
    files = (tmp_path / "suggestions.jsonl", tmp_path / "gold.jsonl", tmp_path / "train.jsonl")
    write(files[0], [{"id": str(i), "suggestions": row} for i, row in enumerate(case.suggested)])
    write(files[1], [{"id": str(i), "subjects": row} for i, row in enumerate(case.wanted)])
    write(files[2], [{"id": str(i), "subjects": row} for i, row in enumerate(training.wanted)])
    counted = Counter(tag for row in training.wanted for tag in set(row))
    # The scorer counts a tag by its name, be it in a vocabulary or not: here all are.
    positions = {**case.positions, "not in the vocabulary": case.n_tags}
    counts = np.array([counted[tag] for tag in positions])
    ranked, gold = Ranked.from_results(case.suggested, positions), Gold.from_ids(case.wanted, positions)
    assert_equal_to_scorer(shared, files, lambda cut: evaluate(ranked, gold, cut=cut, train_counts=counts, n_train=200))


def test_the_peers_suggestions_score_as_the_neutral_scorer_says(shared: Path) -> None:
    folder = shared / "data" / "tibkat-en"
    files = (
        shared / "peers" / "annif" / "tibkat-en-test.ens-bm.jsonl.gz",
        folder / "test.jsonl.gz",
        folder / "train.jsonl.gz",
    )
    if not all(path.exists() for path in files):
        pytest.skip("the peer's suggestions are not here")
    suggestions = {row["id"]: row["suggestions"] for row in read(files[0])}
    documents = read(files[1])
    training = [set(row["subjects"]) for row in read(files[2])]
    counted = Counter(tag for row in training for tag in row)
    names = [tag for row in suggestions.values() for tag, _ in row] + [t for d in documents for t in d["subjects"]]
    positions = {tag: place for place, tag in enumerate(dict.fromkeys([*counted, *names]))}
    ranked = Ranked.from_results([suggestions.get(d["id"], []) for d in documents], positions)
    gold = Gold.from_ids([d["subjects"] for d in documents], positions)
    counts = np.array([counted[tag] for tag in positions])
    assert_equal_to_scorer(
        shared, files, lambda cut: evaluate(ranked, gold, cut=cut, train_counts=counts, n_train=len(training))
    )


def read(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def matrices(judged: Judged, n_tags: int, cut: float = -1.0) -> tuple[np.ndarray, np.ndarray]:
    """(n_documents, n_tags + 1) gold and given as 0/1; the last column is the tag that the vocabulary lacks."""
    gold = np.zeros((judged.n_documents, n_tags + 1), dtype=int)
    given = np.zeros_like(gold)
    gold[judged.gold_rows, np.where(judged.gold_tags < 0, n_tags, judged.gold_tags)] = 1
    kept = judged.confidences >= cut
    given[judged.rows[kept], judged.tags[kept]] = 1
    return gold, given


@pytest.mark.parametrize("k", [1, 3, 10])
def test_ndcg_is_that_of_scikit_learn(case, k: int) -> None:
    judged = case.judged
    gold, _ = matrices(judged, case.n_tags)
    scores = np.zeros(gold.shape)
    scores[judged.rows, judged.tags] = 1000 - judged.ranks
    # Where fewer than k were suggested, scikit-learn would rank the others in the order of its columns.
    whole = judged.lengths >= k
    ours = m.ndcg(judged, k).take(whole).value
    assert ours == pytest.approx(ndcg_score(gold[whole], scores[whole], k=k), abs=1e-12)


def test_f1_is_that_of_scikit_learn(case) -> None:
    judged = case.judged
    gold, given = matrices(judged, case.n_tags, cut=0.3)
    active, supported = gold.any(axis=0) | given.any(axis=0), gold.any(axis=0)
    scores = tag_scores(judged, cut=0.3)

    def macro(tags: np.ndarray) -> float:
        return f1_score(gold[:, tags], given[:, tags], average="macro", zero_division=0)

    assert m.micro_f1(judged, cut=0.3).value == pytest.approx(f1_score(gold, given, average="micro"), abs=1e-12)
    assert m.micro_precision(judged, cut=0.3).value == pytest.approx(precision_score(gold, given, average="micro"))
    assert m.micro_recall(judged, cut=0.3).value == pytest.approx(recall_score(gold, given, average="micro"))
    assert scores.macro_f1 == pytest.approx(macro(active), abs=1e-12)
    assert scores.macro_f1_of_gold == pytest.approx(macro(supported), abs=1e-12)
    assert scores.macro_f1 != scores.macro_f1_of_gold


def test_f1_and_precision_of_records_are_the_sample_averages_of_scikit_learn(case) -> None:
    judged = case.judged
    gold, given = matrices(judged, case.n_tags)
    assert m.f1(judged, 99).value == pytest.approx(f1_score(gold, given, average="samples", zero_division=0))
    ours = m.precision_of_given(judged, 99).value
    assert ours == pytest.approx(precision_score(gold, given, average="samples", zero_division=0))


def test_brier_is_that_of_scikit_learn(case) -> None:
    judged = case.judged
    shown = judged.ranks < 20
    report = evaluate(case.ranked, case.gold, cut=0.5)
    expected = brier_score_loss(judged.hits[shown], judged.confidences[shown])
    assert report.metrics["Brier"] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("k", [1, 5, 50])
def test_psp_is_the_formula_as_a_loop(case, k: int) -> None:
    counts = np.random.default_rng(k).integers(0, 50, case.n_tags)
    per_tag, unseen = m.inverse_propensities(counts, 500, a=0.6, b=2.6)
    worth = {**{f"t{tag}": value for tag, value in enumerate(per_tag)}, "not in the vocabulary": unseen}
    top = bottom = 0.0
    for suggested, wanted in zip(case.suggested, case.wanted, strict=True):
        top += sum(worth[tag] for tag, _ in suggested[:k] if tag in wanted)
        bottom += sum(sorted((worth[tag] for tag in wanted), reverse=True)[:k])
    judged = case.judged
    ours = m.psp(judged, k, m.of_tags(judged.gold_tags, per_tag, unseen)).value
    assert ours == pytest.approx(top / bottom, abs=1e-9)
