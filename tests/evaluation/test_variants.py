"""The named variants of metrics, by loops over documents and by scikit-learn, on random data and to 1e-9."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, ndcg_score, precision_score, recall_score

from tagwright.errors import ConfigError
from tagwright.evaluation import metrics as m
from tagwright.evaluation.evaluate import evaluate
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.labels import tag_scores
from tagwright.evaluation.ranked import Ranked
from tagwright.evaluation.reliability import ece

EXACT = 1e-9


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


def records(case) -> list[tuple[list[tuple[str, float]], set[str]]]:
    """(suggestions, gold) of the documents that have gold."""
    return [(row, set(wanted)) for row, wanted in zip(case.suggested, case.wanted, strict=True) if wanted]


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("cut", [0.0, 0.3, 0.8])
def test_accuracy_with_its_variant_and_coverage_are_the_loops(case, k: int, cut: float) -> None:
    kept = [([tag for tag, value in row if value >= cut], gold) for row, gold in records(case)]
    shares = [mean([float(tag in gold) for tag in tags[:k]]) for tags, gold in kept if tags]
    accuracy = m.accuracy(case.judged, k, cut=cut)
    assert accuracy.value == pytest.approx(mean(shares), abs=EXACT, nan_ok=True)
    every = m.accuracy(case.judged, k, cut=cut, every=True)
    assert every.value == pytest.approx(sum(shares) / len(kept), abs=EXACT)
    coverage = m.coverage(case.judged, k, cut=cut)
    assert coverage.value == pytest.approx(mean([float(len(tags) >= k) for tags, _ in kept]), abs=EXACT)


def test_a_document_that_is_given_none_is_left_out_or_counts_as_nothing() -> None:
    gold = Gold.from_ids([["a"], ["b"]], {"a": 0, "b": 1})
    judged = Judged.judge(Ranked.from_results([[("a", 0.9), ("b", 0.8)], []], {"a": 0, "b": 1}), gold)
    assert m.accuracy(judged, 3, cut=0.5).value == 0.5
    assert m.accuracy(judged, 3, cut=0.5, every=True).value == 0.25
    assert m.coverage(judged, 1, cut=0.5).value == 0.5


@pytest.mark.parametrize("budget", [3, 20])
def test_right_and_hit_rates_are_the_loops(case, budget: int) -> None:
    hits = [sum(tag in gold for tag, _ in row[:budget]) for row, gold in records(case)]
    assert m.right(case.judged, budget).value == pytest.approx(mean(hits), abs=EXACT)
    for n in (1, 2, 3):
        expected = mean([float(found >= n) for found in hits])
        assert m.hit_rate(case.judged, n, budget, depth=budget).value == pytest.approx(expected, abs=EXACT)


def test_hit_rates_below_their_budget_are_refused_and_not_reported(case) -> None:
    for ask in (lambda: m.right(case.judged, depth=19), lambda: m.hit_rate(case.judged, 1, depth=19)):
        with pytest.raises(ConfigError, match="20 candidates a document, but only 19"):
            ask()
    names = evaluate(case.ranked, case.gold, cut=0.5, train_counts=np.ones(case.n_tags), n_train=9, depth=10).metrics
    assert "P@10" in names
    assert not [name for name in names if name.startswith(("#", "HR")) or "@20" in name or "@50" in name]


@pytest.mark.parametrize("k", [1, 3, 10])
def test_psp_without_normalisation_is_the_loop(case, k: int) -> None:
    counts = np.random.default_rng(k).integers(0, 9, case.n_tags)
    c = (math.log(300) - 1) * 2.5**0.55
    worth = {f"t{tag}": 1 + c * (n + 1.5) ** -0.55 for tag, n in enumerate(counts.tolist())}
    per_tag, unseen = m.inverse_propensities(counts, 300)
    ours = m.psp(case.judged, k, m.of_tags(case.judged.gold_tags, per_tag, unseen), normalised=False)
    expected = mean([sum(worth[tag] for tag, _ in row[:k] if tag in gold) / k for row, gold in records(case)])
    assert ours.value == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize("k", [1, 5, 10, 20])
def test_ece_at_k_and_of_a_band_is_the_loop_over_ranges(case, k: int) -> None:
    counts = np.arange(case.n_tags) % 25
    for low, high in ((0, 10**9), (1, 4), (20, 10**9)):
        bins: dict[int, list[tuple[float, bool]]] = {}
        for row, gold in records(case):
            for tag, value in row[:k]:
                if low <= counts[int(tag[1:])] <= high:
                    bins.setdefault(min(int(value * 10), 9), []).append((value, tag in gold))
        n = sum(map(len, bins.values()))
        expected = sum(abs(sum(v for v, _ in b) - sum(r for _, r in b)) for b in bins.values()) / n
        only = m.in_band(m.of_tags(case.judged.tags, counts, 0), low, high)
        assert ece(case.judged, only=only, depth=k) == pytest.approx(expected, abs=EXACT)


def test_macro_f1_both_ways_over_all_tags_and_of_means_are_those_of_scikit_learn(case) -> None:
    judged, n = case.judged, case.n_tags
    gold, given_ = np.zeros((judged.n_documents, n + 1), dtype=int), np.zeros((judged.n_documents, n + 1), dtype=int)
    gold[judged.gold_rows, np.where(judged.gold_tags < 0, n, judged.gold_tags)] = 1
    kept = judged.confidences >= 0.3
    given_[judged.rows[kept], judged.tags[kept]] = 1
    scores = tag_scores(judged, cut=0.3)
    each = f1_score(gold, given_, average=None, zero_division=0)
    used, supported = gold.any(axis=0) | given_.any(axis=0), gold.any(axis=0)
    assert scores.macro_f1 == pytest.approx(each[used].mean(), abs=EXACT)
    assert scores.macro_f1_of_gold == pytest.approx(each[supported].mean(), abs=EXACT)
    assert scores.macro_f1_of_all(n) == pytest.approx(each[:n].mean(), abs=EXACT)
    p, r = (
        average(gold[:, used], given_[:, used], average="macro", zero_division=0)
        for average in (precision_score, recall_score)
    )
    assert scores.macro_f1_of_means == pytest.approx(2 * p * r / (p + r), abs=EXACT)
    assert len({scores.macro_f1, scores.macro_f1_of_gold, scores.macro_f1_of_all(n), scores.macro_f1_of_means}) == 4


def test_no_tag_at_all_has_no_macro_f1() -> None:
    scores = tag_scores(Judged.judge(Ranked.from_results([], {}), Gold.from_ids([], {})), cut=0.5)
    assert np.isnan([scores.macro_f1, scores.macro_f1_of_gold, scores.macro_f1_of_means]).all()
    assert np.isnan(scores.macro_f1_of_all(0))
    assert scores.macro_f1_of_all(5) == 0


@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_ndcg_is_that_of_scikit_learn_without_ties(seed: int, n_tags: int, k: int) -> None:
    chance = np.random.default_rng(seed)
    gold = chance.random((9, n_tags)) < 0.3
    gold[:, 0] |= ~gold.any(axis=1)
    scores = chance.permuted(np.tile(np.arange(1, n_tags + 1) / n_tags, (9, 1)), axis=1)
    order = np.argsort(-scores, axis=1)
    offsets = np.arange(10) * n_tags
    ranked = Ranked(offsets, order.ravel(), np.take_along_axis(scores, order, axis=1).ravel())
    judged = Judged.judge(ranked, Gold.from_lists([np.flatnonzero(row) for row in gold]))
    assert m.ndcg(judged, k).value == pytest.approx(ndcg_score(gold, scores, k=k, ignore_ties=True), abs=EXACT)


@pytest.mark.parametrize("k", [1, 3, 7])
def test_r_precision_and_rp_are_the_loops(case, k: int) -> None:
    def found(row: list[tuple[str, float]], gold: set[str], depth: int) -> int:
        return sum(tag in gold for tag, _ in row[:depth])

    every = records(case)
    expected = mean([found(row, gold, len(gold)) / len(gold) for row, gold in every])
    assert m.r_precision(case.judged).value == pytest.approx(expected, abs=EXACT)
    expected = mean([found(row, gold, k) / min(k, len(gold)) for row, gold in every])
    assert m.rp(case.judged, k).value == pytest.approx(expected, abs=EXACT)


def test_a_probability_that_keeps_its_word_has_hardly_any_calibration_error() -> None:
    chance = np.random.default_rng(0)
    n = 20_000
    values = -np.sort(-chance.random((n, 2)), axis=1)
    right = chance.random((n, 2)) < values
    rows = [[tag for tag in (0, 1) if right[i, tag]] + [2] for i in range(n)]
    tags = np.tile([0, 1], n)
    judged = Judged.judge(Ranked(np.arange(n + 1) * 2, tags, values.ravel()), Gold.from_lists(rows))
    assert ece(judged) < 0.01
    assert ece(judged, depth=1) < 0.01
