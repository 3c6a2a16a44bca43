"""The second pass over a table: what a language model is asked, and what its answers change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagwright.candidates import LANGUAGE, SEEN, Candidates
from tagwright.errors import ConfigError
from tagwright.fusion.revision import Revision
from tagwright.generation.base import PAIRS, Notes, Stage
from tagwright.generation.cascade import Cascade
from tagwright.types import Document, Evidence
from tagwright.vocabulary.base import Vocabulary

_CONFIDENCE, _FUSED = "confidence", "fused"
KIND = "language model"
FIRST = "first"
"""The column of the confidence before a language model had its say."""
USES = ("auto", "always")
RESERVED = frozenset({_CONFIDENCE, _FUSED, FIRST, SEEN, LANGUAGE})
# Proposals come first, so that they can be selected and judged like what was recalled.
DEFAULT_STAGES: dict[str, dict[str, Any]] = {
    "proposed": {"kind": "propose"},
    "selected": {"kind": "select"},
    "judged": {"kind": "judge"},
}


@dataclass(frozen=True)
class Generation:
    """When a language model is asked, and how much.

    ``use``: "auto" = only by those stages whose answers have been shown to help (`tagwright train --generation`),
    "always" = by all of them, too, where none has. ``documents`` of the training ones are asked about to learn what
    answers are worth, with at most ``judged`` candidates each. ``least_gain``: a call is made only where it is expected
    to raise the F1 of its document by more.
    """

    use: str = "auto"
    documents: int = 500
    judged: int = 10
    least_gain: float = 0.0005

    def __post_init__(self) -> None:
        if self.use not in USES:
            raise ConfigError(f"'generation.use' is {self.use!r}", hint=f"known are: {', '.join(USES)}")
        if self.documents < 1 or self.judged < 1:
            raise ConfigError("'generation.documents' and 'generation.judged' must be 1 at least")
        if not 0 <= self.least_gain <= 1:
            raise ConfigError(f"'generation.least_gain' is {self.least_gain!r}, but must lie between 0 and 1")


@dataclass
class Asking:
    """The stages in their order, which questions are worth it, and what the answers are worth.

    Without a ``revision`` the answers are shown as reasons and change nothing: nobody has measured yet what they are
    worth. ``notes`` says of which documents there was no answer. ``identity`` is all that answers depend on.
    """

    stages: Sequence[Stage]
    cascade: Cascade
    revision: Revision | None = None
    notes: Notes = field(default_factory=Notes)
    identity: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, documents: Sequence[Document], candidates: Candidates) -> Candidates:
        """The table with the stages' columns, ``confidence`` and ``fused`` moved by what was answered.

        `FIRST` is then the confidence as it was without the answers; NaN for pairs that a stage added.
        """
        for stage in self.stages:
            candidates = stage.score(documents, candidates, self.cascade.asked(stage, candidates))
        if self.revision is None:
            return candidates.where(~np.isnan(candidates.column(_CONFIDENCE)))
        kept = np.ones(candidates.n_pairs, dtype=np.bool_)
        for stage in self.stages:
            kept &= ~stage.drops(candidates)
        first = {FIRST: candidates.column(_CONFIDENCE)}
        return self.revision.fuse(candidates).with_columns(first).where(kept)

    def know(self, vocabulary: Vocabulary) -> None:
        """Goes on with this vocabulary, which may have more tags than the one before."""
        for stage in self.stages:
            if stage.vocabulary is not vocabulary:
                stage.vocabulary = vocabulary
                if stage.knowledge is not None:
                    stage.knowledge.vocabulary = vocabulary

    def explain(self, candidates: Candidates, pair: int) -> tuple[Evidence, ...]:
        """What the model said of a pair, in one piece of evidence; () where it was not asked."""
        found = [one for stage in self.stages for one in stage.explain(candidates, pair)]
        if not found:
            return ()
        return (replace(found[-1], channel="llm", kind=KIND, text="; ".join(one.text for one in found)),)

    @property
    def fingerprint(self) -> str:
        """Names everything that the answers and their worth depend on."""
        worth = None if self.revision is None else self.revision.to_json()
        said = [dict(self.identity), worth, self.cascade.to_json(), self.cascade.least_gain]
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()[:32]


def ask_all(stages: Sequence[Stage], documents: Sequence[Document], candidates: Candidates, most: int) -> Candidates:
    """The table with every stage's answers, to learn from; no document is spared.

    A stage that asks once a pair is asked about the best ``most`` candidates, and about those that others added.
    """
    for stage in stages:
        asked = Cascade().asked(stage, candidates)
        if stage.unit == PAIRS:
            added = np.isnan(candidates.column(_CONFIDENCE))
            asked &= added | (candidates.rank(_CONFIDENCE, then=_FUSED) < most)
        candidates = stage.score(documents, candidates, asked)
    return candidates


def without(candidates: Candidates, left_out: Sequence[Stage], kept: Sequence[str]) -> Candidates:
    """The table as if these stages had not been there: their columns are silent, pairs that only they know are gone."""
    silent = np.full(candidates.n_pairs, np.nan, dtype=np.float32)
    table = candidates.with_columns({name: silent for stage in left_out for name in stage.columns})
    known = ~np.isnan(table.column(_CONFIDENCE))
    for name in kept:
        known |= ~np.isnan(table.column(name))
    return table.where(known)


def held_out(columns: list[str], table: Candidates, right: NDArray[np.bool_], folds: int = 5) -> Candidates:
    """The table as revisions leave it that have not seen the document: fold by fold of its documents."""
    fold = np.arange(table.n_documents) % folds
    pieces, rows = [], []
    for number in range(folds):
        inside = (fold == number)[table.documents]
        learned = Revision(columns).fit(table.take(np.flatnonzero(fold != number)), right[~inside])
        rows.append(np.flatnonzero(fold == number))
        pieces.append(learned.fuse(table.take(rows[-1])))
    together = Candidates.concat(pieces)
    return together.take(np.argsort(np.concatenate(rows)))
