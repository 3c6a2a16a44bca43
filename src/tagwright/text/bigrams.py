"""Documents as rows of weighted pairs of stems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tagwright.errors import NotFittedError
from tagwright.text.tfidf import TfIdf, weighted
from tagwright.types import Document

_BATCH = 256


@dataclass(eq=False)
class Bigrams:
    """Rows like those of ``words``, over pairs of its stems that are neighbours in sentences of ``min_df`` documents.

    Function words between the two are passed over.
    """

    words: TfIdf
    min_df: int = 2

    def fit(self, documents: Sequence[Document]) -> Self:
        """Counts in how many documents each pair occurs."""
        held = [np.empty(0, dtype=np.int64)]
        for start in range(0, len(documents), _BATCH):
            rows, keys, _ = self._pairs(documents[start : start + _BATCH])
            held.append(np.unique(np.stack([keys, rows]), axis=1)[0])
        keys, frequency = np.unique(np.concatenate(held), return_counts=True)
        kept = frequency >= self.min_df
        self.keys_ = keys[kept]
        self.idf_ = (1 + np.log(max(len(documents), 1) / frequency[kept])).astype(np.float32)
        return self

    def documents(self, documents: Sequence[Document]) -> sp.csr_matrix:
        """(n_documents, n_pairs) float32 CSR, rows of length 1; a document without a known pair is an empty row."""
        if not hasattr(self, "keys_"):
            raise NotFittedError("the pairs of words have not been fitted", hint="call fit first")
        rows, keys, weights = self._pairs(documents)
        places = np.minimum(np.searchsorted(self.keys_, keys), max(len(self.keys_) - 1, 0))
        known = self.keys_[places] == keys if len(self.keys_) else np.zeros(len(keys), dtype=bool)
        return weighted(rows[known], places[known], weights[known], self.idf_, len(documents))

    def save(self, folder: Path) -> None:
        """Writes pairs and idf as npy; the stems are saved by ``words``."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "pairs.npy", self.keys_)
        np.save(folder / "idf.npy", self.idf_)

    def load(self, folder: Path) -> Self:
        """Reads what `save` wrote."""
        self.keys_, self.idf_ = np.load(folder / "pairs.npy"), np.load(folder / "idf.npy")
        return self

    def _pairs(self, documents: Sequence[Document]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """(document, key of the pair, weight) of each pair of stems, in the order of the texts."""
        found = self.words.analyzer.analyse(documents)
        terms = self.words.terms(found.tokens).astype(np.int64)
        beside = (found.sentences[1:] == found.sentences[:-1]) & (terms[1:] >= 0) & (terms[:-1] >= 0)
        firsts = np.flatnonzero(beside)
        weights = np.where(found.in_title[firsts], np.float32(self.words.title_weight), np.float32(1))
        return found.documents[firsts], terms[firsts] << 32 | terms[firsts + 1], weights
