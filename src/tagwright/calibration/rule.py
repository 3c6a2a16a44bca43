"""What is done with each suggestion, and what was promised about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tagwright.calibration.base import CONFIDENCE
from tagwright.calibration.drift import Reference
from tagwright.calibration.guarantees import gate_scores
from tagwright.candidates import Candidates

DECISIONS = ("drop", "review", "apply")
PRECISION, RECALL, DOCUMENTS = "precision", "recall", "documents"
TARGETS = (PRECISION, RECALL, DOCUMENTS)


@dataclass(frozen=True)
class Promise:
    """One target and the cut that keeps it.

    ``kind``: "precision" (of all tags applied unseen), "documents" (the same, of documents applied as a whole) or
    "recall" (of what is shown); ``cut`` in [0, 1], ``None``: the target was out of reach; ``most`` tags a document;
    ``level``: chance that it holds; ``found``: what the cut does to the documents it was found on.
    """

    kind: str
    target: float
    cut: float | None
    most: int
    level: float
    found: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Rule:
    """The promises of `tagwright tune`, the documents that they rest on, and what new ones are held against.

    ``on`` names the calibration corpus; "" = the out-of-fold table of training, whose promises are estimates.
    """

    promises: tuple[Promise, ...]
    reference: Reference
    documents: int
    on: str = ""

    @property
    def estimated(self) -> bool:
        """Whether the promises are estimates."""
        return not self.on

    def decide(self, candidates: Candidates, given: NDArray[np.bool_]) -> NDArray[np.int8]:
        """(n_pairs,) places in `DECISIONS`; ``given``: what the project's own cut would give each document.

        Applied is what a promise allows. Shown for review is what the promise on recall asks for, or without one what
        is given; the rest is dropped.
        """
        apply = np.zeros(candidates.n_pairs, dtype=np.bool_)
        shown = given
        places = candidates.rank(CONFIDENCE, then="fused")
        confidence = candidates.column(CONFIDENCE)
        for promise in self.promises:
            if promise.cut is None:
                continue
            near = places < promise.most
            from_cut = near & (confidence >= np.float32(promise.cut))
            if promise.kind == PRECISION:
                apply |= from_cut
            elif promise.kind == RECALL:
                shown = from_cut
            else:
                apply |= near & given & (gate_scores(candidates, near & given) >= promise.cut)[candidates.documents]
        return (shown | apply).astype(np.int8) + apply

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        promises = [asdict(promise) for promise in self.promises]
        said = {"promises": promises, "documents": self.documents, "on": self.on}
        return {"format": 1, **said, "reference": self.reference.to_json()}

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Self:
        """What `to_json` gave."""
        promises = tuple(Promise(**promise) for promise in said["promises"])
        return cls(promises, Reference.from_json(said["reference"]), int(said["documents"]), str(said["on"]))
