from __future__ import annotations

import numpy as np
import pytest

from tagwright.evaluation.gold import Gold
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.ranked import Ranked
from tagwright.evaluation.reliability import Bin, brier, ece, overconfidence, reliability


def judged_of(confidences: np.ndarray, right: np.ndarray) -> Judged:
    """Documents (rows) of suggestions with these confidences, of which these are right; each has gold."""
    order = np.argsort(-confidences, axis=1)
    confidences, right = np.take_along_axis(confidences, order, 1), np.take_along_axis(right, order, 1)
    documents, depth = confidences.shape
    ranked = Ranked(
        np.arange(documents + 1) * depth, np.tile(np.arange(depth), documents), confidences.ravel().astype(float)
    )
    return Judged.judge(ranked, Gold.from_lists([[*np.flatnonzero(row), depth + 1] for row in right]))


def test_the_error_is_computed_as_on_paper() -> None:
    judged = judged_of(np.array([[0.95, 0.91, 0.25, 1.0]]), np.array([[True, False, True, True]]))
    assert ece(judged) == pytest.approx((3 * abs(2.86 / 3 - 2 / 3) + 1 * abs(0.25 - 1)) / 4)
    assert brier(judged) == pytest.approx((0.05**2 + 0.91**2 + 0.75**2 + 0) / 4)
    assert overconfidence(judged) == (pytest.approx(2.86 / 3 - 2 / 3), 3)
    table = reliability(judged)
    assert [b.count for b in table] == [0, 0, 1, 0, 0, 0, 0, 0, 0, 3]
    assert table[9] == Bin(0.9, 1.0, 3, pytest.approx(2.86 / 3), pytest.approx(2 / 3))


def test_what_says_the_truth_has_an_error_below_one_in_a_hundred() -> None:
    chance = np.random.default_rng(0)
    confidences = chance.beta(0.5, 2, (4000, 20))
    judged = judged_of(confidences, chance.random(confidences.shape) < confidences)
    assert ece(judged) < 0.01
    assert abs(overconfidence(judged)[0]) < 0.01


def test_what_exaggerates_is_found_out() -> None:
    chance = np.random.default_rng(0)
    truth = chance.beta(0.5, 2, (2000, 20))
    judged = judged_of(np.sqrt(truth), chance.random(truth.shape) < truth)
    assert ece(judged) > 0.1
    assert overconfidence(judged)[0] > 0.1


def test_only_what_a_person_sees_counts() -> None:
    confidences = np.tile(np.linspace(1, 0.1, 30), (2, 1))
    first_twenty = judged_of(confidences[:, :20], np.zeros((2, 20), dtype=bool))
    all_thirty = judged_of(confidences, np.zeros((2, 30), dtype=bool))
    assert ece(all_thirty) == ece(first_twenty)
    assert brier(all_thirty) == brier(first_twenty)


def test_a_score_that_is_no_probability_is_clipped() -> None:
    judged = judged_of(np.array([[7.0, -3.0]]), np.array([[True, False]]))
    assert ece(judged) == brier(judged) == 0


def test_some_of_the_suggestions_can_be_looked_at_alone() -> None:
    judged = judged_of(np.array([[0.9, 0.1]]), np.array([[True, False]]))
    assert ece(judged, only=np.array([True, False])) == pytest.approx(0.1)
    assert np.isnan(ece(judged, only=np.array([False, False])))
