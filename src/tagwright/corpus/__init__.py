"""Documents in and out: corpora of every kind, their problems, splits, and the results of tagging."""

from tagwright.corpus.base import Corpus, Problem, Problems, batched
from tagwright.corpus.memory import Memory
from tagwright.corpus.open import open_corpus
from tagwright.corpus.result import Result, read_results
from tagwright.corpus.results import Results

__all__ = [
    "Corpus",
    "Memory",
    "Problem",
    "Problems",
    "Result",
    "Results",
    "batched",
    "open_corpus",
    "read_results",
]
