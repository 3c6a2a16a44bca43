"""Beta calibration that looks at the document, too: how good its best candidate is, and how much is likely in all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tagwright.calibration.curve import Floats, logarithms, scores_of
from tagwright.calibration.logistic import Logistic
from tagwright.candidates import Candidates


@dataclass
class Context(Logistic):
    """The log-odds of `Beta` plus a weighted share of two numbers of the document, the same for all its candidates.

    These are the log-odds of its best candidate and the logarithm of what its best ``depth`` candidates add up to, so
    the order within a document stays. A learned ranking sees each candidate beside the document's best by channel, but
    not beside what it made of them itself: on eurlex57k (dev) Brier falls from 0.0762 to 0.0756 by this.
    """

    depth: int = 20
    rising: ClassVar[int] = 2

    def features(self, candidates: Candidates) -> Floats:
        """(n_pairs, 4): ln(s), -ln(1 - s), and the two numbers of the document."""
        scores = scores_of(candidates)
        log, opposite = logarithms(scores)
        rows, near = candidates.documents, candidates.rank("fused") < self.depth
        best = np.full(candidates.n_documents, -np.inf)
        np.maximum.at(best, rows, log + opposite)
        # Summed in one order whatever stands beside, so that a document's number does not depend on its block.
        total = np.bincount(rows, scores * near, minlength=candidates.n_documents)
        return np.stack([log, opposite, best[rows], np.log(total + 1e-4)[rows]], axis=1)
