from __future__ import annotations

import numpy as np
import pytest

from tagwright.evaluation.bootstrap import paired_bootstrap
from tagwright.evaluation.metrics import PerDocument


def mean_of(values: np.ndarray) -> PerDocument:
    return PerDocument(values, np.ones(len(values)))


@pytest.mark.parametrize(("n", "simulations"), [(30, 1000), (200, 1000)])
def test_two_equal_systems_are_told_apart_in_at_most_7_of_100_simulations(n: int, simulations: int) -> None:
    chance = np.random.default_rng(0)
    covered = 0
    for seed in range(simulations):
        difficulty = chance.random(n)
        a, b = (chance.random((2, n)) < difficulty).astype(float)
        covered += not paired_bootstrap({"m": mean_of(a)}, {"m": mean_of(b)}, seed=seed, rounds=500)["m"].is_significant
    assert covered / simulations >= 0.93


def test_a_better_system_is_found_better_although_documents_differ_more_than_systems() -> None:
    chance = np.random.default_rng(1)
    difficulty = chance.random(500)
    noise = chance.normal(0, 0.05, (2, 500))
    found = paired_bootstrap({"m": mean_of(difficulty + 0.02 + noise[0])}, {"m": mean_of(difficulty + noise[1])})["m"]
    assert 0 < found.low < found.difference < found.high < 0.04
    assert found.is_significant


def test_the_interval_is_that_of_the_normal_approximation_where_that_holds() -> None:
    values = np.random.default_rng(2).normal(0.3, 1, 2000)
    found = paired_bootstrap({"m": mean_of(values)}, {"m": mean_of(np.zeros(2000))})["m"]
    half = 1.96 * values.std() / np.sqrt(2000)
    assert found.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_a_ratio_of_sums_is_resampled_as_one() -> None:
    bottom = np.random.default_rng(3).integers(1, 9, 300).astype(float)
    found = paired_bootstrap({"m": PerDocument(bottom / 2, bottom)}, {"m": PerDocument(bottom / 4, bottom)})["m"]
    assert (found.a, found.b) == (0.5, 0.25)
    assert found.low == pytest.approx(0.25)
    assert found.high == pytest.approx(0.25)


def test_the_same_seed_gives_the_same_interval_however_many_metrics() -> None:
    a, b, c = (mean_of(values) for values in np.random.default_rng(4).random((3, 100)))
    alone = paired_bootstrap({"m": a}, {"m": b}, seed=5)["m"]
    among = paired_bootstrap({"m": a, "n": c, "only here": c}, {"n": b, "m": b}, seed=5)["m"]
    assert (among.low, among.high) == pytest.approx((alone.low, alone.high), abs=1e-12)
    assert paired_bootstrap({"m": a}, {"m": b}, seed=6)["m"] != alone


def test_what_has_nothing_to_divide_by_has_no_interval() -> None:
    nothing = PerDocument(np.zeros(3), np.zeros(3))
    found = paired_bootstrap({"m": nothing}, {"m": nothing})["m"]
    assert np.isnan([found.a, found.low, found.high]).all()
    assert not found.is_significant
    empty = PerDocument(np.zeros(0), np.zeros(0))
    assert np.isnan(paired_bootstrap({"m": empty}, {"m": empty})["m"].low)
