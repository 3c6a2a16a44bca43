"""What an encoder costs, and how well it finds a document's tags all by itself."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import tagwright.evaluation.metrics as metrics
from tagwright.encoders.base import Encoder
from tagwright.encoders.seen import seen_by
from tagwright.evaluation.gold import Gold
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.ranked import Ints, Ranked
from tagwright.pipeline.threads import one_thread
from tagwright.recall.spaces import MeaningSpace, text_of
from tagwright.types import Document
from tagwright.vocabulary.base import Vocabulary

DEPTH = 100
# Names that are enough to tell how many pass in a second.
_NAMES = 1000
# Documents whose cosines with all tags are held at a time.
_BLOCK = 64


@dataclass(frozen=True)
class Benched:
    """One encoder, measured.

    ``documents_per_second`` and ``names_per_second`` are of CPU time, on one thread; ``size`` is in bytes, on disk.
    ``ndcg_10``, ``recall_10`` and ``recall_100`` rank tags by cosine alone, on the ``judged`` documents: those that the
    encoder was not taught with; ``None`` where there is none.
    """

    fingerprint: str
    width: int
    size: int
    documents_per_second: float
    names_per_second: float
    judged: int
    ndcg_10: float | None = None
    recall_10: float | None = None
    recall_100: float | None = None


def bench(encoder: Encoder, documents: Sequence[Document], vocabulary: Vocabulary, pool: Ints) -> Benched:
    """The encoder, measured on these tagged documents, whose tags are looked for among those at ``pool``.

    ``pool`` (n,) positions, ascending; a document's tag that is not among them counts as not found.
    """
    names = [vocabulary.name(position) for position in pool[:: max(len(pool) // _NAMES, 1)].tolist()]
    with one_thread():
        encoder.encode(["a text"])  # opens the files
        per_second = _speed(encoder, [text_of(document) for document in documents]), _speed(encoder, names)
        taught = seen_by([encoder], [document.id for document in documents])
        fresh = [document for document, known in zip(documents, taught, strict=True) if document.tags and not known]
        found = _judged(encoder, fresh, vocabulary, pool) if fresh else None
    made = Benched(encoder.fingerprint, encoder.width, _size(encoder), *per_second, len(fresh))
    if found is None:
        return made
    at_10, at_100 = (metrics.recall(found, k).value for k in (10, 100))
    return replace(made, ndcg_10=metrics.ndcg(found, 10).value, recall_10=at_10, recall_100=at_100)


def pool_of(documents: Sequence[Document], vocabulary: Vocabulary, most: int, *, seed: int = 0) -> Ints:
    """Positions of the tags that can be suggested, ascending; where there are more than ``most``, as many of them.

    These are the documents' own, and others drawn by chance.
    """
    active = np.flatnonzero(vocabulary.active)
    if len(active) <= most:
        return active
    own = vocabulary.positions({tag for document in documents for tag in document.tags or ()}, known_only=True)
    wanted = np.intersect1d(own, active)
    others = np.random.default_rng(seed).permutation(np.setdiff1d(active, wanted))
    return np.sort(np.concatenate([wanted, others[: max(most - len(wanted), 0)]]))


def _speed(encoder: Encoder, texts: Sequence[str]) -> float:
    """Texts a second of CPU time."""
    before = time.process_time()
    encoder.encode(texts)
    return len(texts) / max(time.process_time() - before, 1e-9)


def _judged(encoder: Encoder, documents: Sequence[Document], vocabulary: Vocabulary, pool: Ints) -> Judged:
    """The nearest tags of each document, held against its own."""
    space = MeaningSpace(encoder)
    tags = space.tags(vocabulary, pool.astype(np.int32))
    best, cosines = list[Ints](), []
    for start in range(0, len(documents), _BLOCK):
        found = space.documents(documents[start : start + _BLOCK]) @ tags.T
        order = np.argsort(-found, axis=1, kind="stable")[:, :DEPTH]
        best.append(pool[order])
        cosines.append(np.take_along_axis(found, order, axis=1))
    offsets = np.arange(len(documents) + 1) * min(DEPTH, len(pool))
    ranked = Ranked(offsets, np.concatenate(best).ravel(), np.concatenate(cosines).ravel().astype(np.float64))
    known = [np.unique(vocabulary.positions(one.tags or (), known_only=True)) for one in documents]
    unknown = [len({tag for tag in one.tags or () if tag not in vocabulary}) for one in documents]
    return Judged.judge(ranked, Gold.from_lists(known, [len(a) + b for a, b in zip(known, unknown, strict=True)]))


def _size(encoder: Encoder) -> int:
    with tempfile.TemporaryDirectory() as folder:
        encoder.save(Path(folder))
        return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
