"""What a model's tokens spell: which of them say a choice, and which end an answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tagwright.llm.base import bare, shares


class Alphabet:
    """The texts of all tokens of a model; ``stops`` are those that end its answer.

    ``breaks`` are those that end a line; ``ends`` those that end a name: the stops, and all that begin with a break.
    """

    def __init__(self, pieces: Sequence[str], stops: Iterable[int]) -> None:
        self._pieces = pieces
        self.stops = frozenset(stops)
        self.breaks = frozenset(token for token, piece in enumerate(pieces) if piece.endswith("\n"))
        behind = {token for token, piece in enumerate(pieces) if piece.startswith("\n")}
        self.ends: NDArray[np.int64] = np.array(sorted(behind | self.stops), dtype=np.int64)
        self._spelling: dict[str, list[int]] = {}
        for token, piece in enumerate(pieces):
            self._spelling.setdefault(bare(piece), []).append(token)

    def shares(self, row: NDArray[np.float64], choices: Sequence[str]) -> dict[str, float]:
        """{choice: share} from the log-probabilities of all tokens; {} where a choice is not the text of one token."""
        weights: dict[str, float] = {}
        for choice in choices:
            tokens = self._spelling.get(bare(choice))
            if tokens is None:
                return {}
            for token in tokens:
                piece = self._pieces[token]
                weights[piece] = weights.get(piece, 0.0) + float(np.exp(row[token]))
        return shares(weights, choices)


def log_probabilities(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """The logarithms of the softmax over the last axis."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))
