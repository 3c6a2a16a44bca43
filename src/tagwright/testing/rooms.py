"""The promises of a corpus and of a store."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from tagwright.corpus.base import Corpus
from tagwright.errors import ConfigError, StoreError
from tagwright.store.base import GrowthRow, Store, cache_key
from tagwright.testing.sample import TAGS, documents
from tagwright.testing.tables import refuses


def check_corpus(corpus: Corpus) -> None:
    """Fails with the promise of `Corpus` that the corpus breaks; it has at least one document."""
    first = list(corpus)
    assert first, "a corpus to be checked has documents"
    seen = corpus.problems.documents
    assert seen == len(first), "problems count the documents that were given out"
    assert len({document.id for document in first}) == len(first), "each id comes once"
    assert all(document.tags is None or len(set(document.tags)) == len(document.tags) for document in first)
    assert list(corpus) == first, "a second pass gives the same documents in the same order"
    assert list(zip(corpus, corpus, strict=True)) == list(zip(first, first, strict=True)), "two passes may run at once"
    for size in (1, 7, len(first) + 1):
        batches = list(corpus.batches(size))
        assert [document for batch in batches for document in batch] == first, "batches hold all documents, in order"
        assert {len(batch) for batch in batches[:-1]} <= {size} and 0 < len(batches[-1]) <= size, "batches are full"
    assert refuses(lambda: list(corpus.batches(0)), ConfigError), "a batch of no documents cannot be"
    assert corpus.fingerprint() == corpus.fingerprint(), "the same documents have the same fingerprint"


def check_store(make: Callable[[Path], Store]) -> None:
    """Fails with the promise of `Store` that the store breaks; ``make`` opens one in a folder, again and again."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = make(folder)
        _check_documents(store)
        _check_growth(store)
        one, two, three, none = (cache_key("check", text) for text in ("one", "two", "three", "none"))
        store.put_many({one: b"1", two: b"2"})
        store.put(three, b"\x00")
        assert store.get_many([one, three, none]) == {one: b"1", three: b"\x00"}, "the cache gives what was put"
        assert store.get(none) is None, "what is not there is None"
        assert store.check() == [], "a store that only did its work is well"
        last, kept = store.last(), list(store.documents())
        store.close()
        again = make(folder)
        assert (again.last(), list(again.documents())) == (last, kept), (
            "what returned is there after the store is closed"
        )
        with again.claim("training", "one", 60):
            assert refuses(lambda: again.claim("training", "two", 60), StoreError), "a claim excludes all others"
        again.claim("training", "two", 60).release()
        again.close()


def _check_documents(store: Store) -> None:
    assert store.n_documents() == 0 and store.document("d00") is None and store.last() == 0, "a new store is empty"
    sample = documents()
    assert store.keep_documents(sample) == len(sample) == store.n_documents(), "keep_documents counts"
    assert list(store.documents()) == sample, "documents come back in their order, to the letter"
    assert store.document("d05") == sample[5], "a document is found by its id"
    assert store.keep_documents(sample[:20]) == 20 == store.n_documents(), "the new documents replace all others"


def _check_growth(store: Store) -> None:
    sample = documents()
    rows = [GrowthRow.add_document(sample[20]), GrowthRow.add_tag(TAGS[0]), GrowthRow.remove_document("d00")]
    last = store.append(rows)
    read = store.read(0)
    assert [row.seq for row in read] == [last - 2, last - 1, last] and store.last() == last, (
        "rows are numbered in order"
    )
    assert (read[0].document, read[1].tag, read[2].subject) == (sample[20], TAGS[0], "d00"), "rows come back whole"
    assert store.read(last - 1) == read[2:], "read gives what came after"
    assert store.revert([last]) == last + 1, "a reversal is a row of its own"
    opposite = store.read(last)[0]
    assert (opposite.kind, opposite.document, opposite.reverts) == ("add_document", sample[0], last), "and the opposite"
    assert store.fold(last + 1) == last + 1 == store.folded(), "folding applies the rows to the kept documents"
    kept = {document.id for document in store.documents()}
    assert kept == {document.id for document in sample[:21]}, "all that was added and not removed is kept"
