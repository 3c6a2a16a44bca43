"""An encoder whose texts are shared out among workers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tagwright.encoders.around import Around
from tagwright.encoders.base import Vectors
from tagwright.executor import Executor

# Texts of one part: seconds of work, so that sending it costs nothing.
_PART = 64


@dataclass
class Spread(Around):
    """The vectors of ``encoder``, bit for bit, made by whomever ``executor`` has: threads, or nodes of a cluster."""

    executor: Executor

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n_texts, width) float32, part by part."""
        if len(texts) <= _PART:
            return self.encoder.encode(texts)
        parts = [texts[start : start + _PART] for start in range(0, len(texts), _PART)]
        encoder = self.encoder  # its method would not find itself in what it is elsewhere
        return np.concatenate(list(self.executor.map(lambda own: encoder.encode(own), parts)))
