"""Precision, recall and F1 that forgive a tag which is only too broad or too narrow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array, eye_array

from tagwright.evaluation.judged import Judged
from tagwright.evaluation.metrics import PerDocument
from tagwright.evaluation.ranked import Floats, Ints


def ancestors(broader: Sequence[Sequence[int]], *, roots: Sequence[int] = ()) -> csr_array:
    """(n_tags, n_tags) bool: row t holds tag t and all its ancestors, without the ``roots``.

    ``broader``: the positions of each tag's parents. Cycles are allowed. A root that everything descends from says
    nothing and would be right in every document, so name it.
    """
    n = len(broader)
    children = np.repeat(np.arange(n), [len(parents) for parents in broader])
    parents = np.array([p for row in broader for p in row], dtype=np.int64)
    closure = csr_array((np.ones(len(parents), dtype=np.bool_), (children, parents)), shape=(n, n))
    closure = csr_array(closure + eye_array(n, dtype=np.bool_, format="csr"))
    reached = -1
    while closure.nnz != reached:
        reached = closure.nnz
        closure = csr_array(closure @ closure)
    kept = np.ones(n, dtype=np.bool_)
    kept[list(roots)] = False
    return csr_array(closure.multiply(kept[np.newaxis, :]))


def hierarchical(judged: Judged, closure: csr_array, *, cut: float) -> dict[str, PerDocument]:
    """hP, hR, hF1: shared / given, shared / gold, 2 shared / (given + gold), sums over documents of tags and ancestors.

    Given are the suggestions of confidence >= ``cut``; ``closure`` is what `ancestors` made (Kiritchenko et al.
    2006). A tag that the vocabulary does not have stands for itself alone.
    """
    kept = judged.confidences >= cut
    given, outside = _extended(judged, judged.rows[kept], judged.tags[kept], closure)
    gold, missing = _extended(judged, judged.gold_rows, judged.gold_tags, closure)
    shared = given.multiply(gold).sum(axis=1).astype(np.float64)
    n_given, n_gold = given.sum(axis=1) + outside, gold.sum(axis=1) + missing
    return {
        "hP": PerDocument(shared, n_given),
        "hR": PerDocument(shared, n_gold),
        "hF1": PerDocument(2 * shared, n_given + n_gold),
    }


def _extended(judged: Judged, rows: Ints, tags: Ints, closure: csr_array) -> tuple[csr_array, Floats]:
    """(n_documents, n_tags) 0/1: the tags with their ancestors; and how many tags a document has outside."""
    known = (tags >= 0) & (tags < closure.shape[0])
    ones = np.ones(int(known.sum()), dtype=np.bool_)
    own = csr_array((ones, (rows[known], tags[known])), shape=(judged.n_documents, closure.shape[0]))
    return (own @ closure).astype(np.int64), judged.count(rows[~known]).astype(np.float64)
