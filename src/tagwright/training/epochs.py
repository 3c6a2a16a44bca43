"""Which documents come in an epoch: all that people have written, and some of what a language model wrote."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# The draw of an epoch has nothing to do with that of the order within it.
_PURPOSE = 77_003


@dataclass(frozen=True, eq=False)
class Epochs:
    """Of ``rows`` (n,) those of weight 1 come in every epoch, the others in so many as their weight says, on average.

    ``weights`` (n,) in [0, 1]. So whatever the loss is, a document of weight 0.5 counts half, in expectation; and a
    teaching without such documents is the same to the byte. Every epoch has the same ``size``.
    """

    rows: NDArray[np.int64]
    weights: NDArray[np.floating]
    seed: int = 0
    _light: NDArray[np.int64] = field(init=False, repr=False)
    _many: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_light", np.flatnonzero((self.weights > 0) & (self.weights < 1)))
        object.__setattr__(self, "_many", int(self.weights[self._light].sum()))

    @property
    def size(self) -> int:
        """How many documents an epoch has: never more light ones than their weights add up to."""
        return int((self.weights >= 1).sum()) + self._many

    def order(self, epoch: int, random: np.random.Generator | None = None) -> NDArray[np.int64]:
        """The rows of this epoch in random order, drawn by ``random``; by default of the seed and the epoch alone."""
        kept = self.weights >= 1
        if self._many:
            light = self.weights[self._light]
            chance = np.random.default_rng([self.seed, epoch, _PURPOSE])
            kept[chance.choice(self._light, self._many, replace=False, p=light / light.sum())] = True
        return (random or np.random.default_rng([self.seed, epoch])).permutation(self.rows[kept])
