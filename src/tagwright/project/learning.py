"""The documents that a project learns from: kept whole or not at all, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import tagwright.enrichment.sampled as sampled
import tagwright.recall.pseudo as pseudo
from tagwright.corpus import Problems
from tagwright.enrichment.options import Enrichment
from tagwright.errors import ConfigError
from tagwright.project.reading import Given, corpus_of
from tagwright.project.reports import TrainReport
from tagwright.store.base import Store
from tagwright.tagger import Tagger
from tagwright.types import Document
from tagwright.vocabulary import Vocabulary


@dataclass(frozen=True)
class Material:
    """The tagged ones of the kept documents, which stand at row ``folded`` of the growth log.

    ``machine``: what only machines have said about documents, for channels to learn from with little weight.
    """

    vocabulary: Vocabulary
    documents: list[Document]
    folded: int
    problems: Problems
    machine: list[Document] = field(default_factory=list)

    def report(self, tagger: Tagger, cpu_seconds: float, samples: int = 0) -> TrainReport:
        """What a tagger has learned from them."""
        named = [tag for document in self.documents for tag in document.tags or ()]
        known = [tag for tag in named if tag in self.vocabulary]
        return TrainReport(
            documents=len(self.documents), tags_used=len(set(known)), tags=len(self.vocabulary),
            cpu_seconds=cpu_seconds, calibrated=tagger.calibrated, cut=tagger.cut,
            unknown_tags=len(named) - len(known), samples=samples, problems=self.problems,
        )  # fmt: skip


def gather(store: Store, corpus: Given | None, vocabulary: Vocabulary) -> Material:
    """The documents of the corpus, kept from now on; without one the kept ones with what was added since.

    Raises `ConfigError`, and keeps what was kept, where a corpus teaches nothing.
    """
    problems = Problems()
    if corpus is None:
        folded = store.fold(store.last())
    else:
        read = corpus_of(corpus, vocabulary, for_training=True)
        store.keep_documents(_useful(read, vocabulary))
        folded, problems = store.folded(), read.problems
    documents = list(_useful(store.documents(), vocabulary))
    people = pseudo.real(documents)
    return Material(vocabulary, people, folded, problems, pseudo.twins(documents, {one.id for one in people}))


def written(folder: Path, documents: Sequence[Document], vocabulary: Vocabulary, options: Enrichment) -> list[Document]:
    """What a language model wrote for rare tags, as far as it is to be learned from beside these documents."""
    if not options.samples:
        return []
    return sampled.for_training(sampled.read(folder / sampled.FILE), documents, vocabulary, options)


def _useful(documents: Iterable[Document], vocabulary: Vocabulary) -> Iterator[Document]:
    """The documents as they are; raises `ConfigError` at the end where there was nothing to learn from."""
    seen = tagged = known = 0
    for document in documents:
        yield document
        seen += 1
        tagged += document.tags is not None
        known += any(tag in vocabulary for tag in document.tags or ())
    if not tagged:
        what = f"none of the {seen:,} documents has tags" if seen else "there are no documents"
        raise ConfigError(f"{what} to learn from", hint="tagwright train CORPUS")
    if not known:
        raise ConfigError(
            f"none of the {tagged:,} tagged documents has a tag of this vocabulary",
            hint="compare their tags with the ids that tagwright vocab search NAME shows; --tag-prefix OLD=NEW "
            "rewrites how they begin",
        )
