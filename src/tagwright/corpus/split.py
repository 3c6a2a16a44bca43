"""Parts of a corpus by a hash of the document id: the same on every machine, whatever else is in the corpus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from tagwright.corpus.base import Corpus, Problems
from tagwright.errors import ConfigError
from tagwright.types import Document


def split(corpus: Corpus, share: float, *, seed: int = 0) -> tuple[Corpus, Corpus]:
    """The corpus as (the rest, about ``share`` of its documents), both in its order; 0 < ``share`` < 1.

    Whether a document goes to the second part depends on its id and ``seed`` alone, so a document that is added or
    removed moves no other one. Raises `ConfigError` for a share outside.
    """
    if not 0 < share < 1:
        raise ConfigError(f"a share of {share} cannot be split off", hint="it lies between 0 and 1, as in 0.1")

    def chosen(document: Document) -> bool:
        return _number(document.id, seed, b"split") < share * 2**64

    return Part(corpus, lambda document: not chosen(document)), Part(corpus, chosen)


def fold_of(document_id: str, folds: int, seed: int = 0) -> int:
    """The fold of a document, 0 to ``folds`` - 1, by its id and ``seed`` alone; independent of `split`."""
    return _number(document_id, seed, b"fold") * folds >> 64


@dataclass
class Part(Corpus):
    """The documents of a corpus for which ``chosen`` is true; its problems are those of the whole corpus."""

    corpus: Corpus
    chosen: Callable[[Document], bool]

    def __iter__(self) -> Iterator[Document]:
        return filter(self.chosen, self.corpus)

    @property
    def problems(self) -> Problems:  # type: ignore[override]
        """Those of the last pass over the whole corpus."""
        return self.corpus.problems


def _number(document_id: str, seed: int, purpose: bytes) -> int:
    """64 bits that look random; another purpose gives other ones."""
    key = f"{seed}\0{document_id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(key, digest_size=8, person=purpose).digest())
