"""Small verbs on blocks of scores."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from tagwright.recall import products
from tagwright.recall.points import cosines, turned
from tagwright.recall.products import at, best, best_dense, product, prune, spread, unit, unit_rows

BLOCKS = st.integers(0, 2**16).map(
    lambda seed: np.random.default_rng(seed).integers(0, 4, (3, 7)).astype(np.float32)  # many ties, many zeros
)


def plain(row: np.ndarray, k: int, floor: float) -> list[int]:
    return sorted(sorted(np.flatnonzero(row > floor).tolist(), key=lambda column: (-row[column], column))[:k])


def shuffled(block: np.ndarray) -> sp.csr_matrix:
    """The same as a product gives it: within a row in any order."""
    ordered = sp.csr_matrix(block)
    places = np.concatenate([np.arange(*edge)[::-1] for edge in pairwise(ordered.indptr)])
    return sp.csr_matrix((ordered.data[places], ordered.indices[places], ordered.indptr), shape=block.shape)


@given(BLOCKS, st.integers(1, 9))
def test_the_best_of_each_row_are_those_of_a_plain_sort(block: np.ndarray, k: int) -> None:
    stored, dense = best(shuffled(block), k), best_dense(block, k, floor=0.0)
    assert np.array_equal(stored[2], block[stored[0], stored[1]])
    for rows, columns in (stored[:2], dense):
        for row in range(len(block)):
            assert columns[rows == row].tolist() == plain(block[row], k, 0)


@pytest.mark.parametrize("wide", [0, 10**6])
def test_a_product_is_the_same_to_the_bit_whoever_else_is_in_the_batch(
    wide: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "_WIDE", wide)
    chance = np.random.default_rng(3)
    rows, others = (sp.random(*shape, 0.3, "csr", np.float32, chance) for shape in ((9, 40), (40, 500)))
    rows = sp.diags(np.where(np.arange(9) == 4, 0, 1).astype(np.float32)).tocsr() @ rows
    rows.eliminate_zeros()
    whole = product(rows, others)
    alone = sp.vstack([product(rows[place], others) for place in range(9)])
    assert np.array_equal(whole.toarray(), alone.toarray())
    assert whole.toarray() == pytest.approx(rows.toarray() @ others.toarray(), abs=1e-5)
    assert product(rows[4], others).nnz == 0 and product(rows, others[:, :0]).shape == (9, 0)


def test_what_lies_on_the_floor_is_left_out() -> None:
    block = np.array([[0.5, 0.8, 0.8000001, 1.0]], dtype=np.float32)
    assert best_dense(block, 4, floor=0.8)[1].tolist() == [2, 3]
    assert best_dense(block, 2, floor=0.8)[1].tolist() == [2, 3]
    assert best_dense(block, 4)[1].tolist() == [0, 1, 2, 3]


@given(BLOCKS, BLOCKS)
def test_stored_values_are_found_and_others_are_nan(block: np.ndarray, other: np.ndarray) -> None:
    rows, columns = np.nonzero(other + 1)
    found = at(sp.csr_matrix(block), rows, columns)
    assert np.array_equal(found, np.where(block > 0, block, np.nan).ravel(), equal_nan=True)


def test_pruned_rows_keep_their_highest_values() -> None:
    pruned = prune(sp.csr_matrix(np.array([[3, 1, 2], [0, 1, 0]], dtype=np.float32)), 2)
    assert pruned.toarray().tolist() == [[3, 0, 2], [0, 1, 0]]


@given(BLOCKS)
def test_rows_get_length_one_and_empty_ones_stay_empty(block: np.ndarray) -> None:
    lengths = np.where(block.any(axis=1), 1.0, 0.0)
    assert np.linalg.norm(unit(block), axis=1) == pytest.approx(lengths, abs=1e-6)
    assert np.linalg.norm(unit_rows(sp.csr_matrix(block)).toarray(), axis=1) == pytest.approx(lengths, abs=1e-6)


def test_entries_of_chosen_rows_are_spread_out() -> None:
    owner, place = spread(np.array([0, 2, 2, 5]), np.array([2, 0, 1, 2]))
    assert owner.tolist() == [0, 0, 0, 1, 1, 3, 3, 3] and place.tolist() == [2, 3, 4, 0, 1, 2, 3, 4]
    assert spread(np.array([0, 2]), np.array([], dtype=np.int64))[0].tolist() == []


@pytest.mark.parametrize("size", [1, 7, 32])
def test_cosines_are_the_same_to_the_bit_whoever_else_is_in_the_batch(size: int) -> None:
    chance = np.random.default_rng(7)
    rows, others = (unit(chance.normal(size=(n, 96)).astype(np.float32)) for n in (64, 500))
    whole = cosines(rows, turned(others))
    parts = np.concatenate([cosines(rows[at : at + size], turned(others)) for at in range(0, 64, size)])
    assert np.array_equal(whole, parts) and np.array_equal(whole[:, ::-1], cosines(rows, turned(others[::-1])))
    assert np.abs(whole - rows.astype(np.float64) @ others.T.astype(np.float64)).max() < 0.0015


def test_cosines_of_sparse_rows_are_those_of_plain_arrays() -> None:
    rows = unit_rows(sp.csr_matrix(np.array([[3, 4, 0], [0, 0, 2]], dtype=np.float32)))
    assert cosines(rows, turned(rows)).toarray() == pytest.approx(np.eye(2))
