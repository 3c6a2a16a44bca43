"""Rows of numbers, dense or sparse: put together, turned, saved and mapped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias, TypeGuard

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tagwright.recall.products import product

# float32 (n, width): an array, or CSR with ascending indices.
Points: TypeAlias = "NDArray[np.float32] | sp.csr_matrix"

_STEPS = np.float32(2048)


def sparse(points: Points) -> TypeGuard[sp.csr_matrix]:
    """Whether these are CSR rows."""
    return bool(sp.issparse(points))


def stacked(points: Sequence[Points]) -> Points:
    """All rows, one block below the other."""
    if len(points) == 1:
        return points[0]
    return sp.vstack(points, format="csr") if sparse(points[0]) else np.concatenate(points)


def beside(points: Sequence[Points]) -> Points:
    """All columns, one block beside the other."""
    if len(points) == 1:
        return points[0]
    return sp.hstack(points, format="csr") if sparse(points[0]) else np.concatenate(points, axis=1)


def turned(points: Points) -> Points:
    """(width, n), laid out for `cosines`."""
    return points.T.tocsr() if sparse(points) else np.ascontiguousarray(_on_grid(points).T)


def cosines(points: Points, others: Points) -> Points:
    """(n_points, n): the cosines of rows of length 1 at most with those that were `turned`.

    The same to the bit, whoever else is in the batch and whatever the processor. A product of dense matrices is summed
    in an order that depends on both, so its last digits do; here the numbers are first rounded to multiples of 2^-11:
    their products are multiples of 2^-22, and float32 holds all sums of those up to 4 exactly, in any order. What it
    costs is a standard error of 0.0002 of a cosine.
    """
    return product(points, others) if sparse(points) else _on_grid(points) @ others


def _on_grid(points: NDArray[np.float32]) -> NDArray[np.float32]:
    grid: NDArray[np.float32] = np.rint(points * _STEPS, dtype=np.float32) / _STEPS
    return grid


def save_points(points: Points, folder: Path) -> None:
    """Writes dense rows as one npy, sparse rows as four."""
    folder.mkdir(parents=True, exist_ok=True)
    if sparse(points):
        np.save(folder / "data.npy", points.data)
        np.save(folder / "indices.npy", points.indices.astype(np.int32))
        np.save(folder / "offsets.npy", points.indptr.astype(np.int64))
        np.save(folder / "shape.npy", np.array(points.shape, dtype=np.int64))
    else:
        np.save(folder / "dense.npy", np.asarray(points, dtype=np.float32))


def load_points(folder: Path) -> Points:
    """What `save_points` wrote, mapped."""
    if (folder / "dense.npy").exists():
        dense: NDArray[np.float32] = np.load(folder / "dense.npy", mmap_mode="r")
        return dense
    data, indices, offsets = (np.load(folder / f"{n}.npy", mmap_mode="r") for n in ("data", "indices", "offsets"))
    shape = tuple(np.load(folder / "shape.npy").tolist())
    return sp.csr_matrix((data, indices, offsets), shape=shape, copy=False)
