"""From targets to a rule: each promise is planned on the out-of-fold table and tested on the calibration documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import tagwright.calibration.guarantees as guarantees
from tagwright.calibration.base import CONFIDENCE
from tagwright.calibration.drift import Reference
from tagwright.calibration.guarantees import CUTS, Losses, Plan
from tagwright.calibration.rule import PRECISION, RECALL, Promise, Rule
from tagwright.candidates import Candidates

# The share of documents whose number of tags the cap on tags a document leaves as it is.
_ALL_BUT = 0.99


@dataclass(frozen=True, eq=False)
class Sample:
    """Documents with known tags: ``candidates`` with ``confidence``; of each pair whether it is ``right`` and ``given``
    by the project's own cut; ``sizes`` (n_documents,) gold tags, those that are no candidates included.
    """  # noqa: D205

    candidates: Candidates
    right: NDArray[np.bool_]
    given: NDArray[np.bool_]
    sizes: NDArray[np.integer]

    def losses(self, kind: str, target: float, most: int) -> Losses:
        """The loss of each document at a cut, by the kind of promise."""
        if kind == RECALL:
            return guarantees.recall_losses(self.candidates, self.right, self.sizes, target, most)
        if kind == PRECISION:
            return guarantees.precision_losses(self.candidates, self.right, target, most)
        return guarantees.gate_losses(self.candidates, self.right, self.given, target, most)


def tune(targets: Mapping[str, float], planning: Sample, testing: Sample, *, level: float, shown: int, on: str) -> Rule:
    """The rule whose promises hold on new documents with chance ``level``, each for itself.

    ``targets``: kind -> share in (0, 1); ``planning``: the out-of-fold table; ``testing``: documents that nothing was
    fitted on, or ``planning`` again, which makes estimates of the promises (``on`` is then ""); ``shown``: the most
    suggestions a document that anybody gets to see.
    """
    promises = []
    for kind, target in targets.items():
        most = shown if kind == RECALL else most_applied(kind, target, planning)
        plan = planned(kind, target, planning, most)
        cut = plan.carry_out(testing.losses(kind, target, most), 1 - level)
        found = measured(kind, plan.cuts[0] if cut is None else cut, most, testing)
        promises.append(Promise(kind, target, cut, most, level, found))
    reference = Reference.of(testing.candidates, out_of_fold=not on)
    return Rule(tuple(promises), reference, testing.candidates.n_documents, on)


def planned(kind: str, target: float, planning: Sample, most: int) -> Plan:
    """The cuts in the order of their test, with their stakes."""
    losses = planning.losses(kind, target, most)
    if kind == RECALL:  # the loss falls with the cut: the most is shown at 0
        return Plan.of([0.0, *reversed(CUTS)], losses, target)
    return Plan.of(guarantees.from_most_certain(CUTS, losses), losses, target * most)


def measured(kind: str, cut: float, most: int, sample: Sample) -> dict[str, float]:
    """What a promise does to the documents: the share of them with a tag applied or shown, how many, how many right."""
    table = sample.candidates
    counted = Rule((Promise(kind, 0.0, cut, most, 0.0),), _NOBODY, 0).decide(table, sample.given) >= _FROM[kind]
    numbers = np.bincount(table.documents, counted, minlength=table.n_documents)
    with_gold = sample.sizes > 0
    hits = np.bincount(table.documents, counted & sample.right, minlength=table.n_documents)
    return {
        "documents": float((numbers > 0).mean()) if len(numbers) else 0.0,
        "tags": float(numbers.mean()) if len(numbers) else 0.0,
        "right": float(hits.sum() / max(numbers.sum(), 1)),
        "recall": float((hits[with_gold] / sample.sizes[with_gold]).mean()) if with_gold.any() else 0.0,
        "to_review": float((sample.given & ~counted).sum()),
    }


_NOBODY = Reference(np.empty((0, 2)), 0, out_of_fold=True)
_FROM = {PRECISION: 2, RECALL: 1, "documents": 2}


def most_applied(kind: str, target: float, planning: Sample) -> int:
    """How many tags a document may be applied: as many as nearly all have where ``planning`` says the target is met.

    The smaller it is, the less one document can lose, and the fewer documents it takes to show something.
    """
    table = planning.candidates
    applied = planning.given
    if kind == PRECISION:
        confidence = table.column(CONFIDENCE)
        kept = [confidence >= np.float32(cut) for cut in CUTS]
        enough = [inside for inside in kept if inside.any() and planning.right[inside].mean() >= target]
        applied = enough[-1] if enough else kept[0]
    numbers = np.bincount(table.documents, applied, minlength=table.n_documents)
    return max(1, int(np.quantile(numbers, _ALL_BUT))) if len(numbers) else 1
