"""Classifiers that a sample of the documents teaches: who is in it, for how many each stands, and what is learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from tagwright.recall.hyperplanes import Hyperplanes, Sample, _teaching, from_all, from_some

NEAR = np.array([0.9, 0.1, 0.8, 0.7, 0.0, 0.6, 0.2, 0.0], dtype=np.float32)
IN_TURN = np.arange(240) % 3


def test_a_tag_learns_from_its_own_documents_the_nearest_others_and_some_that_stand_for_the_rest() -> None:
    rows, counted = _teaching(NEAR, np.array([0]), Sample(2, np.array([0, 1, 2, 6])))
    assert rows.tolist() == [0, 2, 3, 1, 6], "document 0 carries the tag and 2 is near: drawn, they stand for nobody"
    assert counted.tolist() == [1, 1, 1, 2.5, 2.5], "five documents are neither, and two stand for them"


def test_a_tag_of_many_documents_learns_from_twice_as_many_others() -> None:
    rows, counted = _teaching(NEAR, np.array([0, 4]), Sample(1, np.array([7])))
    assert rows.tolist() == [0, 4, 2, 3, 5, 6, 7] and counted.tolist() == [1, 1, 1, 1, 1, 1, 2]


def test_where_there_are_few_others_all_of_them_teach_and_none_stands_for_more_than_itself() -> None:
    rows, counted = _teaching(NEAR, np.array([0, 4, 5]), Sample(5, np.array([1, 2, 3])))
    assert sorted(rows) == list(range(8)) and set(counted) == {1}


@given(
    st.integers(2, 60).flatmap(
        lambda n: st.tuples(st.lists(st.floats(0, 1, width=32), min_size=n, max_size=n), st.sets(st.integers(0, n - 1)))
    ),
    st.integers(1, 20), st.sets(st.integers(0, 59)),
)  # fmt: skip
def test_nobody_teaches_twice_and_together_they_stand_for_all(
    said: tuple[list[float], set[int]], nearest: int, drawn: set[int]
) -> None:
    near, own = np.array(said[0], dtype=np.float32), np.array(sorted(said[1]), dtype=np.int64)
    sample = Sample(nearest, np.array(sorted(one for one in drawn if one < len(near)), dtype=np.int64))
    rows, counted = _teaching(near, own, sample)
    assert len(set(rows.tolist())) == len(rows) and rows[: len(own)].tolist() == own.tolist()
    everybody_stands = len(rows) > len(own) + max(nearest, 2 * len(own)) or len(rows) == len(near)
    assert not everybody_stands or counted.sum() == pytest.approx(len(near))
    others = rows[len(own) : len(own) + max(nearest, 2 * len(own))]
    left = np.setdiff1d(np.arange(len(near)), np.concatenate([own, others]))
    assert not len(left) or not len(others) or near[left].max() <= near[others].min()


def library(sorts: np.ndarray = IN_TURN) -> tuple[sp.csr_matrix, sp.csc_matrix]:
    """Documents of ten words of their own sort each; sorts 0 and 1 differ in two words, 2 shares none with them."""
    chance = np.random.default_rng(0)
    shares = np.zeros((3, 30))
    shares[:2, :8], shares[0, 8:10], shares[1, 10:12], shares[2, 12:] = 1, 2, 2, 1
    counts = np.stack([chance.multinomial(10, shares[sort] / shares[sort].sum()) for sort in sorts])
    points = counts / np.linalg.norm(counts, axis=1, keepdims=True)
    return sp.csr_matrix(points.astype(np.float32)), sp.csc_matrix(sorts[:, None] == np.arange(3))


def test_a_sample_teaches_nearly_what_all_documents_teach() -> None:
    points, carried = library()
    ones = np.ones(points.shape[0])
    whole = from_all(points, carried, ones, 1.0).margins(points)
    part = from_some(points, carried, ones, 1.0, Sample(20, np.arange(0, 240, 8))).margins(points)
    right = carried.toarray()
    assert np.mean((whole > 0) == right) > 0.95
    assert np.mean((part > 0) == right) > 0.95
    assert np.corrcoef(whole.ravel(), part.ravel())[0, 1] > 0.97


def test_without_those_that_stand_for_the_rest_a_tag_would_be_given_far_away() -> None:
    sorts = np.repeat([0, 1, 2], [10, 30, 200])
    points, carried = library(sorts)
    alone = from_some(points, carried, np.ones(240), 1.0, Sample(20, np.arange(0)))
    both = from_some(points, carried, np.ones(240), 1.0, Sample(20, np.arange(40, 60)))
    far = points[100:]
    assert both.margins(far)[:, 0].mean() < alone.margins(far)[:, 0].mean() - 0.2


def test_documents_that_weigh_nothing_teach_nothing() -> None:
    points, carried = library()
    weights = np.ones(240)
    weights[120:] = 0
    drawn = Sample(20, np.arange(0, 120, 8))
    learned = from_some(points, carried, weights, 1.0, drawn).margins(points)
    wrong = carried.toarray()
    wrong[120:] = ~wrong[120:]
    other = from_some(points, sp.csc_matrix(wrong), weights, 1.0, drawn).margins(points)
    assert np.mean((learned > 0) == (other > 0)) > 0.9


@pytest.mark.parametrize("dense", [True, False])
def test_what_is_saved_is_mapped_and_says_the_same_alone_and_in_company(dense: bool, tmp_path: Path) -> None:
    points, carried = library()
    given = points.toarray() if dense else points
    made = from_some(given, carried, np.ones(240), 1.0, Sample(20, np.arange(0, 240, 8)))
    made.save(tmp_path)
    found = Hyperplanes.load(tmp_path)
    assert np.array_equal(found.margins(given), made.margins(given))
    assert sp.issparse(found.weights) is not dense
    assert found.of(np.array([0, 9]), 1).tolist() == [made.weights[0, 1], made.weights[9, 1]]
    if not dense:
        assert np.array_equal(found.margins(given[7:8])[0], found.margins(given)[7])
