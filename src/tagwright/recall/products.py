"""Small verbs on blocks of scores: the best of each row, the values at given pairs, rows of length 1."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]

_WIDE = 100_000


def product(rows: sp.csr_matrix, others: sp.csr_matrix) -> sp.csr_matrix:
    """(n_rows, n) float32: ``rows @ others``, columns in any order; what adds up to 0 may be left out.

    Both ways add in the same order, so a row is the same to the bit whoever else is in the batch. One that is asked
    about alone, or many columns, are added up in a full row: scipy goes through everything twice and chains what it
    finds (2.1 CPU ms more for a text and a million names). Many short rows are quicker with scipy.
    """
    if others.nnz == 0 or rows.nnz == 0:
        return sp.csr_matrix((rows.shape[0], others.shape[1]), dtype=np.float32)
    if rows.shape[0] > 1 and others.shape[1] < _WIDE:
        return rows @ others
    found, lengths = [], [0]
    for low, high in pairwise(rows.indptr.tolist()):
        sums = others[rows.indices[low:high]].T @ rows.data[low:high]
        columns = np.flatnonzero(sums != 0)
        found.append((sums[columns], columns))
        lengths.append(len(columns))
    values, columns = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return sp.csr_matrix((values, columns, np.cumsum(lengths)), shape=(rows.shape[0], others.shape[1]))


def best(product: sp.csr_matrix, k: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """(rows, columns, values) of the ``k`` highest stored values of each row, ties to the lower column.

    By row, then column; the matrix is left as it is, for to sort all of a product costs more than to make it.
    """
    chosen = []
    for low, high in zip(product.indptr[:-1].tolist(), product.indptr[1:].tolist(), strict=True):
        columns = product.indices[low:high]
        places = _highest_of(product.data[low:high], columns, k) if high - low > k else np.arange(high - low)
        chosen.append(low + places[np.argsort(columns[places], kind="stable")])
    kept = np.concatenate(chosen) if chosen else np.empty(0, dtype=np.int64)
    rows = np.repeat(np.arange(len(chosen)), np.array([len(places) for places in chosen], dtype=np.int64))
    return rows, product.indices[kept].astype(np.int64), product.data[kept]


def best_dense(scores: NDArray[np.float32], k: int, floor: float = -np.inf) -> Pairs:
    """(rows, columns) of the ``k`` highest values of each row that lie above ``floor``, ties to the lower column."""
    if scores.shape[1] > k:
        kept = np.zeros(scores.shape, dtype=bool)
        for row, values in enumerate(scores):
            kept[row] = _highest(values, k)
        kept &= scores > floor
    else:
        kept = scores > floor
    rows, columns = np.nonzero(kept)
    return rows, columns


def prune(matrix: sp.csr_matrix, k: int) -> sp.csr_matrix:
    """Only the ``k`` highest stored values of each row."""
    rows, columns, values = best(matrix, k)
    return sp.csr_matrix((values, (rows, columns)), shape=matrix.shape)


def at(matrix: sp.csr_matrix, rows: NDArray[np.integer], columns: NDArray[np.integer]) -> NDArray[np.float32]:
    """(n,) float32: the stored values at these places, NaN where nothing is stored; the matrix need not be sorted."""
    found = np.full(len(rows), np.nan, dtype=np.float32)
    row = np.full(matrix.shape[1], np.nan, dtype=np.float32)
    order = np.argsort(rows, kind="stable")
    edges = np.flatnonzero(np.diff(rows[order], prepend=-1, append=-1))
    for start, end in pairwise(edges.tolist()):
        wanted = order[start:end]
        low, high = matrix.indptr[rows[wanted[0]]], matrix.indptr[rows[wanted[0]] + 1]
        row[matrix.indices[low:high]] = matrix.data[low:high]
        found[wanted] = row[columns[wanted]]
        row[matrix.indices[low:high]] = np.nan
    return found


def unit_rows(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Rows of length 1; empty rows stay empty."""
    squares = np.zeros(matrix.shape[0])
    filled = np.flatnonzero(np.diff(matrix.indptr))
    if len(filled):
        squares[filled] = np.add.reduceat(matrix.data.astype(np.float64) ** 2, matrix.indptr[filled])
    scale = np.repeat(1 / np.sqrt(np.maximum(squares, 1e-30)), np.diff(matrix.indptr))
    return sp.csr_matrix(((matrix.data * scale).astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Dense rows of length 1; zero rows stay zero."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))[:, None]
    scaled: NDArray[np.floating] = vectors / np.maximum(lengths, 1e-12)
    return scaled.astype(np.float32)


def spread(offsets: NDArray[np.integer], rows: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For CSR ``offsets`` and chosen ``rows``: (which of ``rows``, place in the CSR data) of all their entries."""
    starts = np.asarray(offsets, dtype=np.int64)[rows]
    lengths = np.asarray(offsets, dtype=np.int64)[np.asarray(rows) + 1] - starts
    owner = np.repeat(np.arange(len(rows)), lengths)
    within = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return owner, starts[owner] + within


def _highest(values: NDArray[np.float32], k: int) -> NDArray[np.bool_]:
    edge = np.partition(values, len(values) - k)[len(values) - k]
    kept: NDArray[np.bool_] = values > edge
    ties = np.flatnonzero(values == edge)[: k - int(kept.sum())]
    kept[ties] = True
    return kept


def _highest_of(values: NDArray[np.float32], columns: NDArray[np.integer], k: int) -> NDArray[np.int64]:
    """The places of the ``k`` highest values, of equal ones those with the lower column."""
    edge = np.partition(values, len(values) - k)[len(values) - k]
    above, ties = np.flatnonzero(values > edge), np.flatnonzero(values == edge)
    return np.concatenate([above, ties[np.argsort(columns[ties], kind="stable")[: k - len(above)]]])
