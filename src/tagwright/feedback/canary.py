"""The canary: documents that nobody learns from tell whether the newest decisions made suggestions worse."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tagwright.evaluation.metrics as metrics
import tagwright.recall.pseudo as pseudo
from tagwright.evaluation import Gold, Ranked
from tagwright.evaluation.bootstrap import paired_bootstrap
from tagwright.evaluation.judged import Judged
from tagwright.evaluation.metrics import PerDocument
from tagwright.project.manifest import Manifest
from tagwright.project.opened import Opened
from tagwright.project.replay import Replay
from tagwright.store.checks import Check
from tagwright.tagger import Tagger
from tagwright.types import Document

_K = 10
_METRIC = f"nDCG@{_K}"


@dataclass(frozen=True)
class Canary:
    """Measures the newest state of a project against the last good one, with a tagger of its own.

    The canary set is chosen by a hash of the documents' ids among those that the project learned from; the tagger that
    is measured has forgotten them, and passes over what was decided about them. Their tags of the training are right by
    definition. For a thread of its own: nothing is shared with others but the project's folder.
    """

    folder: Path
    overrides: Sequence[str] = ()

    def due(self) -> bool:
        """Whether there are so many new rows that a check is worth while."""
        opened = Opened(self.folder, self.overrides)
        try:
            if not opened.store.path.exists():
                return False
            return opened.store.last() - _good(opened) >= opened.settings.feedback().check_every
        finally:
            opened.close()

    def check(self) -> Check | None:
        """The check, recorded: from now on the newest row is the last good one, or all since the last good one is held.

        ``None`` where there is nothing to compare: no new rows, too few documents, or a new model meanwhile.
        """
        opened = Opened(self.folder, self.overrides)
        try:
            return self._check(opened) if opened.store.path.exists() else None
        finally:
            opened.close()

    def documents(self, opened: Opened) -> list[Document]:
        """The canary set, in the order of its hashes; empty where the project has learned from too few documents."""
        options = opened.settings.feedback()
        learned = pseudo.real(opened.store.documents())
        if len(learned) < options.canary_from:
            return []
        wanted = min(options.canary, int(len(learned) * options.canary_share))
        return heapq.nsmallest(wanted, learned, key=lambda one: hashlib.sha256(one.id.encode()).digest())

    def _check(self, opened: Opened) -> Check | None:
        options, stamp = opened.settings.feedback(), Manifest.stamp(self.folder)
        good, newest = _good(opened), opened.store.last()
        chosen = [one for one in self.documents(opened) if one.tags] if newest > good else []
        if len(chosen) < 2:
            return None
        replay = Replay(opened, {document.id for document in chosen})
        before = _measured(replay.at(good), chosen)
        after = _measured(replay.at(newest), chosen)
        if Manifest.stamp(self.folder) != stamp:
            return None
        found = paired_bootstrap({_METRIC: after}, {_METRIC: before}, tail=1 - options.level)[_METRIC]
        held = found.high < 0 and found.difference <= -options.least_fall
        return opened.store.checks.record(
            Check(good, newest, len(chosen), before=found.b, after=found.a, high=found.high, held=held)
        )


def _good(opened: Opened) -> int:
    """The last good row: where rows are held, the one before them; else at least what was trained with."""
    held = opened.store.checks.held()
    return max(opened.store.checks.good(), opened.manifest.folded) if held is None else held


def _measured(tagger: Tagger, documents: Sequence[Document]) -> PerDocument:
    positions = {id: place for place, id in enumerate(tagger.vocabulary.ids)}
    found = tagger.suggest([_untagged(one) for one in documents], k=_K)
    ranked = Ranked.from_results([[(one.tag, one.confidence) for one in row] for row in found], positions)
    return metrics.ndcg(Judged.judge(ranked, Gold.from_ids([one.tags for one in documents], positions)), _K)


def _untagged(document: Document) -> Document:
    return Document(document.id, document.text, document.title, document.language)
