"""One-vs-rest linear classifiers: learned from all documents, or where these are many, from those that matter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tagwright.candidates import Floats
from tagwright.recall.points import Points, load_points, save_points, sparse
from tagwright.recall.products import best_dense, product, prune, unit, unit_rows

Rows = NDArray[np.int64]

# Coarser than the library's default: half the time, and the ranking learns from the order, not from the fourth digit.
_TOLERANCE = 0.1
_ROUNDS = 200
# Of a tag's documents, which its nearest others are looked for by, so many strongest terms are enough.
_TERMS = 100
# Tags times documents whose likeness is held at a time: 24 MB.
_CELLS = 6_000_000
# Where words are the columns, weights nearer to 0 are dropped, as label trees and DiSMEC do: models stay small.
_WORTH_KEEPING = 0.02


@dataclass(frozen=True, eq=False)
class Hyperplanes:
    """``weights`` (width, n_tags) float32, dense or CSR, and ``intercepts`` (n_tags,): one classifier a column."""

    weights: Points
    intercepts: Floats

    def margins(self, points: Points) -> Floats:
        """(n, n_tags): how far on the right side each row is; a sparse row is the same to the bit in every batch."""
        if sparse(self.weights):
            sums: Floats = product(points, self.weights).toarray() + self.intercepts
            return sums
        found: Floats = points @ self.weights + self.intercepts
        return found

    def of(self, columns: NDArray[np.integer], tag: int) -> Floats:
        """(n,) the weights of these columns for one tag."""
        found = self.weights[columns, tag]
        return np.asarray(found.todense()).ravel() if sparse(self.weights) else np.asarray(found)

    def save(self, folder: Path) -> None:
        """Writes both as npy."""
        save_points(self.weights, folder)
        np.save(folder / "intercepts.npy", self.intercepts)

    @classmethod
    def load(cls, folder: Path) -> Hyperplanes:
        """Those that `save` wrote; the weights are mapped."""
        return cls(load_points(folder), np.load(folder / "intercepts.npy"))


def from_all(points: Points, carried: sp.csc_matrix, weights: NDArray[np.float64], strength: float) -> Hyperplanes:
    """Each classifier learned from all ``points`` (n, width); ``carried`` (n, n_tags) bool; liblinear's C = strength.

    ``weights`` (n,): how much each document counts.
    """
    found = np.zeros((points.shape[1], carried.shape[1]), dtype=np.float32)
    intercepts = np.zeros(carried.shape[1], dtype=np.float32)
    exact = points.astype(np.float64)  # once, and not by the library for each tag
    for tag in range(carried.shape[1]):
        right = np.zeros(points.shape[0], dtype=bool)
        right[_carrying(carried, tag)] = True
        found[:, tag], intercepts[tag] = _learned(exact, right, weights, strength)
    return Hyperplanes(found, intercepts)


@dataclass(frozen=True)
class Sample:
    """Which documents teach a tag, beside those that carry it.

    ``nearest``: so many others that are most like them (twice as many as carry it, if that is more). ``drawn``: rows
    that stand for all that are left, each of them for many.
    """

    nearest: int
    drawn: Rows


def from_some(
    points: Points, carried: sp.csc_matrix, weights: NDArray[np.float64], strength: float, sample: Sample
) -> Hyperplanes:
    """`from_all` with a `Sample` of the documents that do not carry a tag: time grows with the tags, not with both.

    Hard negatives are those of label trees (Parabel, Prabhu et al. 2018; PECOS, Yu et al. 2022), whose matcher shows a
    classifier only what comes near; the drawn ones keep the classifiers of different tags comparable.
    """
    columns, intercepts = [], np.zeros(carried.shape[1], dtype=np.float32)
    turned = points.T.tocsr() if sparse(points) else points.T
    size = max(1, _CELLS // max(1, carried.shape[0]))
    for start in range(0, carried.shape[1], size):
        block = carried[:, start : start + size]
        near = _nearness(points, turned, block)
        for place in range(block.shape[1]):
            own = _carrying(block, place)
            rows, counted = _teaching(near[place], own, sample)
            part, used = _narrow(points[rows])
            learned, intercepts[start + place] = _learned(
                part, np.arange(len(rows)) < len(own), weights[rows] * counted, strength
            )
            columns.append(_column(learned, used, points.shape[1]))
    kept = sp.csr_matrix(sp.hstack(columns, format="csr")) if sparse(points) else np.concatenate(columns, axis=1)
    return Hyperplanes(kept, intercepts)


def _carrying(carried: sp.csc_matrix, tag: int) -> Rows:
    found: Rows = carried.indices[carried.indptr[tag] : carried.indptr[tag + 1]].astype(np.int64)
    return found


def _nearness(points: Points, turned: Points, carried: sp.csc_matrix) -> Floats:
    """(n_tags, n): how like the middle of each tag's documents every document is."""
    sums = carried.T.astype(np.float32) @ points
    if sparse(points):
        found: Floats = product(prune(unit_rows(sp.csr_matrix(sums)), _TERMS), turned).toarray()
        return found
    return np.asarray(unit(sums) @ turned, dtype=np.float32)


def _teaching(near: Floats, own: Rows, sample: Sample) -> tuple[Rows, NDArray[np.float64]]:
    """(those that carry the tag, then those that do not, for how many each of them stands)."""
    without = np.ones(len(near), dtype=bool)
    without[own] = False
    others = np.flatnonzero(without)
    wanted = max(sample.nearest, 2 * len(own))
    if wanted < len(others):
        nearest = others[best_dense(near[others][None], wanted)[1]]
        drawn = np.setdiff1d(sample.drawn, np.concatenate([own, nearest]))
        left = len(others) - len(nearest)
    else:
        nearest, drawn, left = others, sample.drawn[:0], 0
    counted = np.ones(len(own) + len(nearest) + len(drawn))
    counted[len(own) + len(nearest) :] = left / max(len(drawn), 1)
    return np.concatenate([own, nearest, drawn]), counted


def _narrow(points: Points) -> tuple[Points, NDArray[np.int64] | None]:
    """(the rows without the columns in which all are 0, which columns are left); dense rows stay as they are."""
    if not sparse(points):
        return points.astype(np.float64), None
    marked, places = np.zeros(points.shape[1], dtype=bool), np.empty(points.shape[1], dtype=np.int32)
    marked[points.indices] = True
    used = np.flatnonzero(marked)
    places[used] = np.arange(len(used))
    entries = (points.data.astype(np.float64), places[points.indices], points.indptr)
    return sp.csr_matrix(entries, shape=(points.shape[0], len(used))), used


def _column(learned: NDArray[np.float64], used: NDArray[np.int64] | None, width: int) -> Points:
    """(width, 1): the weights where they belong; of words only those that matter."""
    if used is None:
        dense: Floats = learned[:, None].astype(np.float32)
        return dense
    kept = np.flatnonzero(np.abs(learned) >= _WORTH_KEEPING)
    where = (used[kept], np.zeros(len(kept), dtype=np.int64))
    return sp.csc_matrix((learned[kept].astype(np.float32), where), shape=(width, 1))


def _learned(
    points: Points, right: NDArray[np.bool_], weights: NDArray[np.float64], strength: float
) -> tuple[NDArray[np.float64], float]:
    from sklearn.svm import LinearSVC  # not before it is needed: a cold start would wait for it

    # Coordinates are visited in an order drawn by chance: the seed makes trainings alike.
    model = LinearSVC(C=strength, tol=_TOLERANCE, dual=True, max_iter=_ROUNDS, random_state=0)
    model.fit(points, right, sample_weight=weights)
    return model.coef_[0], float(model.intercept_[0])
