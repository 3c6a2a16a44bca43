"""How alike tags and documents of a batch are, by who has whom: the two similarity matrices of SEP-MLDC."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def label_similarity(right: NDArray[np.generic]) -> Floats:
    """W_y (L, L) in [0, 1]: documents with both tags over documents with either (SEP-MLDC, Eq. 5 to 8).

    ``right`` is Y (bs, L), 1 or true where a document has a tag. The paper prints W_y as (bs, bs), and E as the
    identity matrix; but Y^T Y is (L, L), and with E a row of ones A_ij = S_i + S_j - same_ij is the size of the union:
    Jaccard. A tag that no document has is like itself alone.
    """
    given = np.asarray(right, dtype=np.float32)
    same = given.T @ given
    counts = given.sum(axis=0)
    union = counts[:, None] + counts[None, :] - same
    alike: Floats = np.divide(same, union, out=np.zeros_like(same), where=union > 0)
    np.fill_diagonal(alike, 1.0)
    return alike


def document_similarity(right: NDArray[np.generic]) -> Floats:
    """W_x (bs, bs) in [0, 1]: tags that two documents share over tags that either has (SEP-MLDC, Eq. 10 to 13).

    It is exactly 1 where two have the same tags, one at least; a document without tags is like itself alone. Printed as
    (L, L), which is read as in `label_similarity`.
    """
    return label_similarity(np.asarray(right).T)


def identical(alike: Floats) -> NDArray[np.bool_]:
    """(bs, bs) bool: P_x, the other documents with the very tags of each, from W_x."""
    found: NDArray[np.bool_] = alike == 1.0
    np.fill_diagonal(found, False)
    return found


def partnered(alike: Floats) -> float:
    """The share of documents for which P_x is not empty: the others add nothing to the loss of documents."""
    return float(identical(alike).any(axis=1).mean()) if len(alike) else 0.0
