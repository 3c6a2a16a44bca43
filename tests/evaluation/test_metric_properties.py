from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwright.evaluation.evaluate import evaluate
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.metrics import coverage, of_tags
from tagwright.evaluation.ranked import Ranked
from tagwright.evaluation.report import Report

TAGS = 12
POSITIONS = {f"t{number}": number for number in range(TAGS)}
names = st.sampled_from([*POSITIONS, "stranger", "other"])
rows = st.lists(
    st.tuples(names, st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0])), max_size=10, unique_by=lambda p: p[0]
)
documents = st.lists(st.tuples(rows, st.lists(names, max_size=5)), max_size=8)
counts = np.arange(TAGS) * 3

IN_0_1 = ("P@", "R@", "F1@", "nDCG@", "PSP@", "RP@", "R-", "HR#", "micro", "macro", "Acc@", "Coverage@", "ECE", "Brier")


def report_of(some: list[tuple[list[tuple[str, float]], list[str]]], cut: float = 0.5) -> Report:
    ranked = Ranked.from_results([suggested for suggested, _ in some], POSITIONS)
    gold = Gold.from_ids([wanted for _, wanted in some], POSITIONS)
    return evaluate(ranked, gold, cut=cut, train_counts=counts, n_train=100)


def equal(a: Report, b: Report) -> bool:
    return a.metrics == pytest.approx(b.metrics, abs=1e-12, nan_ok=True)


@given(documents)
def test_every_share_lies_between_0_and_1(some) -> None:
    metrics = report_of(some).metrics
    assert len(metrics) > 80
    for name, value in metrics.items():
        if name.startswith(IN_0_1):
            assert np.isnan(value) or -1e-12 <= value <= 1 + 1e-12, name


@given(documents, st.randoms())
def test_the_order_of_documents_makes_no_difference(some, chance) -> None:
    shuffled = list(some)
    chance.shuffle(shuffled)
    assert equal(report_of(some), report_of(shuffled))


@given(documents, st.permutations(range(TAGS)))
def test_the_numbering_of_tags_makes_no_difference(some, places) -> None:
    positions = {name: places[number] for name, number in POSITIONS.items()}
    ranked = Ranked.from_results([suggested for suggested, _ in some], positions)
    gold = Gold.from_ids([wanted for _, wanted in some], positions)
    moved = np.empty(TAGS, dtype=int)
    moved[list(places)] = counts
    assert equal(evaluate(ranked, gold, cut=0.5, train_counts=moved, n_train=100), report_of(some))


@given(documents)
def test_documents_without_gold_make_no_difference_and_are_counted(some) -> None:
    report, more = report_of(some), report_of([*some, ([("t1", 0.5)], []), ([], [])])
    assert equal(report, more)
    assert more.left_out == report.left_out + 2


@given(documents)
def test_recall_and_hit_rates_are_monotone(some) -> None:
    m = report_of(some).metrics
    if not np.isnan(m["R@1"]):
        assert m["R@1"] <= m["R@3"] <= m["R@5"] <= m["R@10"] <= m["R@100"]
        assert m["HR#1"] >= m["HR#2"] >= m["HR#3"]


@given(documents, st.floats(0, 1), st.floats(0, 1), st.integers(1, 5))
def test_coverage_never_rises_with_the_cut(some, one, other, k) -> None:
    ranked = Ranked.from_results([suggested for suggested, _ in some], POSITIONS)
    judged = Judged.judge(ranked, Gold.from_ids([wanted for _, wanted in some], POSITIONS))
    low, high = coverage(judged, k, cut=min(one, other)).value, coverage(judged, k, cut=max(one, other)).value
    assert np.isnan(low) or low >= high


@given(documents, st.floats(0, 1))
def test_no_cut_is_better_than_the_best_cut(some, cut) -> None:
    metrics = report_of(some, cut).metrics
    if not np.isnan(metrics["cut*"]):
        assert metrics["microF1"] <= metrics["microF1*"] + 1e-12


@given(documents)
@settings(max_examples=30)
def test_gold_as_suggestions_is_perfect(some) -> None:
    perfect = [([(tag, 1.0) for tag in dict.fromkeys(wanted) if tag in POSITIONS], wanted) for _, wanted in some]
    perfect = [(s, w) for s, w in perfect if s and len(s) == len(set(w))]
    if not perfect:
        return
    metrics = report_of(perfect).metrics
    ones = ["nDCG@1", "nDCG@10", "R@10", "F1@10", "PSP@5", "R-precision", "RP@3", "microF1", "macroF1", "Acc@5"]
    assert [metrics[name] for name in ones] == pytest.approx([1.0] * len(ones))
    assert metrics["ECE"] == metrics["Brier"] == metrics["overconfidence"] == 0


def test_nothing_at_all_is_undefined_and_breaks_nothing() -> None:
    report = report_of([])
    assert np.isnan(report.metrics["nDCG@10"])
    assert np.isnan(report.metrics["ECE"])
    assert report.as_dict()["metrics"]["nDCG@10"] is None


def test_values_of_tags_beyond_the_table_are_those_of_elsewhere() -> None:
    assert of_tags(np.array([-5, 0, 2, 99]), np.array([1, 2, 3]), 7).tolist() == [7, 1, 3, 7]
