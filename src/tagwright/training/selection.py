"""The most different ones of many documents: so few that a model can be trained on them, and no topic left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Topics that are told apart; finding them takes n x 512 products, seconds for 100,000 documents of 256 numbers.
_CENTRES = 512


def diverse(vectors: NDArray[np.floating], most: int, *, centres: int = _CENTRES, seed: int = 0) -> NDArray[np.int64]:
    """At most ``most`` rows of ``vectors`` (n, width), ascending: every region of the space has its turn.

    Centres are picked farthest first (Gonzalez 1985): where the rows form at most ``min(most, centres)`` clusters, each
    tighter than half its distance to the others, every cluster holds a centre. All other rows belong to the nearest
    centre, and rows are taken centre by centre, one a round, so that small regions come whole and large ones thinned
    out (the "diversity-based selection" of LLM4Tag section 3.3, which the paper leaves open). The same rows, the same
    choice; ``seed`` says which rows of a region stand for it beside its centre.
    """
    n = len(vectors)
    if n <= most:
        return np.arange(n, dtype=np.int64)
    rows = np.asarray(vectors, dtype=np.float32)
    centre_rows, nearest = _farthest_first(rows, min(most, centres))
    shuffled = np.random.default_rng(seed).permutation(n)
    shuffled = np.concatenate([centre_rows, shuffled[~np.isin(shuffled, centre_rows)]])
    by_region = shuffled[np.argsort(nearest[shuffled], kind="stable")]
    sizes = np.bincount(nearest, minlength=len(centre_rows))
    turns = np.arange(n) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.sort(by_region[np.argsort(turns, kind="stable")][:most])


def _farthest_first(rows: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(at most k,) rows that are centres, and (n,) the number of each row's nearest one; fewer where rows repeat."""
    squares = np.einsum("ij,ij->i", rows, rows)
    centre = int(np.argmin(_distances(rows, squares, rows.mean(axis=0))))
    centres, nearest = [centre], np.zeros(len(rows), dtype=np.int64)
    distances = _distances(rows, squares, rows[centre])
    while len(centres) < k:
        distances[centres] = -1.0  # rounding must not make a centre its own farthest row
        centre = int(np.argmax(distances))
        if distances[centre] <= 0:
            break
        new = _distances(rows, squares, rows[centre])
        nearer = new < distances
        nearer[centres] = False
        nearer[centre] = True
        nearest[nearer] = len(centres)
        distances = np.where(nearer, new, distances)
        centres.append(centre)
    return np.array(centres, dtype=np.int64), nearest


def _distances(
    rows: NDArray[np.float32], squares: NDArray[np.float32], point: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(n,) the squared distances to a point."""
    found: NDArray[np.float32] = np.maximum(squares - 2 * (rows @ point) + point @ point, 0.0)
    return found
