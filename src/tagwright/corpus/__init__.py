"""Documents in and out: corpora of every kind, their problems, splits, and the results of tagging."""

from tagwright.corpus.base import Corpus, Problem, Problems, batched
from tagwright.corpus.memory import Memory
from tagwright.corpus.open import open_corpus

__all__ = ["Corpus", "Memory", "Problem", "Problems", "batched", "open_corpus"]
