"""Precision, recall and F1 that forgive a tag which is only too broad or too narrow."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from tagwright.evaluation.judged import Judged
from tagwright.evaluation.metrics import PerDocument
from tagwright.evaluation.ranked import Floats, Ints


def hierarchical(judged: Judged, closure: csr_array, *, cut: float) -> dict[str, PerDocument]:
    """hP, hR, hF1: shared / given, shared / gold, 2 shared / (given + gold), sums over documents of tags and ancestors.

    Given are the suggestions of confidence >= ``cut``; ``closure`` is what `tagwright.vocabulary.hierarchy.ancestors`
    made (Kiritchenko et al. 2006). A tag that the vocabulary does not have stands for itself alone.
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
