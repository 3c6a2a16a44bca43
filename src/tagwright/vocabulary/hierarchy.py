"""What is broader than what, through all steps, and which tags of a set another one makes redundant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array

if TYPE_CHECKING:
    from tagwright.vocabulary.base import Vocabulary


def closure_of(vocabulary: Vocabulary, *, with_roots: bool = True) -> csr_array | None:
    """`ancestors` of a vocabulary, its `roots` included or not; ``None`` where no tag has a broader one."""
    return closure_from(links_of(vocabulary), with_roots=with_roots)


def links_of(vocabulary: Vocabulary) -> dict[str, Any]:
    """The hierarchy as plain values for a file: number of tags, each link's tag and the tag broader than it."""
    tags, broader = vocabulary.links("broader")
    return {"n_tags": len(vocabulary), "tags": tags.tolist(), "broader": broader.tolist()}


def closure_from(links: Mapping[str, Any], *, with_roots: bool = True) -> csr_array | None:
    """The closure of what `links_of` gave; ``None`` where there is no link."""
    if not links.get("tags"):
        return None
    closure = _closure(np.array(links["tags"]), np.array(links["broader"]), links["n_tags"])
    return closure if with_roots else _without(closure, roots(closure))


def ancestors(broader: Sequence[Sequence[int]], *, roots: Sequence[int] = ()) -> csr_array:
    """(n_tags, n_tags) bool: row t holds tag t and all its ancestors, without the ``roots``.

    ``broader``: the positions of each tag's parents. Cycles are allowed. A root that everything descends from says
    nothing and would be right in every document, so name it.
    """
    children = np.repeat(np.arange(len(broader)), [len(parents) for parents in broader])
    parents = np.array([p for row in broader for p in row], dtype=np.int64)
    return _without(_closure(children, parents, len(broader)), roots)


def roots(closure: csr_array) -> list[int]:
    """The position of the tag that all others descend from, where there is one: a thesaurus's own name, a "thing"."""
    steps = _strict(closure)
    below = np.asarray(steps.sum(axis=0)).ravel()
    return np.flatnonzero((below == len(below) - 1) & (below > 0)).tolist()


def redundant(documents: NDArray[np.integer], tags: NDArray[np.integer], closure: csr_array) -> NDArray[np.bool_]:
    """(n_pairs,) bool: whether a tag stands beside a narrower one of the same document, be it by several steps.

    ``documents``, ``tags`` (n_pairs,): numbers of documents, at least 0, and vocabulary positions, in any order; give
    only the pairs that count (those above the cut). Tags that are broader than each other make each other not
    redundant, and a tag outside the ``closure`` (n_tags, n_tags) is not.
    """
    found = np.zeros(len(tags), dtype=np.bool_)
    known = np.flatnonzero((tags >= 0) & (tags < closure.shape[0]))
    if len(known) == 0:
        return found
    rows = documents[known]
    given, places = np.unique(tags[known], return_inverse=True)
    among = _strict(csr_array(closure[given][:, given]))  # only what the given tags are to each other matters
    carried = csr_array((np.ones(len(known), dtype=np.int32), (rows, places)), shape=(rows.max() + 1, len(given)))
    found[known] = np.asarray(csr_array(carried @ among)[rows, places]).ravel() > 0
    return found


def _closure(tags: NDArray[np.integer], broader: NDArray[np.integer], n: int) -> csr_array:
    """(n, n) bool: each tag with all that is above it, by squaring until nothing is added."""
    closure = csr_array((np.ones(len(tags), dtype=np.bool_), (tags, broader)), shape=(n, n))
    closure = csr_array(closure + eye_array(n, dtype=np.bool_, format="csr"))
    reached = -1
    while closure.nnz != reached:
        reached = closure.nnz
        closure = csr_array(closure @ closure)
    return closure


def _strict(closure: csr_array) -> csr_array:
    """(n_tags, n_tags) int32 0/1: what is above a tag and not below it as well."""
    steps = csr_array(closure, dtype=np.int32)
    return csr_array(steps - steps.multiply(steps.T))


def _without(closure: csr_array, columns: Sequence[int]) -> csr_array:
    kept = np.ones(closure.shape[1], dtype=np.bool_)
    kept[list(columns)] = False
    return csr_array(closure.multiply(kept[np.newaxis, :]))
