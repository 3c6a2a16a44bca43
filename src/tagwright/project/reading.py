"""What a caller gives as documents, as a corpus."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tagwright.corpus import Corpus, Memory, open_corpus
from tagwright.types import Document
from tagwright.vocabulary import Vocabulary

Given = str | Path | Corpus | Iterable[Document]


def corpus_of(
    given: Given, vocabulary: Vocabulary | None = None, *, for_training: bool = False, keep_unknown: bool = False
) -> Corpus:
    """A file, folder or pattern opened, documents wrapped, a corpus as it is.

    With a vocabulary a file's tags are looked up by id and by name; unknown ones are left out and counted, or kept.
    """
    if isinstance(given, Corpus):
        return given
    if not isinstance(given, str | Path):
        return Memory(list(given))
    if vocabulary is None:
        return open_corpus([given], for_training=for_training)

    def id_of(label: str) -> str | None:
        position = vocabulary.named(label)
        unknown = label if keep_unknown else None
        return vocabulary.ids[position] if position >= 0 else unknown

    return open_corpus([given], known_tags=vocabulary.__contains__, label_to_id=id_of, for_training=for_training)
