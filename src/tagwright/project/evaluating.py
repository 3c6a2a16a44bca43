"""Suggestions held against known tags."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.base import CONFIDENCE
from tagwright.candidates import Candidates
from tagwright.corpus.base import Corpus
from tagwright.errors import NotFittedError
from tagwright.evaluation import Gold, Ranked, Report, SavedCandidates, evaluate
from tagwright.pipeline.assembly import BLOCK, FOUND
from tagwright.pipeline.fitting import Progress
from tagwright.tagger import Tagger

if TYPE_CHECKING:
    from collections.abc import Mapping


def measure(
    tagger: Tagger, corpus: Corpus, *, k: int, n_train: int, progress: Progress
) -> tuple[Report, SavedCandidates]:
    """The report on the best ``k`` candidates of each document that has tags, and what it was computed from.

    Gold tags that the vocabulary lacks count as missed; the corpus must not have dropped them.
    """
    tables, gold, ids = [], [], []
    for batch in corpus.batches(BLOCK):
        documents = [document for document in batch if document.tags]
        if documents:
            tables.append(tagger.candidates(documents, sources=True).top(k, by=CONFIDENCE))
        gold += [document.tags for document in documents]
        ids += [document.id for document in documents]
        progress("documents", len(ids), None)
    table = Candidates.concat(tables) if tables else Candidates.empty(0, [CONFIDENCE, "fused"])
    positions = {id: position for position, id in enumerate(tagger.vocabulary.ids)}
    saved = SavedCandidates(
        table, Gold.from_ids(gold, positions), tuple(ids), tagger.vocabulary.fingerprint, train_counts(tagger),
        {"cut": tagger.cut, "n_train": n_train, "channels": _channels(tagger)},
    )  # fmt: skip
    return report(saved), saved


def report(saved: SavedCandidates) -> Report:
    """The report on saved candidates, without asking any channel."""
    channels: Mapping[str, list[str]] = saved.settings.get("channels", {})
    return evaluate(
        Ranked.from_candidates(saved.candidates), saved.gold, cut=float(saved.settings.get("cut", 0.5)),
        train_counts=saved.train_counts, n_train=int(saved.settings.get("n_train", 0)),
        candidates=saved.candidates, channels=channels or None, ids=saved.ids,
    )  # fmt: skip


def train_counts(tagger: Tagger) -> NDArray[np.int64] | None:
    """(n_tags,) training documents of each tag; None where no channel remembers any."""
    for shelf in tagger.assembly.shelves.values():
        with suppress(NotFittedError):
            counts = shelf.counts()
            return counts if counts.any() else None
    return None


def _channels(tagger: Tagger) -> dict[str, list[str]]:
    return {channel.name: [f"{channel.name}.{FOUND}"] for channel in tagger.assembly.channels}
