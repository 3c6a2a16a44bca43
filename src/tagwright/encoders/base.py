"""The promise of an encoder: texts in, rows of length 1 out, the same row whatever is encoded beside it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

Vectors = NDArray[np.float32]

# No model's token stands for more characters than this: what lies behind would be tokenised in vain.
_CHARACTERS_PER_TOKEN = 64


class Encoder(Protocol):
    """Texts to vectors.

    The vector of a text is the same bit for bit whatever else is encoded beside it, in which order, by how many
    threads: it depends on the text and on what ``fingerprint`` names, and on nothing else.
    """

    @property
    def width(self) -> int:
        """Length of each vector."""
        ...

    @property
    def fingerprint(self) -> str:
        """Names the model and every setting that changes a vector; part of every key under which one is kept."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n_texts, width) float32, rows of length 1; a row of zeros for a text that says nothing (empty, blank)."""
        ...

    def save(self, folder: Path) -> None:
        """Writes what `load` needs as plain files into ``folder``, which is made where it is absent."""
        ...

    def load(self, folder: Path) -> Self:
        """The encoder with what `save` wrote; raises `ProjectError` where the files are not what was saved."""
        ...


class LearningEncoder(Encoder):
    """The base of an encoder that learns from the user's own documents and tags before it can encode."""

    @abstractmethod
    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """The encoder, learned; the gold tags of the documents are not looked at."""


def unit_rows(vectors: NDArray[np.floating]) -> Vectors:
    """The rows scaled to length 1, float32; rows of zeros stay."""
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    units: Vectors = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return units


def readable(text: str, max_length: int) -> str:
    """The part of a text that a model of ``max_length`` tokens reads, as valid Unicode; "" for a blank text."""
    return text.strip()[: max_length * _CHARACTERS_PER_TOKEN].encode("utf-8", "replace").decode("utf-8")
