"""Latent semantic analysis: vectors learned from the user's own documents and tag labels, without any download."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tagwright.encoders.base import LearningEncoder, Vectors, unit_rows
from tagwright.encoders.terms import Terms, counted
from tagwright.errors import FormatError, NotFittedError, ProjectError
from tagwright.text.tokens import Analyzer
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

FORMAT = 1
_SETTINGS, _STEMS, _VECTORS = "lsa.json", "stems.txt", "vectors.npy"

# Texts that are held as sparse rows at a time.
_BLOCK = 1024
# More stems than this are the rare ones, of which nothing was learned.
_MOST_STEMS = 100_000
# From so many texts on, a stem that only one of them has is left out: it stands beside nothing.
_MANY_TEXTS = 1_000
# Power iterations of the randomised SVD: with 4 recall falls a little and the time doubles.
_ITERATIONS = 2


@dataclass
class Lsa(LearningEncoder):
    """Texts as sums of the vectors of their stems, which the truncated SVD of TF-IDF rows gives (Deerwester 1990).

    Each tag label is learned from like a short document, so that names and texts lie in one space. The gold tags of
    the documents are not looked at: a document's vector knows nothing of its tags.
    ``width`` is the length of a vector; where the texts span fewer dimensions, the rest are zeros.
    """

    width: int = 256
    seed: int = 0
    analyzer: Analyzer = field(default_factory=Analyzer, metadata={"given": True}, repr=False)

    def fit(self, corpus: Iterable[Document], vocabulary: Vocabulary) -> Self:
        """Learns the vectors of all stems; the documents are read once, their tags not at all."""
        stated: Counter[str] = Counter()
        documents = list(self._document_rows(corpus, stated))
        labels = self._label_rows(vocabulary)
        n_documents = sum(rows.shape[0] for rows in documents)
        texts = _stacked([*documents, labels], len(self.analyzer.lexicon))
        kept, idf = _weights(texts, self.analyzer.lexicon.stems)
        rows = _unit(texts[:, kept] @ sp.diags_array(idf))
        # The labels may be many times more than the documents: together they count no more than those.
        share = min(1.0, float(np.sqrt(max(n_documents, 1) / max(labels.shape[0], 1)))) if n_documents else 1.0
        scale = np.where(np.arange(rows.shape[0]) < n_documents, 1.0, share).astype(np.float32)
        axes = _axes(sp.csr_matrix(sp.diags_array(scale) @ rows), self.width, self.seed)
        languages = [code for code, count in stated.most_common() if code and count * 100 >= n_documents]
        self._use(
            tuple(dict.fromkeys([*self.analyzer.languages, *languages])),
            [self.analyzer.lexicon.stems[number] for number in kept],
            np.ascontiguousarray(axes * idf[:, None]),
        )
        return self

    @property
    def fingerprint(self) -> str:
        """Names what was learned; raises `NotFittedError` before `fit`."""
        self._fitted()
        return self.fingerprint_

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n_texts, width) float32, rows of length 1; zeros for a text without a known stem.

        Raises `NotFittedError` before `fit`.
        """
        vectors = self._fitted()
        blocks = [texts[start : start + _BLOCK] for start in range(0, len(texts), _BLOCK)]
        # A sparse row times a dense matrix is summed stem by stem: no row knows of the others.
        found = [unit_rows(self._terms.rows(block) @ vectors) for block in blocks]
        return np.concatenate(found) if found else np.zeros((0, self.width), dtype=np.float32)

    def save(self, folder: Path) -> None:
        """Writes ``lsa.json``, ``stems.txt`` (a stem a line) and ``vectors.npy`` ((n_stems, width) float32)."""
        vectors = self._fitted()
        folder.mkdir(parents=True, exist_ok=True)
        # A new file: the old one may be what the vectors are mapped from.
        (folder / _VECTORS).unlink(missing_ok=True)
        np.save(folder / _VECTORS, vectors, allow_pickle=False)
        (folder / _STEMS).write_text("".join(f"{stem}\n" for stem in self.stems_), encoding="utf-8")
        said = {"format": FORMAT, "languages": self.languages_, "fingerprint": self.fingerprint_}
        (folder / _SETTINGS).write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")

    def load(self, folder: Path) -> Self:
        """What `save` wrote, the vectors mapped; raises `ProjectError` where the files do not fit together."""
        try:
            said = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
            if said["format"] != FORMAT:
                raise FormatError(f"{folder / _SETTINGS}: format {said['format']!r}, this version reads {FORMAT}")
            stems = (folder / _STEMS).read_text(encoding="utf-8").split("\n")[:-1]
            vectors = np.load(folder / _VECTORS, mmap_mode="r", allow_pickle=False)
            languages, fingerprint = tuple(said["languages"]), str(said["fingerprint"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ProjectError(f"the encoder in {folder} cannot be read: {error}", hint="train again") from error
        if vectors.ndim != 2 or vectors.dtype != np.float32 or len(vectors) != len(stems):
            raise ProjectError(f"{folder / _VECTORS} does not fit {_STEMS}", hint="train again")
        self.width = vectors.shape[1]
        self._use(languages, stems, vectors, fingerprint)
        return self

    def _use(
        self, languages: tuple[str, ...], stems: list[str], vectors: NDArray[np.float32], fingerprint: str = ""
    ) -> None:
        self.languages_, self.stems_, self.vectors_ = languages, stems, vectors
        self.fingerprint_ = fingerprint or _fingerprint(languages, stems, vectors)
        self._terms = Terms(stems, languages, self.analyzer)

    def _fitted(self) -> NDArray[np.float32]:
        if not hasattr(self, "vectors_"):
            raise NotFittedError("the encoder 'lsa' has learned nothing yet", hint="train first")
        return np.asarray(self.vectors_)

    def _document_rows(self, corpus: Iterable[Document], stated: Counter[str]) -> Iterator[sp.csr_matrix]:
        documents = iter(corpus)
        while block := list(islice(documents, _BLOCK)):
            stated.update(document.language for document in block if document.language)
            found = self.analyzer.analyse(block)
            yield counted(found.documents, found.tokens, (len(block), len(self.analyzer.lexicon)))

    def _label_rows(self, vocabulary: Vocabulary) -> sp.csr_matrix:
        labels = vocabulary.labels
        codes = [code or self.analyzer.languages[0] for code in labels.languages]
        pairs = zip(labels.texts, labels.language_codes, strict=True)
        found = [self.analyzer.words(text, codes[number]) for text, number in pairs]
        rows = np.repeat(np.arange(len(found)), [len(numbers) for numbers in found])
        numbers = np.array([number for numbers in found for number in numbers], dtype=np.int32)
        return counted(rows, numbers, (len(found), len(self.analyzer.lexicon)))


def _stacked(blocks: Sequence[sp.csr_matrix], width: int) -> sp.csr_matrix:
    """The rows of all blocks, counted while the lexicon grew, as one matrix."""
    for block in blocks:
        block.resize((block.shape[0], width))
    return sp.csr_matrix(sp.vstack(blocks, format="csr"))


def _weights(texts: sp.csr_matrix, stems: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The lexicon numbers of the stems to keep, the most frequent first, and their idf."""
    frequency = np.bincount(texts.indices, minlength=texts.shape[1])
    least = 2 if texts.shape[0] >= _MANY_TEXTS else 1
    kept = np.flatnonzero(frequency >= least)
    # Equally frequent stems in their own order, not in that of what this process happened to read before.
    order = sorted(kept.tolist(), key=lambda number: (-frequency[number], stems[number]))
    kept = np.array(order[:_MOST_STEMS], dtype=np.int64)
    idf = np.log((1 + texts.shape[0]) / (1 + frequency[kept])) + 1
    return kept, idf.astype(np.float32)


def _unit(rows: sp.csr_matrix) -> sp.csr_matrix:
    """Rows of length 1, their stems in order, so that sums are added up in the same order in every process."""
    rows.sort_indices()
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return sp.csr_matrix(sp.diags_array((1 / np.maximum(lengths, 1e-12)).astype(np.float32)) @ rows)


def _axes(rows: sp.csr_matrix, width: int, seed: int) -> NDArray[np.float32]:
    """(n_stems, width): the right singular vectors of the largest singular values, zeros beyond the rank."""
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits

    found = min(width, *rows.shape)
    axes = np.zeros((rows.shape[1], width), dtype=np.float32)
    if found == 0 or rows.nnz == 0:
        return axes
    # More threads would add up in another order: one thread makes the same vectors on every number of cores.
    with threadpool_limits(1, user_api="blas"):
        _, _, right = randomized_svd(rows, found, n_iter=_ITERATIONS, random_state=seed)
    axes[:, :found] = right.T
    return axes


def _fingerprint(languages: Sequence[str], stems: Sequence[str], vectors: NDArray[np.float32]) -> str:
    digest = hashlib.sha256(json.dumps([FORMAT, languages, stems]).encode())
    digest.update(vectors.tobytes())
    return f"lsa-{digest.hexdigest()[:32]}"
