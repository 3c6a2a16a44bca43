"""From a score to a probability, and from probabilities to a cut."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwright import registry
from tagwright.calibration.isotonic import Isotonic
from tagwright.calibration.thresholds import best_cut
from tagwright.candidates import Candidates
from tagwright.testing import check_calibration


def scored(fused: list[float]) -> Candidates:
    """One document with a tag a score."""
    n = len(fused)
    return Candidates.from_pairs(1, np.zeros(n, dtype=int), np.arange(n), {"fused": np.array(fused)})


def fitted(fused: list[float], right: list[int], least: int = 1) -> Isotonic:
    return Isotonic(least=least).fit(scored(fused), np.array(right, dtype=bool))


@pytest.mark.parametrize("kind", registry.BUILT_IN["calibration"])
def test_a_registered_calibration_keeps_every_promise(kind: str) -> None:
    check_calibration(partial(registry.build, "calibration", kind, {}))


def test_neighbours_that_violate_the_order_are_pooled() -> None:
    curve = fitted([1, 2, 3, 4, 5, 6], [0, 0, 1, 0, 1, 1])
    # 0 0 | 1 0 pooled to a half | 1 1; a step stands at the mean of its scores
    assert curve.scores_ == pytest.approx([1.5, 3.5, 5.5])
    assert curve.levels_ == pytest.approx([0.5 / 7, 0.5, 1 - 0.5 / 7]), "never 0 or 1: seven more pairs may differ"


def test_between_the_middles_of_steps_the_curve_is_straight_and_beyond_them_flat() -> None:
    curve = fitted([1, 2, 3, 4, 5, 6], [0, 0, 1, 0, 1, 1])
    found = curve.calibrate(scored([-9, 1.5, 2.5, 3.5, 99, float("nan")])).column("confidence")
    low = 0.5 / 7
    assert found == pytest.approx([low, low, (low + 0.5) / 2, 0.5, 1 - low, low])


def test_pairs_of_equal_score_share_a_step_in_whatever_order_they_come() -> None:
    one, two = fitted([1, 1, 1, 2], [1, 0, 0, 1]), fitted([1, 1, 1, 2], [0, 0, 1, 1])
    assert one.scores_.tolist() == two.scores_.tolist() == [1, 2]
    assert one.levels_.tolist() == two.levels_.tolist() == pytest.approx([1 / 3, 0.9])


def test_a_step_rests_on_enough_pairs() -> None:
    fused, right = list(range(10)), [0, 0, 0, 0, 0, 1, 0, 1, 1, 1]
    assert len(fitted(fused, right).scores_) > 2
    curve = fitted(fused, right, least=4)  # 00000 | 10 | 111: from the top the last two are joined
    assert curve.levels_ == pytest.approx([0.5 / 11, 4 / 5]) and curve.scores_ == pytest.approx([2, 7])
    assert fitted([1, 2], [0, 1], least=30).levels_ == pytest.approx([0.5])


def test_nothing_right_is_nearly_never_and_everything_right_nearly_always() -> None:
    assert fitted([1, 2, 3], [0, 0, 0]).levels_ == pytest.approx([0.5 / 4])
    assert fitted([1, 2, 3], [1, 1, 1]).levels_ == pytest.approx([1 - 0.5 / 4])


PAIRS = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]), st.booleans()), min_size=1, max_size=40)


@given(PAIRS, st.integers(1, 8))
def test_a_curve_never_falls_and_stays_between_nought_and_one(pairs: list[tuple[float, bool]], least: int) -> None:
    curve = fitted([score for score, _ in pairs], [int(right) for _, right in pairs], least)
    assert (np.diff(curve.levels_) >= -1e-12).all() and (np.diff(curve.scores_) > 0).all()
    confidence = curve.calibrate(scored(np.linspace(-0.5, 1.5, 50).tolist())).column("confidence")
    assert ((confidence > 0) & (confidence < 1)).all() and (np.diff(confidence) >= 0).all()


@given(PAIRS)
def test_pooling_is_the_nearest_curve_that_does_not_fall(pairs: list[tuple[float, bool]]) -> None:
    """Against the max-min formula of isotonic regression, over groups of equal score."""
    scores = sorted({score for score, _ in pairs})
    hits = [[right for other, right in pairs if other == score] for score in scores]

    def mean(low: int, high: int) -> float:
        values = [right for group in hits[low : high + 1] for right in group]
        return sum(values) / len(values)

    n = len(scores)
    expected = [max(min(mean(low, high) for high in range(place, n)) for low in range(place + 1)) for place in range(n)]
    curve = fitted([score for score, _ in pairs], [int(right) for _, right in pairs])
    bounded = np.clip(sorted(set(np.round(expected, 9))), 0.5 / (len(pairs) + 1), 1 - 0.5 / (len(pairs) + 1))
    assert curve.levels_ == pytest.approx(bounded, abs=1e-8)


def test_a_calibrated_synthetic_set_stays_calibrated() -> None:
    random = np.random.default_rng(0)
    fused = random.random(20_000)
    curve = fitted(fused.tolist(), (random.random(20_000) < fused**2).tolist(), least=30)
    asked = random.random(20_000)
    confidence = curve.calibrate(scored(asked.tolist())).column("confidence").astype(np.float64)
    bins = np.minimum((confidence * 10).astype(int), 9)
    right = random.random(20_000) < asked**2
    gaps = [
        abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
        for b in range(10)
        if (bins == b).any()
    ]
    assert sum(gaps) < 0.01


def test_its_file_is_json(tmp_path: Path) -> None:
    fitted([1, 2, 3], [0, 1, 1]).save(tmp_path)
    said = json.loads((tmp_path / "calibration.json").read_text(encoding="utf-8"))
    assert set(said) == {"format", "learned"} and set(said["learned"]) == {"scores", "levels", "bounds"}


def test_the_best_cut_by_hand() -> None:
    confidence = np.array([0.9, 0.7, 0.7, 0.2])
    right = np.array([True, True, False, False])
    # F1 at 0.9: 2·1/(1+3); at 0.7, both of them: 2·2/(3+3); at 0.2: 2·2/(4+3)
    assert best_cut(confidence, right, 3) == 0.7
    assert best_cut(confidence, np.array([True, False, False, False]), 1) == 0.9


def test_without_candidates_or_gold_the_cut_is_a_half() -> None:
    assert best_cut(np.array([]), np.array([], dtype=bool), 3) == best_cut(np.array([0.4]), np.array([False]), 0) == 0.5


@given(PAIRS, st.integers(0, 5))
def test_no_cut_is_better_than_the_best_cut(pairs: list[tuple[float, bool]], missed: int) -> None:
    confidence, right = np.array([score for score, _ in pairs]), np.array([hit for _, hit in pairs])
    n_gold = int(right.sum()) + missed

    def micro_f1(cut: float) -> float:
        kept = confidence >= cut
        return 2 * (right & kept).sum() / (kept.sum() + n_gold)

    cut = best_cut(confidence, right, n_gold)
    assert 0 <= cut <= 1
    if n_gold:
        assert micro_f1(cut) == pytest.approx(max(micro_f1(value) for value in confidence))
        assert cut in confidence
