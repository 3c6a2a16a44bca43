"""Texts as rows of stem counts, for an encoder that knows a list of stems."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from tagwright.text.language import guess
from tagwright.text.tokens import Analyzer

_WORDS = re.compile(r"\w+")

# Different words that a long-running process remembers at most, a language; about 100 MB.
_REMEMBERED = 500_000

# 1 + ln(count), looked up: a vectorised logarithm may round differently at the end of an array.
_TF = np.concatenate([[0.0], 1 + np.log(np.arange(1, 4096))]).astype(np.float32)


class Terms:
    """Texts to rows over known stems, the best known first; the same row whatever else is counted beside it.

    A text's language decides which words are function words. A word counts under the best known of its stems in all
    ``languages``, because a name says too little to tell its language.
    """

    def __init__(self, stems: Sequence[str], languages: Sequence[str], analyzer: Analyzer) -> None:
        self.languages = languages
        self.n_stems = len(stems)
        numbers = {stem: number for number, stem in enumerate(stems)}
        self._words = {language: _Words(language, languages, numbers, analyzer) for language in languages}

    def rows(self, texts: Sequence[str]) -> sp.csr_matrix:
        """(n_texts, n_stems) float32 CSR of 1 + ln(count); a text without a known stem is an empty row."""
        found = [self._numbers(text) for text in texts]
        lengths = [len(numbers) for numbers in found]
        return counted(np.repeat(np.arange(len(texts)), lengths), _joined(found), (len(texts), self.n_stems))

    def _numbers(self, text: str) -> NDArray[np.int32]:
        words = self._words[guess(text, self.languages)]
        numbers = np.fromiter(map(words.__getitem__, _WORDS.findall(text)), dtype=np.int32)
        return numbers[numbers >= 0]


class _Words(dict[str, int]):
    """Surface form -> number of its stem, -1 for a function word and for what is not known."""

    def __init__(self, language: str, languages: Sequence[str], numbers: Mapping[str, int], analyzer: Analyzer) -> None:
        super().__init__()
        self._language = language
        self._languages = languages
        self._numbers = numbers
        self._analyzer = analyzer

    def __missing__(self, word: str) -> int:
        if len(self) >= _REMEMBERED:
            self.clear()
        # Short words in capitals are acronyms to the analyzer; where it knows none, they are shouted.
        found = self._known(word)
        if found < 0 and word.isupper():
            found = self._known(word.lower())
        self[word] = found
        return found

    def _known(self, word: str) -> int:
        if not self._analyzer.words(word, self._language):
            return -1
        stems = {stem for language in self._languages for stem in self._stems(word, language)}
        return min((self._numbers[stem] for stem in stems if stem in self._numbers), default=-1)

    def _stems(self, word: str, language: str) -> list[str]:
        return [self._analyzer.lexicon.stems[number] for number in self._analyzer.words(word, language)]


def counted(rows: NDArray[np.integer], numbers: NDArray[np.integer], shape: tuple[int, int]) -> sp.csr_matrix:
    """``shape`` float32 CSR of 1 + ln(count) from loose (row, number) pairs, ``rows`` ascending."""
    keys, counts = np.unique(rows.astype(np.int64) << 32 | numbers, return_counts=True)
    offsets = np.searchsorted(keys, np.arange(shape[0] + 1, dtype=np.int64) << 32)
    values = _TF[np.minimum(counts, len(_TF) - 1)]
    return sp.csr_matrix((values, (keys & 0xFFFFFFFF).astype(np.int32), offsets), shape=shape)


def _joined(parts: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    return np.concatenate([np.empty(0, dtype=np.int32), *parts])
