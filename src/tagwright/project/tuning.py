"""A rule for what is done with suggestions, from the documents that a project has or is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tagwright.project.versions as versions
from tagwright.calibration.base import CONFIDENCE
from tagwright.calibration.rule import TARGETS, Rule
from tagwright.calibration.tuning import Sample, tune
from tagwright.candidates import Candidates
from tagwright.corpus.base import Corpus, Problems
from tagwright.errors import ConfigError
from tagwright.fusion.base import FUSED
from tagwright.pipeline.assembly import BLOCK, gold_of
from tagwright.pipeline.fitting import Progress
from tagwright.pipeline.table import OutOfFold
from tagwright.project.opened import Opened
from tagwright.tagger import Tagger
from tagwright.types import Document


@dataclass(frozen=True)
class Wanted:
    """The targets {kind: share in (0, 1)}, the ``level`` in (0, 1) at which they hold, and ``shown`` tags at most."""

    targets: Mapping[str, float]
    level: float
    shown: int

    def __post_init__(self) -> None:
        if not self.targets:
            raise ConfigError("there is no target", hint="for example --target precision=0.95")
        for kind, target in self.targets.items():
            if kind not in TARGETS:
                raise ConfigError(f"there is no target {kind!r}", hint=f"known are: {', '.join(TARGETS)}")
            if not 0 < target < 1:
                raise ConfigError(f"the target {kind}={target} is no share between 0 and 1", hint=f"{kind}=0.95")
        if not 0 < self.level < 1 or self.shown < 1:
            raise ConfigError(f"level ({self.level}) must lie between 0 and 1, and k ({self.shown}) be 1 at least")


@dataclass(frozen=True)
class TuneReport:
    """The ``rule`` that was found; ``left_out`` documents of the corpus that were learned from, and its problems."""

    rule: Rule
    left_out: int = 0
    problems: Problems = field(default_factory=Problems)

    def to_json(self) -> dict[str, Any]:
        """Plain values, without the documents' confidences."""
        said = self.rule.to_json()
        del said["reference"]
        return {**said, "left_out": self.left_out}


def tune_project(opened: Opened, wanted: Wanted, corpus: Corpus | None, progress: Progress) -> TuneReport:
    """Finds the rule and keeps it in the project; raises `ConfigError` where the confidence is not calibrated."""
    tagger, table = opened.tagger(), versions.load_out_of_fold(opened.folder, opened.manifest)
    if table is None:
        raise ConfigError("the confidence is not calibrated yet", hint="tagwright train with more tagged documents")
    learned = {document.id for document in opened.store.documents()} if corpus is not None else set()
    model = opened.manifest.model
    found = _found(tagger, table, wanted, corpus, learned, progress)
    with opened.alone():
        opened.refuse_another_model(model)
        versions.publish_extra(opened.folder, opened.manifest, versions.RULE, found.rule.to_json())
    return found


def _found(
    tagger: Tagger, table: OutOfFold, wanted: Wanted, corpus: Corpus | None, learned: set[str], progress: Progress
) -> TuneReport:
    """The rule from the out-of-fold ``table`` alone, or tested on a ``corpus`` of documents not ``learned`` from."""
    planning = Sample(table.table, table.right, tagger.given(table.table), table.gold_sizes)
    if corpus is None:
        rule = tune(wanted.targets, planning, planning, level=wanted.level, shown=wanted.shown, on="")
        return TuneReport(rule)
    testing, left_out = _asked(tagger, corpus, wanted.shown, learned, progress)
    name = f"{testing.candidates.n_documents:,} documents"
    rule = tune(wanted.targets, planning, testing, level=wanted.level, shown=wanted.shown, on=name)
    return TuneReport(rule, left_out, corpus.problems)


def _asked(tagger: Tagger, corpus: Corpus, shown: int, learned: set[str], progress: Progress) -> tuple[Sample, int]:
    """The tagger's candidates for the tagged documents of the corpus, and how many were left out."""
    tables, right, given, sizes, left_out = [], [], [], [], 0
    for batch in corpus.batches(BLOCK):
        tagged = [document for document in batch if document.tags]
        documents = [document for document in tagged if document.id not in learned]
        left_out += len(tagged) - len(documents)
        if not documents:
            continue
        table, kept = _block(tagger, documents, shown)
        tables.append(table)
        given.append(kept)
        right.append(table.right(gold_of(documents, tagger.vocabulary)))
        sizes += [len(document.tags or ()) for document in documents]
        progress("documents", len(sizes), None)
    if not tables:
        why = f"all {left_out:,} tagged ones were learned from" if left_out else "none of them has tags"
        raise ConfigError(f"there are no documents to tune on: {why}", hint="name documents that train did not see")
    sample = Sample(Candidates.concat(tables), np.concatenate(right), np.concatenate(given), np.array(sizes))
    return sample, left_out


def _block(tagger: Tagger, documents: Sequence[Document], shown: int) -> tuple[Candidates, np.ndarray[Any, Any]]:
    """What matters of a block's candidates: the best ``shown``, with confidence, and which are given."""
    table = tagger.candidates(documents)
    given, near = tagger.given(table), table.rank(CONFIDENCE, then=FUSED) < shown
    columns = {name: table.column(name) for name in (CONFIDENCE, FUSED)}
    return Candidates(table.offsets, table.tags, columns).where(near), given[near]
