"""Decoding that can only say names of a given list: they stand in a trie of tokens, and a beam walks down it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import exp
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Path = tuple[int, ...]
Step = Callable[[Sequence[Path]], NDArray[np.float64]]


class Node(NamedTuple):
    """The names that begin with the same ``depth`` tokens: rows ``first`` to ``end`` of the sorted names."""

    first: int
    end: int
    depth: int


class Found(NamedTuple):
    """A name (its number in the list), the log-probability of all its tokens and its end, and how many these are."""

    name: int
    log_probability: float
    length: int

    @property
    def mean(self) -> float:
        """The log-probability a token, so that a long name is not behind for its length."""
        return self.log_probability / self.length


class NameTrie:
    """Names as sequences of tokens, walked from the first token on.

    There are no nodes in memory: sequences are sorted, and a node is a run of them. 80,000 names take a few megabytes.
    A name without tokens can never be said; names of the same tokens are found together.
    """

    def __init__(self, sequences: Sequence[Sequence[int]]) -> None:
        # Big-endian bytes sort as the sequences of numbers do, many times quicker than tuples.
        keys = [np.asarray(tokens, dtype=">u4").tobytes() for tokens in sequences]
        order = sorted((number for number, key in enumerate(keys) if key), key=keys.__getitem__)
        self._names = np.array(order, dtype=np.int32)
        self._tokens = np.frombuffer(b"".join(keys[number] for number in order), dtype=">u4").astype(np.int32)
        self._lengths = np.array([len(keys[number]) // 4 for number in order], dtype=np.int32)
        self._starts = np.cumsum(self._lengths, dtype=np.int64) - self._lengths

    def __len__(self) -> int:
        """How many names can be said."""
        return len(self._names)

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self._names.nbytes + self._tokens.nbytes + self._lengths.nbytes + self._starts.nbytes

    @property
    def root(self) -> Node:
        """The node of all names."""
        return Node(0, len(self), 0)

    def ending(self, node: Node) -> list[int]:
        """The numbers of the names that end at the node."""
        end = node.first + int(np.searchsorted(self._lengths[node.first : node.end] > node.depth, True))
        return [int(name) for name in self._names[node.first : end]]

    def longest(self, node: Node) -> int:
        """The most tokens of a name of the node, its end counted as one."""
        return int(self._lengths[node.first : node.end].max(initial=0)) + 1

    def below(self, node: Node) -> tuple[NDArray[np.int32], list[Node]]:
        """The tokens that may follow, ascending, and the node that each leads to."""
        first = node.first + int(np.searchsorted(self._lengths[node.first : node.end] > node.depth, True))
        tokens = self._tokens[self._starts[first : node.end] + node.depth]
        new = np.flatnonzero(np.diff(tokens, prepend=-1))
        bounds = [*(first + new).tolist(), node.end]
        return tokens[new], [Node(a, b, node.depth + 1) for a, b in pairwise(bounds)]


class _Partial(NamedTuple):
    log_probability: float
    path: Path
    node: Node


def search(trie: NameTrie, step: Step, ends: NDArray[np.int64], most: int, width: int = 16) -> list[Found]:
    """The names that a model would most likely say, best mean first: at most ``most``, each at most once.

    ``step(paths)`` gives (n_paths, n_tokens) log-probabilities of what follows the prompt and each path (all of one
    length); any token of ``ends`` ends a name. A beam of ``width`` beginnings
    (``most`` at least) is followed. Each name is judged on its
    own, as if it were the only one to be said, so nothing depends on an order. A beginning that cannot do better than
    what is found, were all the rest of it certain, is left.
    """
    found: list[Found] = []
    beam = [_Partial(0.0, (), trie.root)] if len(trie) else []
    width = max(width, most)
    while beam:
        rows = step([partial.path for partial in beam])
        grown: list[_Partial] = []
        for partial, row in zip(beam, rows, strict=True):
            total = partial.log_probability
            stopped = total + float(np.logaddexp.reduce(row[ends]))
            length = len(partial.path) + 1
            found += [Found(name, stopped, length) for name in trie.ending(partial.node)]
            tokens, nodes = trie.below(partial.node)
            best = np.argsort(-row[tokens], kind="stable")[:width]
            grown += [_Partial(total + float(row[tokens[n]]), (*partial.path, int(tokens[n])), nodes[n]) for n in best]
        found = _best(found, most)
        least = found[-1].mean if len(found) == most else -np.inf
        grown = [partial for partial in grown if partial.log_probability / trie.longest(partial.node) > least]
        beam = sorted(grown, key=lambda partial: (-partial.log_probability, partial.path))[:width]
    return found


def chances(found: Sequence[Found], names: Sequence[str]) -> dict[str, float]:
    """{name: share} of the names that were found, by the log-probability of all their tokens; the others have 0."""
    best = max(one.log_probability for one in found)
    weights = {names[one.name]: exp(one.log_probability - best) for one in found}
    total = sum(weights.values())
    return {name: weights.get(name, 0.0) / total for name in names}


def _best(found: list[Found], most: int) -> list[Found]:
    return sorted(found, key=lambda one: (-one.mean, one.name))[:most]
