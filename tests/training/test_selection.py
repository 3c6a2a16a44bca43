"""Few documents of many: every topic is there, and the same ones every time."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwright.training.selection import diverse


def clusters(sizes: list[int], seed: int, spread: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """(vectors, number of each one's cluster), in random order; clusters are ten times as far apart as wide."""
    chance = np.random.default_rng(seed)
    owners = chance.permutation(np.repeat(np.arange(len(sizes)), sizes))
    width = 8
    middles = np.zeros((len(sizes), width))
    middles[np.arange(len(sizes)), np.arange(len(sizes)) % width] = 1 + np.arange(len(sizes)) // width
    noise = chance.normal(size=(len(owners), width))
    noise *= spread / 2 / np.linalg.norm(noise, axis=1, keepdims=True)
    return (middles[owners] + noise).astype(np.float32), owners


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=12), st.integers(0, 1000), st.integers(0, 20))
def test_every_cluster_of_a_corpus_is_covered(sizes: list[int], seed: int, more: int) -> None:
    vectors, owners = clusters(sizes, seed)
    chosen = diverse(vectors, len(sizes) + more)
    assert set(owners[chosen]) == set(range(len(sizes)))
    assert len(chosen) == min(len(sizes) + more, len(vectors))
    assert (np.diff(chosen) > 0).all()


def test_small_topics_come_whole_and_large_ones_are_thinned_out() -> None:
    vectors, owners = clusters([1000, 1000, 5, 5], seed=1)
    chosen = diverse(vectors, 110, centres=4)
    assert np.bincount(owners[chosen]).tolist() == [50, 50, 5, 5]


def test_the_choice_is_the_same_every_time_and_another_seed_gives_another_one() -> None:
    vectors, _ = clusters([300, 300], seed=2)
    assert diverse(vectors, 40, centres=4).tolist() == diverse(vectors.copy(), 40, centres=4).tolist()
    assert diverse(vectors, 40, centres=4).tolist() != diverse(vectors, 40, centres=4, seed=1).tolist()


def test_few_documents_are_all_taken_and_equal_ones_do_no_harm() -> None:
    assert diverse(np.zeros((3, 2)), 5).tolist() == [0, 1, 2]
    assert len(diverse(np.zeros((30, 2)), 7)) == 7
    assert diverse(np.zeros((0, 2)), 7).tolist() == []
