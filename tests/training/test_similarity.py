"""Similarity of tags and of documents by who has whom: Jaccard, whatever the paper's matrices are printed as."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tagwright.training.similarity import document_similarity, identical, label_similarity, partnered

# Documents d1 {a, b, c}, d2 {a, b}, d3 {a, b, c}, d4 {d}; nobody has e.
GIVEN = np.array([[1, 1, 1, 0, 0], [1, 1, 0, 0, 0], [1, 1, 1, 0, 0], [0, 0, 0, 1, 0]])

batches = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=9))


def drawn() -> Iterator[np.ndarray[Any, Any]]:
    random = np.random.default_rng(0)
    for _ in range(100):
        documents, tags = random.choice(12, 2, replace=False) + 1
        yield random.random((documents, tags)) < random.random()


def jaccard(lists: list[set[int]]) -> np.ndarray[Any, Any]:
    found = np.eye(len(lists), dtype=np.float32)
    for (i, one), (j, other) in product(enumerate(lists), repeat=2):
        if i != j and one | other:
            found[i, j] = len(one & other) / len(one | other)
    return found


def test_by_hand() -> None:
    third = 2 / 3
    expected = [[1, third, 1, 0], [third, 1, third, 0], [1, third, 1, 0], [0, 0, 0, 1]]
    assert np.allclose(document_similarity(GIVEN), expected)
    labels = label_similarity(GIVEN)
    assert labels[0, 1] == 1 and labels[0, 2] == pytest.approx(2 / 3) and labels[0, 3] == 0
    assert labels[4].tolist() == [0, 0, 0, 0, 1], "a tag that nobody has is like itself alone"


def test_tags_make_a_square_of_tags_and_documents_one_of_documents() -> None:
    assert GIVEN.shape == (4, 5)
    assert label_similarity(GIVEN).shape == (5, 5) and document_similarity(GIVEN).shape == (4, 4)


def test_they_are_what_sets_say_on_a_hundred_random_batches() -> None:
    for right in drawn():
        assert right.shape[0] != right.shape[1], "a square batch would hide which is which"
        documents = [set(np.flatnonzero(row)) for row in right]
        tags = [set(np.flatnonzero(column)) for column in right.T]
        assert np.allclose(document_similarity(right), jaccard(documents))
        assert np.allclose(label_similarity(right), jaccard(tags))


@given(batches)
def test_they_are_symmetric_between_0_and_1_and_1_on_the_diagonal(right: Any) -> None:
    for alike in (label_similarity(right), document_similarity(right)):
        assert np.array_equal(alike, alike.T) and (np.diag(alike) == 1).all()
        assert np.isfinite(alike).all() and alike.min() >= 0 and alike.max() <= 1


@given(batches, st.randoms(use_true_random=False))
def test_another_order_gives_the_same_in_that_order(right: Any, random: Any) -> None:
    rows, columns = (random.sample(range(n), n) for n in right.shape)
    turned = right[rows][:, columns]
    assert np.array_equal(document_similarity(turned), document_similarity(right)[np.ix_(rows, rows)])
    assert np.array_equal(label_similarity(turned), label_similarity(right)[np.ix_(columns, columns)])


def test_documents_with_the_very_same_tags_are_partners_and_no_others() -> None:
    alike = document_similarity(GIVEN)
    assert np.argwhere(identical(alike)).tolist() == [[0, 2], [2, 0]]
    assert alike[0, 1] == pytest.approx(2 / 3), "{a, b, c} and {a, b} are no partners, but alike"
    assert partnered(alike) == 0.5


def test_documents_without_tags_are_nobodys_partners() -> None:
    alike = document_similarity(np.zeros((3, 2)))
    assert np.array_equal(alike, np.eye(3)) and partnered(alike) == 0.0
    assert partnered(document_similarity(np.zeros((0, 2)))) == 0.0
