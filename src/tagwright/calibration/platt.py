"""Platt scaling: a straight line from the log-odds of ``fused`` to those of being right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tagwright.calibration.curve import Floats, logarithms, scores_of
from tagwright.calibration.logistic import Logistic
from tagwright.candidates import Candidates


@dataclass
class Platt(Logistic):
    """Log-odds a·logit(s) + b of ``fused`` s in (0, 1), a >= 0 (Platt 1999); two numbers, for few documents."""

    def features(self, candidates: Candidates) -> Floats:
        """(n_pairs, 1): the log-odds of ``fused``."""
        log, opposite = logarithms(scores_of(candidates))
        return np.asarray((log + opposite)[:, np.newaxis])
