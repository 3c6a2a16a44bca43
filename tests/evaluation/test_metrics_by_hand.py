"""Every metric on a case small enough to be computed on paper."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tagwright.evaluation import metrics as m
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.labels import best_cut, tag_scores
from tagwright.evaluation.ranked import Ranked

POSITIONS = {name: number for number, name in enumerate("abcdef")}


@pytest.fixture
def judged() -> Judged:
    """Three documents that count.

    1: a right, b wrong, c right of gold a c d. 2: nothing of gold b. 3: e wrong, f right of gold f and a stranger.
    """
    suggested = [
        [("a", 0.9), ("b", 0.6), ("c", 0.4)],
        [],
        [("a", 0.9)],
        [("e", 0.8), ("f", 0.3)],
    ]
    gold = Gold.from_ids([["a", "c", "d"], ["b"], [], ["f", "stranger"]], POSITIONS)
    return Judged.judge(Ranked.from_results(suggested, POSITIONS), gold)


def test_documents_without_gold_are_left_out_and_counted(judged: Judged) -> None:
    assert judged.left_out == 1
    assert judged.documents.tolist() == [0, 1, 3]
    assert judged.sizes.tolist() == [3, 1, 2]


def test_precision_divides_by_k_or_by_what_was_given(judged: Judged) -> None:
    assert m.precision(judged, 5).value == pytest.approx((2 / 5 + 0 + 1 / 5) / 3)
    assert m.precision_of_given(judged, 5).value == pytest.approx((2 / 3 + 0 + 1 / 2) / 3)
    assert m.precision_of_given(judged, 1).value == pytest.approx(1 / 3)


def test_recall_divides_by_all_gold_tags(judged: Judged) -> None:
    assert m.recall(judged, 2).value == pytest.approx((1 / 3 + 0 + 1 / 2) / 3)


def test_f1_of_each_record_and_of_the_means_differ(judged: Judged) -> None:
    assert m.f1(judged, 2).value == pytest.approx((2 / 5 + 0 + 2 / 4) / 3)
    p, r = (1 / 2 + 0 + 1 / 2) / 3, (1 / 3 + 0 + 1 / 2) / 3
    assert m.f1_of_means(judged, 2) == pytest.approx(2 * p * r / (p + r))


def test_ndcg_is_ideal_over_the_gold_that_fits(judged: Judged) -> None:
    second, third = 1 / math.log2(3), 1 / math.log2(4)
    assert m.ndcg(judged, 3).value == pytest.approx(
        ((1 + third) / (1 + second + third) + 0 + second / (1 + second)) / 3
    )
    assert m.ndcg(judged, 1).value == pytest.approx(1 / 3)


def test_r_precision_and_rp(judged: Judged) -> None:
    assert m.r_precision(judged).value == pytest.approx((2 / 3 + 0 + 1 / 2) / 3)
    assert m.rp(judged, 2).value == pytest.approx((1 / 2 + 0 + 1 / 2) / 3)
    assert m.rp(judged, 5).value == pytest.approx((2 / 3 + 0 + 1 / 2) / 3)


def test_right_and_hit_rates_within_the_budget(judged: Judged) -> None:
    assert m.right(judged).value == pytest.approx(1.0)
    assert m.right(judged, 1).value == pytest.approx(1 / 3)
    assert [m.hit_rate(judged, n).value for n in (1, 2, 3)] == pytest.approx([2 / 3, 1 / 3, 0])


def test_accuracy_leaves_out_what_abstained_and_coverage_shows_it(judged: Judged) -> None:
    assert m.accuracy(judged, 3, cut=0.5).value == pytest.approx((1 / 2 + 0) / 2)
    assert m.coverage(judged, 1, cut=0.5).value == pytest.approx(2 / 3)
    assert m.accuracy(judged, 3, cut=0.85).value == 1.0
    assert m.coverage(judged, 1, cut=0.85).value == pytest.approx(1 / 3)
    assert m.coverage(judged, 2, cut=0.5).value == pytest.approx(1 / 3)
    assert math.isnan(m.accuracy(judged, 3, cut=0.99).value)


def test_micro_scores_are_sums_over_all_documents(judged: Judged) -> None:
    assert m.micro_precision(judged, cut=0.4).value == pytest.approx(2 / 4)
    assert m.micro_recall(judged, cut=0.4).value == pytest.approx(2 / 6)
    assert m.micro_f1(judged, cut=0.4).value == pytest.approx(4 / 10)
    assert m.tags_given(judged, cut=0.4).value == pytest.approx(4 / 3)


def test_macro_f1_over_both_sets_of_tags(judged: Judged) -> None:
    scores = tag_scores(judged, cut=0.4)
    assert len(scores.tags) == 7  # gold: a c d b f stranger; only given: e (b is both)
    assert scores.macro_f1 == pytest.approx(2 / 7)
    assert scores.macro_f1_of_gold == pytest.approx(2 / 6)


def test_the_best_cut_is_between_different_values(judged: Judged) -> None:
    # 0.9: 2/7, 0.8: 2/8, 0.6: 2/9, 0.4: 4/10, 0.3: 6/11
    assert best_cut(judged) == 0.3
    assert m.micro_f1(judged, cut=0.3).value == pytest.approx(6 / 11)


def test_psp_is_worth_by_rarity_over_the_best_that_was_possible(judged: Judged) -> None:
    counts, n = np.array([100, 0, 3, 50, 9, 1]), 1000
    c = (math.log(n) - 1) * 2.5**0.55
    worth = {name: 1 + c * (counts[place] + 1.5) ** -0.55 for name, place in POSITIONS.items()}
    unseen = 1 + c * 1.5**-0.55
    per_tag, elsewhere = m.inverse_propensities(counts, n)
    assert per_tag.tolist() == pytest.approx(list(worth.values()))
    assert elsewhere == pytest.approx(unseen)
    of_gold = m.of_tags(judged.gold_tags, per_tag, elsewhere)
    best = sorted([worth["a"], worth["c"], worth["d"]])[-2:]
    expected = (worth["a"] + worth["f"]) / (sum(best) + worth["b"] + worth["f"] + unseen)
    assert m.psp(judged, 2, of_gold).value == pytest.approx(expected)
    plain = m.psp(judged, 2, of_gold, normalised=False).value
    assert plain == pytest.approx((worth["a"] / 2 + worth["f"] / 2) / 3)


def test_with_fewer_than_three_training_documents_every_tag_is_worth_the_same() -> None:
    for n in (0, 1, 2):
        per_tag, elsewhere = m.inverse_propensities(np.array([0, n]), n)
        assert [*per_tag, elsewhere] == [1, 1, 1]


def test_recall_by_band_is_pooled_over_the_gold_tags_of_the_band(judged: Judged) -> None:
    counts = np.array([100, 0, 4, 19, 5, 20])  # a 20+, b 0, c 1-4, d 5-19, f 20+; the stranger 0
    found = m.recall_by_band(judged, 10, counts)
    assert {name: ratio.bottom.sum() for name, ratio in found.items()} == {"0": 2, "1-4": 1, "5-19": 1, "20+": 2}
    assert [ratio.value for ratio in found.values()] == [0, 1, 0, 1]
    assert m.recall_by_band(judged, 1, counts)["20+"].value == 0.5
    assert math.isnan(m.recall_by_band(judged, 1, np.array([7] * 6))["1-4"].value)
